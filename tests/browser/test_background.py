"""``%%train`` in a real JupyterLab: the page and the other cells stay usable while it trains."""

import re

import pytest
from playwright.sync_api import expect

from .lab import NotebookPage, write_settings
from .training import MODEL, Training

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("paused_without_page")]

BLOCKING = """
until = time.monotonic() + 3
while time.monotonic() < until:
    pass
print("the other cell, at step", run.steps)
"""
FAILING = "%%train\nlayer = nn.Linear(3, 1)\nlayer(torch.ones(2, 4))"
LINE = "[data-labkit-task]"


@pytest.fixture
def without_subshells(lab):
    """Let pages that are opened later send widget messages to the main shell only."""
    plugin = "@jupyterlab/apputils-extension/kernels-settings"
    write_settings(lab.settings, plugin, {"commsOverSubshells": "disabled"})
    yield
    (lab.settings / f"{plugin}.jupyterlab-settings").unlink()


def start(open_notebook, training, *others, pace=None):
    cell = training.cell().lstrip().replace("lk.watch(model, ", f"lk.watch(model, pace={pace}, ")
    cells = [f"{MODEL}%load_ext labkit", f"%%train\n{cell}", *others]
    book = open_notebook(cells)
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    book.await_idle()
    book.await_step("dashboard", 20)
    return book


@pytest.fixture(scope="module")
def paused_without_page(browser, lab, tmp_path_factory):
    """A paused loop whose page was closed, some 20 s before it continues by itself.

    The other tests of this file run meanwhile, so it is slow, too. Returns the loop and its step.
    """
    loop = Training(lab.folder / tmp_path_factory.mktemp("paused").name)
    books = []

    def open_(cells):
        lab.set_theme("JupyterLab Light")
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        books.append(NotebookPage(page, lab, "paused.ipynb", cells))
        return books[0]

    book = start(open_, loop, pace=20)
    press(book, "Pause")
    expect(book.view("controls")).to_contain_text("Paused")
    step = loop.steps
    book.page.close()
    yield loop, step
    loop.end()
    lab.end_kernels("paused.ipynb")


def press(book, name):
    book.view("controls").get_by_role("button", name=name, exact=True).click()


def test_views_grow_and_other_cells_run_while_a_cell_trains(open_notebook, training):
    book = start(open_notebook, training, BLOCKING)
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
    book.run_cell(2)
    for kind in ("dashboard", "curves", "gradients", "controls"):
        book.await_step(kind, book.step(kind) + 20)
    road = book.view("controls").locator('[data-labkit-fact="delivery"]')
    expect(road).to_have_text("live, clicks at once")
    expect(road).to_have_attribute("title", re.compile("in the background"))
    expect(book.cell(2)).to_contain_text("the other cell, at step", timeout=30_000)
    training.end()
    expect(book.cell(1)).to_contain_text("ended: finished")
    expect(book.cell(1).locator(LINE)).to_have_text(re.compile(r"Finished after [\d.]+ s\."))
    expect(book.cell(2)).not_to_contain_text("ended")
    assert book.errors == []


def test_a_page_that_is_reloaded_during_training_has_its_views_at_once(open_notebook, training):
    book = start(open_notebook, training)
    book.await_step("curves", 200)
    book.save()
    book.open()
    book.await_step("curves", 200, timeout=5_000)
    book.view("curves").locator(".js-plotly-plot").wait_for()  # until then, a canvas has the curves
    first = book.page.evaluate(
        """() => {
            const plot = document.querySelector('[data-labkit-view="curves"] .js-plotly-plot');
            return Math.min(...plot.data.flatMap((trace) => Array.from(trace.x ?? [])));
        }"""
    )
    assert first == 1
    press(book, "Pause")
    expect(book.view("controls")).to_contain_text("Paused")
    press(book, "Resume")
    expect(book.view("controls")).to_contain_text("Running")
    expect(book.cell(1).locator(LINE)).to_contain_text("Training in the background since")
    press(book, "Stop")
    expect(book.view("controls")).to_contain_text("Stopped")
    expect(book.cell(1).locator(LINE)).to_have_text(re.compile(r"Stopped after [\d.]+ s\."))
    assert book.errors == []


def test_an_error_is_displayed_in_the_cell_that_trains(open_notebook, training):
    book = start(open_notebook, training, FAILING, "print('still here')")
    book.run_cell(2)
    book.await_idle()
    book.run_cell(3)
    book.await_idle()
    expect(book.cell(2)).to_contain_text("----> 3 layer(torch.ones(2, 4))")
    expect(book.cell(2)).to_contain_text("RuntimeError: mat1 and mat2 shapes cannot be multiplied")
    expect(book.cell(2).locator(LINE)).to_contain_text("Failed after")
    expect(book.cell(3)).to_contain_text("still here")
    book.await_step("controls", training.steps + 20)
    expect(book.view("controls")).to_contain_text("Running")


def test_the_interrupt_button_ends_the_training(open_notebook, training):
    book = start(open_notebook, training, "print(run.status, run.steps)")
    book.page.get_by_role("button", name="Interrupt the kernel").click()
    expect(book.cell(1).locator(LINE)).to_have_text(re.compile(r"Interrupted after [\d.]+ s\."))
    expect(book.view("controls")).to_contain_text("Interrupted")
    expect(book.cell(1)).not_to_contain_text("Traceback")
    book.run_cell(2)
    expect(book.cell(2)).to_contain_text(f"interrupted {training.steps + 1}")


def test_the_interrupt_button_ends_a_paused_training(open_notebook, training):
    book = start(open_notebook, training)
    press(book, "Pause")
    expect(book.view("controls")).to_contain_text("Paused")
    book.page.get_by_role("button", name="Interrupt the kernel").click()
    expect(book.view("controls")).to_contain_text("Interrupted")
    expect(book.cell(1).locator(LINE)).to_contain_text("Interrupted after")


def test_a_paused_training_waits_for_a_page_that_is_reloaded(open_notebook, training):
    book = start(open_notebook, training)
    press(book, "Pause")
    expect(book.view("controls")).to_contain_text("Paused")
    book.save()
    book.open()
    book.scroll_to("controls")
    expect(book.view("controls")).to_contain_text("Paused")
    before = training.steps
    press(book, "Resume")
    training.await_steps(before + 20)


@pytest.mark.usefixtures("without_subshells")
def test_views_are_live_and_clicks_arrive_without_subshells(open_new_page, training):
    book = start(open_new_page, training)
    for kind in ("dashboard", "curves", "gradients", "controls"):
        book.await_step(kind, book.step(kind) + 20)
    book.scroll_to("controls")
    press(book, "Pause")
    expect(book.view("controls")).to_contain_text("Paused")
    press(book, "Stop")
    expect(book.view("controls")).to_contain_text("Stopped")
    assert book.errors == []


OPEN = """
run = lk.watch(model, name="not closed")
while True:
    loss = F.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    time.sleep(0.002)
"""


def test_the_dashboard_says_that_an_interrupted_cell_has_ended(open_notebook):
    book = open_notebook([MODEL, OPEN, "print('at', run.steps)", OPEN.split("\n", 2)[2]])
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    book.await_step("controls", 20)
    book.page.get_by_role("button", name="Interrupt the kernel").click()
    book.await_idle()
    book.run_cell(2)
    book.await_idle()
    steps = int(re.search(r"at (\d+)", book.cell(2).inner_text())[1])
    book.scroll_to("controls")
    controls = book.view("controls")
    headline = book.view("dashboard").locator(".labkit-headline")
    expect(headline).to_contain_text(f"The cell was interrupted at step {steps:,}")
    expect(controls).to_contain_text("Idle")
    for name in ("Pause", "Resume", "Step", "Stop"):
        expect(controls.get_by_role("button", name=name, exact=True)).to_be_disabled()
    book.run_cell(3)
    book.await_step("controls", steps + 20)
    expect(controls).to_contain_text("Running")
    expect(headline).not_to_contain_text("was interrupted")
    press(book, "Stop")
    book.await_idle()
    expect(headline).to_contain_text("The cell was stopped at step")


def test_a_paused_training_continues_after_its_page_was_closed(paused_without_page):
    paused, step = paused_without_page
    paused.await_steps(step + 20, timeout=90)
