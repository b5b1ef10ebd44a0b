"""`watch` in plain Python processes, with and without widgets."""

import subprocess
import sys


def test_a_plain_script_records_and_prints_nothing():
    script = """
import torch, labkit as lk
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with lk.watch(model) as run:
    for _ in range(3):
        model(torch.ones(4, 2)).sum().backward()
        optimizer.step()
assert len(run.series("loss")[0]) == 3
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_importing_labkit_loads_neither_torch_nor_widgets():
    script = "import sys, labkit; print({'torch', 'ipywidgets', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_without_widgets_the_run_is_recorded_with_a_message():
    script = """
import sys
sys.modules["ipywidgets"] = sys.modules["anywidget"] = None
import torch, labkit as lk
model = torch.nn.Linear(2, 1)
with lk.watch(model, show=True) as run:
    model(torch.ones(4, 2)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
assert run.steps == 1
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "the run is recorded" in done.stdout
