"""After a training in the background, a debugger or a tool for coverage can trace functions."""

import subprocess
import sys

import pytest

ENDS = "task.result()"
INTERRUPTED = """
while not begun:
    time.sleep(0.01)
task.interrupt()
try:
    task.result()
except BaseException:
    pass
"""
SCRIPT = """
import sys, time
import labkit as lk

begun = []

def train():
    begun.append(True)
    for _ in range({rounds}):
        time.sleep(0.01)

task = lk.background(train)
{end}

def traced():
    return "ended"

sys.settrace(lambda *event: None)
said = traced()
sys.settrace(None)
print(said)
"""


@pytest.mark.parametrize(("rounds", "end"), [(1, ENDS), (10_000, INTERRUPTED)])
def test_functions_can_be_traced_after_a_background_task(rounds, end):
    script = SCRIPT.format(rounds=rounds, end=end)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.stdout.split()[-1:] == ["ended"], done.stderr
