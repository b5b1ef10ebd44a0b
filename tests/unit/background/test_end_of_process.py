"""A script that ends while loops train in the background: they are stopped, and it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

SETUP = """
import threading, time
import torch
import labkit as lk

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
begun = threading.Event()

def steps():
    while True:
        optimizer.zero_grad()
        model(torch.ones(64, 3)).square().mean().backward()
        optimizer.step()
        begun.set()
"""

LOOPS = {
    "watched": """
def loop():
    with lk.watch(model):
        try:
            steps()
        finally:
            print("cleaned up", flush=True)
""",
    "not watched": """
def loop():
    try:
        steps()
    finally:
        print("cleaned up", flush=True)
""",
    "paused": """
def loop():
    with lk.watch(model) as run:
        run.pause()
        run.step()
        try:
            steps()
        finally:
            print("cleaned up", flush=True)
""",
}

WITHOUT_END = {
    "ignores interrupts": """
def loop():
    while True:
        try:
            steps()
        except KeyboardInterrupt:
            pass
""",
    "sleeps": """
def loop():
    begun.set()
    time.sleep(1000)
""",
}

END = """
task = lk.background(loop)
begun.wait(30)
"""


def executed(code):
    """Execute a script, and return its exit status, its output and its errors."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout, ended.stderr


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_is_stopped_and_cleans_up(loop):
    status, output, errors = executed(SETUP + LOOPS[loop] + END)
    assert (status, output) == (0, "cleaned up\n")
    assert errors == "labkit: loop() is stopped, because the process ends.\n"


@pytest.mark.parametrize("loop", WITHOUT_END)
def test_a_loop_that_does_not_stop_does_not_keep_the_process(loop):
    status, _, errors = executed(SETUP + WITHOUT_END[loop] + END)
    assert status == 0
    assert errors == "labkit: loop() is stopped, because the process ends.\n"


def test_the_interrupt_of_a_script_that_waits_ends_it():
    code = f"""{SETUP}{LOOPS["watched"]}{END}
import os, signal
threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
try:
    task.result()
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""
    status, output, errors = executed(code)
    assert (status, output) == (0, "interrupted\ncleaned up\n")
    assert errors == "labkit: loop() is stopped, because the process ends.\n"


def test_a_script_that_waits_for_the_result_has_no_message():
    code = f"{SETUP}print(lk.background(lambda: 42).result())"
    assert executed(code) == (0, "42\n", "")
