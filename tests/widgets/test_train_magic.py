"""``%%train`` and `lk.background` in a real kernel."""

import re

import pytest

from .kernel_cells import KernelNotebook

SETUP = """
import threading, time
import torch
import labkit as lk
%load_ext labkit

class Net(torch.nn.Linear):
    pass

def make():
    global model, optimizer, ending, run
    model, ending = Net(3, 1), threading.Event()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

def step():
    optimizer.zero_grad()
    model(torch.ones(4, 3)).square().mean().backward()
    optimizer.step()
"""

TRAIN = """%%train task
with lk.watch(model, show=False) as run:
    step()
    print("begun")
    while not ending.is_set():
        step()
        time.sleep(0.001)
print("ended", run.status)
"""


@pytest.fixture(scope="module")
def kernel():
    notebook = KernelNotebook()
    notebook.run(SETUP)
    yield notebook
    notebook.end()


@pytest.fixture
def notebook(kernel):
    kernel.run("make()")
    yield kernel
    kernel.run("ending.set()")
    kernel.run(
        "for task in lk.BackgroundTask.live():\n    while not task.wait(0.5):\n        task.stop()"
    )


def begun(cell):
    return cell.await_(lambda cell: "begun" in cell.printed)


def test_other_cells_run_while_a_cell_trains(notebook):
    training = notebook.run(TRAIN)
    assert training.status == "ok"
    begun(training)
    assert re.match(r"Training in the background since \d\d:\d\d:\d\d\.", training.line)
    other = notebook.run("print('here', run.status, task.done)")
    assert other.printed == "here running False\n"
    notebook.run("ending.set()")
    training.await_end()
    assert re.fullmatch(r"Finished after [\d.]+ s\.", training.line)
    assert training.printed == "begun\nended finished\n"


def test_output_appears_in_the_cell_that_trains_while_others_run(notebook):
    training = notebook.run(
        """%%train
import sys
from tqdm import tqdm
for _ in tqdm(range(3), desc="progress"):
    pass
print("to stderr", file=sys.stderr)
display("displayed")
ending.wait()
print("after the event")
"the last value"
"""
    )
    other = notebook.run("print('blocking'); time.sleep(0.3); ending.set(); time.sleep(0.3)")
    training.await_end()
    assert other.printed == "blocking\n"
    assert "progress: 100%" in training.printed
    assert "to stderr\n" in training.printed
    assert training.printed.endswith("after the event\n")
    assert training.shown == ["'displayed'", "'the last value'"]


def test_a_semicolon_hides_the_last_value(notebook):
    training = notebook.run("%%train\n1 + 1;  # hidden").await_end()
    assert training.shown == []


def test_names_are_those_of_the_notebook(notebook):
    notebook.run("given = 20")
    notebook.run("%%train\ndef double(x): return 2 * x\ntotal = double(given) + 2").await_end()
    assert notebook.run("print(total, double(1))").printed == "42 2\n"


def test_views_are_shown_in_the_cell(notebook):
    shown = notebook.run(TRAIN.replace("show=False", "show=True"))
    begun(shown)
    assert len(shown.displays) == 2
    notebook.run("ending.set()")
    shown.await_end()
    shown.await_(lambda cell: "finished" in list(cell.displays.values())[1])


def test_an_error_has_the_traceback_of_the_cell(notebook):
    training = notebook.run("\n%%train task\n\nvalue = 3\nraise ValueError('no such layer')")
    number = notebook.run("print(len(In) - 2)").printed.strip()
    training.await_end().await_(lambda cell: cell.traceback)
    assert re.fullmatch(r"Failed after [\d.]+ s: ValueError: no such layer", training.line)
    assert f"Cell In[{number}], line 5" in training.traceback
    assert "----> 5 raise ValueError('no such layer')" in training.traceback
    assert "labkit" not in training.traceback
    raised = notebook.run("task.result()")
    assert raised.status == "error"
    assert "ValueError: no such layer" in raised.traceback


def test_an_error_of_a_function_has_its_traceback_in_the_cell_that_started_it(notebook):
    started = notebook.run("def fails():\n    1 / 0\ntask = lk.background(fails)")
    started.await_end().await_(lambda cell: cell.traceback)
    assert "----> 2     1 / 0" in started.traceback
    assert "labkit" not in started.traceback


def test_the_kernels_interrupt_ends_the_loop(notebook):
    training = begun(notebook.run(TRAIN))
    notebook.run("1")  # the main shell is idle
    notebook.interrupt()
    training.await_end()
    assert training.line.startswith("Interrupted after")
    assert training.traceback == ""
    assert notebook.run("print(run.status, task.status)").printed == "interrupted interrupted\n"


def test_the_kernels_interrupt_ends_a_loop_that_is_paused_or_not_watched(notebook):
    training = begun(notebook.run(TRAIN))
    notebook.run("run.pause()\nwhile run.status != 'paused': time.sleep(0.01)")
    notebook.interrupt()
    training.await_end()
    assert training.line.startswith("Interrupted after")
    training = begun(notebook.run("%%train\nprint('begun')\nwhile True: step()"))
    notebook.interrupt()
    training.await_end()
    assert training.line.startswith("Interrupted after")


def test_an_interrupt_during_a_cell_ends_that_cell_only(notebook):
    training = begun(notebook.run(TRAIN))
    blocking = notebook.begin("print('blocking'); time.sleep(60)")
    blocking.await_(lambda cell: cell.printed)
    notebook.interrupt()
    blocking.await_(lambda cell: cell.status == "error")
    assert "KeyboardInterrupt" in blocking.traceback
    assert notebook.run("n = run.steps\nwhile run.steps == n: pass\nprint('on')").printed == "on\n"
    notebook.interrupt()
    assert training.await_end().line.startswith("Interrupted after")


def test_stop_ends_the_loop(notebook):
    training = begun(notebook.run(TRAIN))
    notebook.run("task.stop()")
    assert training.await_end().line.startswith("Stopped after")
    training = begun(notebook.run(TRAIN))
    notebook.run("run.stop()")
    assert training.await_end().line.startswith("Stopped after")
    assert training.printed == "begun\nended stopped\n"


def test_a_cell_that_runs_again_replaces_its_loop(notebook):
    first = begun(notebook.run(TRAIN, cell="a"))
    notebook.run("earlier = task")
    second = begun(notebook.run(TRAIN, cell="a"))
    first.await_end()
    assert first.line.startswith("Stopped after")
    answer = notebook.run("print(earlier.done, task.done, len(lk.BackgroundTask.live()))")
    assert answer.printed == "True False 1\n"
    notebook.run("ending.set()")
    second.await_end()


def test_a_cell_may_start_several_functions(notebook):
    cell = notebook.run("tasks = [lk.background(ending.wait) for _ in range(2)]", cell="a")
    assert notebook.run("print([t.status for t in tasks])").printed == "['running', 'running']\n"
    notebook.run("ending.set()")
    cell.await_(lambda cell: all(text.startswith("Finished") for text in cell.displays.values()))
    assert len(cell.displays) == 2


def test_a_model_is_trained_by_one_cell(notebook):
    first = begun(notebook.run(TRAIN))
    second = notebook.run(TRAIN).await_end().await_(lambda cell: cell.traceback)
    assert "Net is trained in the background by cell [" in second.traceback
    assert "stop it" in second.traceback
    other = notebook.run("lk.watch(model, show=False)")
    assert other.status == "error"
    notebook.run("run.stop()")
    first.await_end()


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("for x in:\n    pass", "SyntaxError: invalid syntax"),
        ("x = 1\nreturn x", "SyntaxError: 'return' outside function"),
        ("  x = 'a", "SyntaxError: unterminated string literal"),
    ],
)
def test_a_cell_that_cannot_be_compiled_starts_nothing(notebook, cell, message):
    training = notebook.run(f"%%train\n{cell}")
    assert training.status == "error"
    assert message in training.traceback
    assert re.match(r"\s*Cell In\[\d+\], line [23]\n", training.traceback)
    assert training.line is None


@pytest.mark.parametrize("cell", ["%%train", "%%train\n", "%%train\n\n# nothing\n"])
def test_an_empty_cell_starts_nothing(notebook, cell):
    training = notebook.run(cell)
    assert training.status == "error"
    assert "UsageError" in training.printed
    assert training.line is None


def test_a_word_that_is_no_name_is_refused(notebook):
    training = notebook.run("%%train --verbose\nstep()")
    assert "%%train task, not '--verbose'" in training.printed
    assert training.line is None
    assert "not 'for'" in notebook.run("%%train for\nstep()").printed


def test_magics_shell_lines_and_await_work(notebook):
    training = notebook.run(
        """%%train
import asyncio
!echo from the shell
lines = !echo captured
%time await_free = 1
await asyncio.sleep(0)
async with asyncio.timeout(10):
    print(lines[0])
sleeping = asyncio.create_task(asyncio.sleep(0, "awaited"))
await sleeping
"""
    ).await_end()
    assert training.line.startswith("Finished"), training.traceback
    assert "from the shell" in training.printed
    assert "Wall time" in training.printed
    assert "captured\n" in training.printed
    assert training.shown == ["'awaited'"]


def test_a_cell_magic_inside_and_outside(notebook):
    inside = notebook.run("%%train\n%%time\nprint('timed')").await_end()
    assert "timed\n" in inside.printed
    assert "Wall time" in inside.printed
    outside = notebook.run("%%time\n%%train\nraise ValueError").await_end()
    outside.await_(lambda cell: cell.traceback)
    assert ", line 3" in outside.traceback
    nested = notebook.run("%%train\n%%train\nprint('nested')").await_end()
    nested.await_(lambda cell: cell.traceback)
    assert "runs in the background itself" in nested.traceback


def test_the_exit_of_a_cell_ends_the_cell_only(notebook):
    training = notebook.run("%%train\nimport sys\nsys.exit(3)").await_end()
    assert training.line.endswith("SystemExit: 3")
    assert notebook.run("print('alive')").printed == "alive\n"


def test_future_imports_of_earlier_cells_apply(notebook):
    notebook.run("from __future__ import annotations")
    notebook.run("%%train\ndef f(x: undefined): pass").await_end()
    assert notebook.run("print(f.__annotations__)").printed == "{'x': 'undefined'}\n"


def test_lines_and_views_are_freed_when_the_cell_runs_again(notebook):
    notebook.run(
        """
import gc, weakref
from labkit.views.cell_status import StatusLine
def lines():
    gc.collect()
    return sum(type(each) is StatusLine for each in gc.get_objects())
"""
    )
    code = TRAIN.replace("%%train task", "%%train").replace("ending.is_set()", "True")
    code = code.replace("        step()", "        step(); break")
    notebook.run(code, cell="again").await_end()
    before = notebook.run("print(lines())").printed
    for _ in range(3):
        notebook.run(code, cell="again").await_end()
    assert notebook.run("print(lines())").printed == before


ENDLESS = {
    "watched": """
with lk.watch(model, show=False) as run:
    print("begun")
    while True: step()
""",
    "paused": """
with lk.watch(model, show=False) as run:
    run.pause()
    print("begun")
    while True: step()
""",
    "not watched": """
print("begun")
while True: step()
""",
    "sleeping": """
print("begun")
time.sleep(1000)
""",
    "ignores interrupts": """
while True:
    try:
        print("begun")
        while True: step()
    except KeyboardInterrupt:
        pass
""",
}


@pytest.mark.parametrize("loop", ENDLESS)
def test_a_kernel_ends_while_a_cell_trains(loop, tmp_path):
    log = tmp_path / "kernel.txt"
    with log.open("w") as errors:
        notebook = KernelNotebook(stderr=errors, stdout=errors)
        process = notebook.manager.provisioner.process
        notebook.run(SETUP + "\nmake()")
        begun(notebook.run(f"%%train{ENDLESS[loop]}"))
        notebook.client.shutdown()
        assert process.wait(timeout=60) == 0
        notebook.end()
    assert "Traceback" not in log.read_text()


OPEN = """%%train
run = lk.watch(model)
print("begun")
while not ending.is_set():
    step()
    time.sleep(0.001)
"""


def test_a_run_that_is_not_closed_is_idle_after_its_cell(notebook):
    training = begun(notebook.run(OPEN))
    notebook.run("while not run.steps: pass")
    notebook.interrupt()
    training.await_end()
    said = notebook.run("print(run.status, run.message)").printed
    assert re.match(r"idle cell \[\d+\] was interrupted at step [\d,]+\n", said)
    blocking = notebook.begin("print('blocking')\nwhile True: step()")
    blocking.await_(lambda cell: cell.printed)
    notebook.interrupt()
    blocking.await_(lambda cell: cell.status == "error")
    said = notebook.run("print(run.status, run.message)").printed
    assert re.match(r"idle the cell was interrupted at step [\d,]+\n", said)
    notebook.run("step(); print(run.status)")
    assert notebook.run("print(run.message)").printed.startswith("the cell ended at step")
    failed = notebook.run("step(); 1 / 0")
    assert failed.status == "error"
    said = notebook.run("print(run.message); run.close(); print(run.status)").printed
    assert said.startswith("the cell raised an error (ZeroDivisionError: division by zero) at step")
    assert said.endswith("finished\n")


def test_the_dashboard_is_displayed_before_the_cell_ends(notebook):
    """As Voila and nbclient drop what is displayed afterwards."""
    cell = notebook.run(TRAIN.replace(", show=False", ""))
    kinds = [
        "idle" if content.get("execution_state") == "idle" else kind
        for kind, content in cell.messages
    ]
    shown = [at for at, kind in enumerate(kinds) if kind == "display_data"]
    assert len(shown) == 2, kinds  # the line and the dashboard
    assert shown[-1] < kinds.index("idle")
