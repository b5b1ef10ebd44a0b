"""Opens notebooks in JupyterLab, Notebook 7 and nbclassic, and runs their cells."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import nbformat
from playwright.sync_api import Page, expect

from tests.browser.lab import LOSE_BUFFERS, Lab, NotebookPage, running_jupyter, running_lab

_numbers = itertools.count(1)


class OpenNotebook(Protocol):
    """A page with two cells, one that prepares and one that trains."""

    page: Page
    keeps_kernel: bool
    """Whether a page that is reloaded shows the kernel that it showed before."""

    def prepare(self) -> None:
        """Run the first cell to its end."""

    def train(self) -> None:
        """Start the second cell, without waiting for its end."""

    def reload(self) -> None:
        """Save the notebook and load its page anew, without waiting for the kernel."""


class Server(Protocol):
    """A running server of a front end."""

    def open(self, page: Page, cells: list[str]) -> OpenNotebook:
        """Open a notebook with cells in a page, with a kernel of its own."""


class _LabNotebook(NotebookPage):
    keeps_kernel = True

    def prepare(self) -> None:
        self.run_cell(0)
        self.await_idle()

    def train(self) -> None:
        self.run_cell(1)

    def reload(self) -> None:
        self.save()
        self.page.reload()


class LabServer:
    """JupyterLab; `script` is executed in its pages once the notebook is open."""

    def __init__(self, lab: Lab, script: str = "") -> None:
        self._lab = lab
        self._script = script

    def open(self, page: Page, cells: list[str]) -> OpenNotebook:
        book = _LabNotebook(page, self._lab, next_name(), cells)
        if self._script:
            page.evaluate(self._script)
        return book


@contextmanager
def jupyterlab(folder: Path, program: str) -> Iterator[Server]:
    """Start JupyterLab."""
    with running_lab(folder, program) as lab:
        yield LabServer(lab)


@contextmanager
def lab_without_subshells(folder: Path, program: str) -> Iterator[Server]:
    """Start JupyterLab with the setting that sends widget messages to the main shell only."""
    with running_lab(folder, program) as lab:
        lab.set_subshells("disabled")
        yield LabServer(lab)


@contextmanager
def lab_without_buffers(folder: Path, program: str) -> Iterator[Server]:
    """Start JupyterLab whose pages lose binary buffers, without subshells, as Colab."""
    with running_lab(folder, program) as lab:
        lab.set_subshells("disabled")
        yield LabServer(lab, LOSE_BUFFERS)


class _Notebook7(_LabNotebook):
    def open(self) -> None:
        self.page.goto(f"{self.lab.url}/notebooks/{self.path.name}")
        expect(self.cell(0)).to_be_visible(timeout=60_000)
        self.await_idle()

    def await_idle(self, timeout: float = 60_000) -> None:
        ready = """() => {
            const context = window.jupyterapp?.shell.currentWidget?.context;
            const kernel = context?.sessionContext.session?.kernel;
            return kernel?.connectionStatus === "connected" && kernel.status === "idle";
        }"""
        self.page.wait_for_function(ready, timeout=timeout)
        expect(self._running()).to_have_count(0, timeout=timeout)


class _Notebook7Server(LabServer):
    def open(self, page: Page, cells: list[str]) -> OpenNotebook:
        return _Notebook7(page, self._lab, next_name(), cells)


@contextmanager
def notebook7(folder: Path, program: str) -> Iterator[Server]:
    """Start Notebook 7."""
    command = [program, "-m", "notebook", "--JupyterNotebookApp.expose_app_in_browser=True"]
    with running_jupyter(folder, command) as (url, root):
        yield _Notebook7Server(Lab(url, root, folder / "settings"))


class _ClassicNotebook:
    keeps_kernel = True

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        self._await_kernel()

    def prepare(self) -> None:
        self._execute(0)
        prompt = self.page.locator(".code_cell .input_prompt").first
        expect(prompt).to_have_text(re.compile(r"In\s*\[\d+\]:"), timeout=60_000)

    def train(self) -> None:
        self._execute(1)

    def reload(self) -> None:
        self.page.evaluate("() => Jupyter.notebook.save_notebook()")
        self.page.reload()

    def _execute(self, number: int) -> None:
        self.page.evaluate("(number) => Jupyter.notebook.execute_cells([number])", number)

    def _await_kernel(self) -> None:
        self.page.wait_for_function(
            "() => window.Jupyter?.notebook?.kernel?.is_connected()", timeout=60_000
        )


class _ClassicServer:
    def __init__(self, url: str, root: Path) -> None:
        self._url, self._root = url, root

    def open(self, page: Page, cells: list[str]) -> OpenNotebook:
        name = next_name()
        write_notebook(self._root / name, cells)
        return _ClassicNotebook(page, f"{self._url}/notebooks/{name}")


@contextmanager
def nbclassic(folder: Path, program: str) -> Iterator[Server]:
    """Start nbclassic, the notebook of version 6."""
    with running_jupyter(folder, [program, "-m", "nbclassic"]) as (url, root):
        yield _ClassicServer(url, root)


def next_name() -> str:
    """Return the name of a notebook that is not there yet."""
    return f"notebook{next(_numbers)}.ipynb"


def write_notebook(path: Path, cells: list[str]) -> None:
    """Write a notebook with code cells for the kernel of Python 3."""
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(book, path)
