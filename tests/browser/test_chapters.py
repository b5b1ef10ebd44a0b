"""Chapters of the course in a dark JupyterLab of 700 px, with every prediction made.

One chapter here; all of them with ``--all-chapters``, as ``make chapters`` has it.
"""

import nbformat
import pytest

from labkit.learn.chapters import chapter_names, load_plan
from tests.notebooks.chapters import FOLDER, typed

from .lab import CONTEXT, NotebookPage, running_lab, write_settings
from .layout_checks import CUT_TEXTS, TEXTS_BEYOND_THEIR_PICTURE

pytestmark = pytest.mark.browser

SHORT = ("07_optimizers",)
"""The chapters of the short form: it has a live picture, sketches, a place and a dashboard."""
RUN_ALL = """() => window.jupyterapp.commands.execute("notebook:run-all-cells")"""
RESTART = f"() => {CONTEXT}.sessionContext.session.kernel.restart()"
SECONDS = 300


def pytest_generate_tests(metafunc):
    if "chapter_name" in metafunc.fixturenames:
        names = chapter_names() if metafunc.config.getoption("all_chapters") else SHORT
        metafunc.parametrize("chapter_name", names, scope="module")


@pytest.fixture(scope="module")
def course_lab(tmp_path_factory):
    """A dark JupyterLab that draws all cells, whether they are in sight or not."""
    with running_lab(tmp_path_factory.mktemp("course")) as lab:
        lab.set_theme("JupyterLab Dark")
        tracker = "@jupyterlab/notebook-extension/tracker"
        write_settings(lab.settings, tracker, {"windowingMode": "none"})
        yield lab


@pytest.fixture(scope="module")
def book(chapter_name, browser, course_lab):
    """The chapter after all cells were run, saved."""
    notebook = nbformat.read(FOLDER / f"{chapter_name}.ipynb", as_version=4)
    asked = {f'chapter.predict("{p.name}")': p for p in load_plan(chapter_name).predictions}
    for cell in notebook.cells:
        if cell.source in asked:
            cell.source = f"{cell.source[:-1]}, {typed(asked[cell.source])}, sure=2)"
    nbformat.write(notebook, course_lab.folder / f"{chapter_name}.ipynb")
    page = browser.new_page(viewport={"width": 700, "height": 1000})
    opened = NotebookPage(page, course_lab, f"{chapter_name}.ipynb")
    page.evaluate(RUN_ALL)
    opened.await_idle(timeout=1000 * SECONDS)
    opened.save()
    yield opened
    page.close()
    course_lab.end_kernels()


def test_every_cell_was_run_and_raised_nothing(book):
    prompts = book.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert all(prompt.strip() not in ("[ ]:", "[*]:") for prompt in prompts)
    errors = book.page.locator('[data-mime-type="application/vnd.jupyter.error"]')
    assert errors.all_inner_texts() == []
    assert book.errors == []


def test_no_text_is_cut_in_the_outputs(book):
    outputs = book.page.locator(".jp-OutputArea-output")
    found = {}
    for number in range(outputs.count()):
        output = outputs.nth(number)
        cut = output.evaluate(CUT_TEXTS) + output.evaluate(TEXTS_BEYOND_THEIR_PICTURE)
        if cut:
            found[number] = cut
    assert found == {}


def test_pictures_stand_where_the_views_were_after_a_restart(book):
    book.page.evaluate(RESTART)
    book.await_idle()
    book.open()
    text = book.page.locator(".jp-Notebook").inner_text()
    assert "model not found" not in text
    assert "Error displaying widget" not in text
