"""One JupyterLab for all browser tests, and a page for each test."""

import itertools

import pytest

from .lab import NotebookPage, running_lab

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    with running_lab(tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture
def open_notebook(browser, lab):
    pages = []

    def open_(cells, *, width=1280, height=1000, theme="JupyterLab Light"):
        lab.set_theme(theme)
        page = browser.new_page(viewport={"width": width, "height": height})
        pages.append(page)
        return NotebookPage(page, lab, f"notebook{next(numbers)}.ipynb", cells)

    yield open_
    for page in pages:
        page.close()
    lab.end_kernels()
