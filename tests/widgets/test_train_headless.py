"""``%%train`` in a notebook that a program executes: the cell waits for its end."""

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

SETUP = """
import torch
import labkit as lk
%load_ext labkit

model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

def train(steps):
    with lk.watch(model, name="headless") as run:
        for _ in range(steps):
            optimizer.zero_grad()
            model(torch.ones(4, 3)).square().mean().backward()
            optimizer.step()
    return run
"""


def execute(*sources):
    """Execute cells as nbconvert does; return them and the error that ended the execution."""
    cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, *sources)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    try:
        NotebookClient(notebook, kernel_name="python3", timeout=60).execute()
    except CellExecutionError as error:
        return cells[1:], error
    return cells[1:], None


def printed(cell):
    return "".join(each.text for each in cell.outputs if each.output_type == "stream")


def test_the_cell_waits_and_its_output_is_stored():
    (training, after), error = execute(
        "%%train task\nrun = train(30)\nprint('trained', run.steps)",
        "print(task.status, run.status, run.steps)",
    )
    assert error is None
    assert printed(training) == "trained 30\n"
    assert printed(after) == "finished finished 30\n"
    texts = [each.data["text/plain"] for each in training.outputs if "data" in each]
    assert any(text.startswith("Finished after") for text in texts)
    assert any("headless" in text and "30" in text for text in texts)


def test_an_error_ends_the_execution_and_is_stored_once():
    (training, after), error = execute(
        "%%train\nrun = train(5)\nraise ValueError('at the end')", "print('not reached')"
    )
    assert (error.ename, error.evalue) == ("ValueError", "at the end")
    assert [each.ename for each in training.outputs if each.output_type == "error"] == [
        "ValueError"
    ]
    assert after.outputs == []


@pytest.mark.parametrize("reason", ["run.stop()", "task.stop()"])
def test_a_stop_ends_the_wait(reason):
    call = f"lambda finding: {reason}"
    (training,), error = execute(
        "%%train task\n"
        f"with lk.watch(model, show=False, on_finding={call}) as run:\n"
        "    while True:\n"
        "        optimizer.zero_grad()\n"
        "        (model(torch.ones(4, 3)) / 0).square().mean().backward()\n"
        "        optimizer.step()\n"
    )
    assert (error is None) == (reason == "run.stop()")
    assert any(
        "Stopped after" in each.get("data", {}).get("text/plain", "") for each in training.outputs
    )
