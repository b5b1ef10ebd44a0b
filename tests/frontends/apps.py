"""Opens notebooks in Voila, which runs all cells of a page, and in marimo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

from playwright.sync_api import Page, expect

from tests.browser.lab import free_port, running_server
from tests.frontends.notebooks import OpenNotebook, Server, next_name, write_notebook


class _VoilaPage:
    keeps_kernel = False

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url

    def prepare(self) -> None:
        """Do nothing, as all cells run when the page is opened."""

    def train(self) -> None:
        self.page.goto(self._url, wait_until="commit")

    def reload(self) -> None:
        self.page.reload(wait_until="commit")


class _VoilaServer:
    def __init__(self, url: str, root: Path) -> None:
        self._url, self._root = url, root

    def open(self, page: Page, cells: list[str]) -> OpenNotebook:
        name = next_name()
        write_notebook(self._root / name, cells)
        return _VoilaPage(page, f"{self._url}/voila/render/{name}")


@contextmanager
def voila(folder: Path, program: str, *options: str) -> Iterator[Server]:
    """Start Voila."""
    root, port = folder / "root", free_port()
    root.mkdir()
    url = f"http://127.0.0.1:{port}"
    command = [program, "-m", "voila", str(root), "--no-browser", f"--port={port}", *options]
    with running_server(folder, command, url):
        yield _VoilaServer(url, root)


@contextmanager
def voila_progressive(folder: Path, program: str) -> Iterator[Server]:
    """Start Voila with the option that renders a page while its cells run."""
    option = "--VoilaConfiguration.progressive_rendering=True"
    with voila(folder, program, option) as server:
        yield server


_RUN = '[data-testid="run-button"]'


class _MarimoNotebook:
    keeps_kernel = True

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        page.goto(url)
        expect(page.locator(_RUN).first).to_be_visible(timeout=60_000)

    def prepare(self) -> None:
        """Do nothing, as marimo runs the cells that another one needs before it."""

    def train(self) -> None:
        cell = self.page.locator(".marimo-cell").nth(1)
        cell.hover()
        cell.locator(_RUN).first.click()

    def reload(self) -> None:
        self.page.reload()


class _MarimoServer:
    def __init__(self, url: str, root: Path) -> None:
        self._url, self._root = url, root

    def open(self, page: Page, cells: list[str]) -> OpenNotebook:
        name = next_name().replace(".ipynb", ".py")
        (self._root / name).write_text(_program(cells), encoding="utf-8")
        return _MarimoNotebook(page, f"{self._url}/?file={name}")


def _program(cells: list[str]) -> str:
    """Return the program that marimo edits as a notebook."""
    bodies = [indent(cell.strip(), "    ") for cell in cells]
    functions = [f"@app.cell\ndef _():\n{body}\n    return" for body in bodies]
    return "\n\n".join(["import marimo", "app = marimo.App()", *functions]) + "\n"


@contextmanager
def marimo(folder: Path, program: str) -> Iterator[Server]:
    """Start marimo's editor."""
    root, port = folder / "root", free_port()
    root.mkdir()
    options = ["--headless", "--no-token", "--skip-update-check", "--port", str(port)]
    command = [program, "-m", "marimo", "edit", *options, str(root)]
    url = f"http://127.0.0.1:{port}"
    with running_server(folder, command, f"{url}/health"):
        yield _MarimoServer(url, root)
