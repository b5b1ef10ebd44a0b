"""Measures the peak memory of each chapter by running it in a kernel on one CPU."""

from __future__ import annotations

import json
import os
import platform
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version

import nbformat
from nbclient import NotebookClient

from docs.course_index.chapters import FOLDER
from docs.course_index.page import MEMORY
from labkit.learn.chapters import chapter_names

_BEFORE = """
import os

if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
"""
_AFTER = """
import resource

print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""
_SECONDS = 600


def measure() -> None:
    """Run all chapters and write the record."""
    megabytes = {name: _peak(name) for name in chapter_names()}
    today = datetime.now(UTC).date().isoformat()
    record = {
        "date": today,
        "versions": f"Python {platform.python_version()} and torch {version('torch')}",
        "megabytes": megabytes,
    }
    MEMORY.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def _peak(name: str) -> int:
    """Return the peak resident memory of a chapter's kernel, in MB."""
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    before, after = (nbformat.v4.new_code_cell(code) for code in (_BEFORE, _AFTER))
    notebook.cells = [before, *notebook.cells, after]
    with tempfile.TemporaryDirectory() as folder:
        resources = {"metadata": {"path": folder}}
        client = NotebookClient(
            notebook, kernel_name="python3", timeout=_SECONDS, resources=resources
        )
        client.execute(env={**os.environ, "OMP_NUM_THREADS": "1"})
    return int(after.outputs[0]["text"])
