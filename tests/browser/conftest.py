"""One JupyterLab for all browser tests, a loop, and a page with a kernel that most share."""

import itertools

import pytest

from .lab import NotebookPage, running_lab
from .training import Training

LIGHT = "JupyterLab Light"
HEIGHT = 1000
numbers = itertools.count(1)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="module")
def shared_book(browser, lab):
    lab.set_theme(LIGHT)
    page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
    book = NotebookPage(page, lab, f"notebook{next(numbers)}.ipynb", [""])
    yield book
    page.close()
    lab.end_kernels(book.path.name)


@pytest.fixture
def training(lab, tmp_path_factory):
    """A loop whose cell the test runs; it has ended after the test."""
    loop = Training(lab.folder / tmp_path_factory.mktemp("training").name)
    yield loop
    if loop.folder.exists():
        loop.end()


@pytest.fixture
def open_notebook(shared_book):
    """Return a function that replaces the cells of a page whose kernel has imported torch."""

    def open_(cells, *, width=1280, theme=LIGHT):
        shared_book.page.set_viewport_size({"width": width, "height": HEIGHT})
        shared_book.set_theme(theme)
        shared_book.replace_cells(cells)
        return shared_book

    return open_


@pytest.fixture
def open_new_page(browser, lab):
    """Return a function that opens a notebook in a page and a kernel of its own."""
    books = []

    def open_(cells):
        lab.set_theme(LIGHT)
        page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
        books.append(NotebookPage(page, lab, f"notebook{next(numbers)}.ipynb", cells))
        return books[-1]

    yield open_
    for book in books:
        book.page.close()
        lab.end_kernels(book.path.name)
