"""Fixtures that read the notebooks and run them in a real kernel, offline and with limits.

The guard is a cell inserted before the first one: it limits the kernel to one CPU and 90 s of
CPU time, refuses connections to other machines, and turns deprecation warnings into errors.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.chapters import NAMES, Chapter

GUARD = """
import os, resource, sys, warnings

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
resource.setrlimit(resource.RLIMIT_CPU, (90, 95))

def refuse(event, arguments):
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if host not in (None, "127.0.0.1", "::1", "localhost"):
        os.environ["ASKED_FOR"] = str(host)
        raise ConnectionRefusedError(f"the course works offline, but asked for {host!r}")

sys.addaudithook(refuse)
for category in (DeprecationWarning, FutureWarning):
    warnings.filterwarnings("error", category=category)
"""
AT_FULL_SPEED = """
from labkit.run.control.control import Control

Control.set_pace = lambda self, rate: None
"""
AFTERWARDS = """
import os, resource

print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, os.environ.get("ASKED_FOR"))
"""


@pytest.fixture(params=NAMES)
def chapter(request: pytest.FixtureRequest) -> Chapter:
    return Chapter.read(request.param)


def text_of(cell: Any) -> str:
    """Return the text output of a cell."""
    pieces = []
    for output in cell.outputs:
        assert output.output_type != "error", "".join(output.traceback)
        pieces.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
    return "\n".join(pieces)


@pytest.fixture
def run_cells(tmp_path: Path) -> Iterator[Callable[..., int]]:
    """A function that runs cells in a new kernel and an empty folder; returns peak memory in MB.

    With `paced=False`, loops that are given a pace run at full speed.
    """

    def run(cells: list[Any], *, paced: bool = True) -> int:
        guard = nbformat.v4.new_code_cell(GUARD if paced else GUARD + AT_FULL_SPEED)
        after = nbformat.v4.new_code_cell(AFTERWARDS)
        notebook = nbformat.v4.new_notebook(cells=[guard, *cells, after])
        client = NotebookClient(
            notebook,
            kernel_name="python3",
            timeout=180,
            resources={"metadata": {"path": str(tmp_path)}},
        )
        strict = {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error::DeprecationWarning"}
        client.execute(env={**os.environ, **strict})
        megabytes, asked_for = text_of(after).split()
        assert asked_for == "None", f"the notebook asked the network for {asked_for}"
        return int(megabytes)

    return run
