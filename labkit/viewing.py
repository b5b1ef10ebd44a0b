"""A temporary notebook that shows a folder of runs, or one run, in JupyterLab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from labkit.listing import runs
from labkit.loading import load
from labkit.views.saved_output import view_data
from labkit.views.still import run_picture
from labkit.views.still import runs as table

NOTEBOOK = "runs.ipynb"
_NO_MODEL = "none"
"""The id of a widget that no kernel has."""


def write_notebook(place: Path, folder: Path) -> Path:
    """Write a notebook that shows what is at a path, already with a picture of it.

    Parameters
    ----------
    place : Path
        A folder of runs, or the file of one.
    folder : Path
        Where to write it.

    Returns
    -------
    Path
        The notebook.

    Raises
    ------
    OSError
        If there is nothing at the path.
    FileError
        If it is a file that is not that of a run.
    """
    place = place.expanduser().absolute()
    if not place.exists():
        raise FileNotFoundError(f"there is nothing at {place}.")
    shown, code = _of_folder(place) if place.is_dir() else _of_file(place)
    notebook = folder / NOTEBOOK
    content = {
        "cells": [_markdown(place), _code(code, shown)],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    notebook.write_text(json.dumps(content))
    return notebook


def _of_folder(place: Path) -> tuple[dict[str, Any], str]:
    found = runs(place)
    code = f"import labkit as lk\n\nruns = lk.runs({str(place)!r})\nruns"
    return _saved(table.svg(found), repr(found)), code


def _of_file(place: Path) -> tuple[dict[str, Any], str]:
    run = load(place)
    try:
        shown = _saved(run_picture.svg(run, "dashboard"), run_picture.text(run))
    finally:
        run.close()
    code = f"import labkit as lk\n\nrun = lk.load({str(place)!r})\nlk.Dashboard(run)"
    return shown, code


def _saved(picture: str, text: str) -> dict[str, Any]:
    """Return an output as that of a saved notebook, of which labkit's extension shows the picture.

    JupyterLab would show none, as the notebook is not trusted.
    """
    widget = {"version_major": 2, "version_minor": 0, "model_id": _NO_MODEL}
    return {
        "application/vnd.jupyter.widget-view+json": widget,
        **view_data(_NO_MODEL),
        "image/svg+xml": picture,
        "text/plain": text,
    }


def _markdown(place: Path) -> dict[str, Any]:
    what = "table" if place.is_dir() else "dashboard"
    text = (
        f"**Press Shift+Enter twice**: the {what} then follows what is written to the disk. This "
        "notebook is temporary, and is deleted when JupyterLab ends."
    )
    return {"cell_type": "markdown", "id": "how", "metadata": {}, "source": text}


def _code(code: str, shown: dict[str, Any]) -> dict[str, Any]:
    output = {"output_type": "execute_result", "data": shown, "metadata": {}, "execution_count": 1}
    return {
        "cell_type": "code",
        "id": "runs",
        "metadata": {},
        "execution_count": 1,
        "outputs": [output],
        "source": code,
    }
