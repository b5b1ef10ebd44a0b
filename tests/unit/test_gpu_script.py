"""The script tests/gpu/run.sh on a machine without a GPU, with torch and numpy only."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.gpu import run
from tests.gpu.waits import PAGEABLE, count_in_trace

ROOT = Path(__file__).resolve().parents[2]

# Importing these modules fails as if they were not installed.
WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    names = {"ipywidgets", "anywidget", "plotly", "pandas", "transformers", "psutil", "networkx",
             "graphviz", "IPython", "traitlets", "pytest"}

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in cls.names:
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


def test_the_script_runs_without_a_gpu_and_without_optional_packages(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(WITHOUT, encoding="utf-8")
    environment = {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [str(ROOT / "tests/gpu/run.sh"), "--quick", "--no-bench", "--device", "cpu"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "on the CPU: waits for the GPU and its memory are left out" in done.stdout
    assert "| weights, MLP | the same, bit for bit" in done.stdout
    assert "| all values are recorded | holds |" in done.stdout
    assert "| tests marked `gpu` | left out" in done.stdout


def test_a_failing_check_gives_exit_code_1(monkeypatch, capsys):
    def wrong(device):
        raise AssertionError("this does not hold")

    for name in ("_print_weights", "_print_bench", "_print_waits", "_print_memory"):
        monkeypatch.setattr(run, name, lambda session: None)
    monkeypatch.setattr(run.torch, "set_num_threads", lambda count: None)
    monkeypatch.setattr(run.checks, "CHECKS", (wrong, lambda device: None))
    assert run.main(["--device", "cpu"]) == 1
    printed = capsys.readouterr().out
    assert "| wrong | **fails**: AssertionError" in printed
    assert "FAILED: wrong" in printed


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["cudaLaunchKernel", "cudaMemcpyAsync", "Memcpy DtoH (Device -> Pinned)"], {}),
        (["cuStreamSynchronize", "cudaStreamSynchronize"], {"cudaStreamSynchronize": 2}),
        ([PAGEABLE, "cudaEventSynchronize"], {PAGEABLE: 1, "cudaEventSynchronize": 1}),
    ],
)
def test_synchronizing_calls_are_counted_in_a_trace(names, found):
    events = ", ".join(f'{{"name": "{name}"}}' for name in names)
    assert count_in_trace(f'{{"traceEvents": [{events}, {{"ph": "M"}}]}}') == Counter(found)
