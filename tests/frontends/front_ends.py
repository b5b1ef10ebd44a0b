"""The front ends of the matrix: their environments, servers and cells."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from tests.frontends import apps, cells, notebooks
from tests.frontends.environments import DEVELOPMENT
from tests.frontends.notebooks import Server

JUPYTER = ("ipykernel", "ipywidgets", "anywidget")
"""Packages of a kernel whose versions decide what is live."""


@dataclass(frozen=True)
class FrontEnd:
    """A front end, with the settings in which it is tried.

    Attributes
    ----------
    id : str
        Names it on the command line and in the results.
    title : str
        Names it in the table, without versions.
    package : str
        The package of the front end, whose version the table shows.
    environment : str
        The virtual environment.
    start : callable
        Starts a server, given a folder and the environment's Python.
    kernel : tuple of str
        Packages whose versions are recorded besides.
    load : str
        What the first cell needs at its end, so that another can run in the background.
    is_split : bool
        Whether the dashboard is displayed by a cell before the one that trains.
    in_background : callable
        Turns code into a cell that runs it in the background.
    background : str
        What that cell uses for it.
    """

    id: str
    title: str
    package: str
    environment: str
    start: Callable[[Path, str], AbstractContextManager[Server]]
    kernel: tuple[str, ...] = JUPYTER
    load: str = "%load_ext labkit"
    is_split: bool = False
    in_background: Callable[[str], str] = cells.with_magic
    background: str = "%%train"


FRONT_ENDS = (
    FrontEnd("lab", "JupyterLab", "jupyterlab", DEVELOPMENT, notebooks.jupyterlab),
    FrontEnd(
        "lab-without-subshells",
        "JupyterLab, subshells disabled",
        "jupyterlab",
        DEVELOPMENT,
        notebooks.lab_without_subshells,
    ),
    FrontEnd(
        "lab-without-buffers",
        "JupyterLab, no subshells, no binary buffers",
        "jupyterlab",
        DEVELOPMENT,
        notebooks.lab_without_buffers,
    ),
    FrontEnd("lab42", "JupyterLab", "jupyterlab", "lab42", notebooks.jupyterlab),
    FrontEnd("notebook7", "Notebook", "notebook", "notebook7", notebooks.notebook7),
    FrontEnd("nbclassic", "nbclassic", "nbclassic", "nbclassic", notebooks.nbclassic),
    FrontEnd("voila", "Voila", "voila", "voila", apps.voila),
    FrontEnd(
        "voila-progressive",
        "Voila, progressive rendering, dashboard in the cell before",
        "voila",
        "voila",
        apps.voila_progressive,
        is_split=True,
    ),
    FrontEnd(
        "marimo",
        "marimo",
        "marimo",
        "marimo",
        apps.marimo,
        kernel=("ipywidgets", "anywidget"),
        load="",
        in_background=cells.with_function,
        background="lk.background",
    ),
)
