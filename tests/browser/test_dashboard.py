"""The dashboard in a real page, while a real kernel trains."""

import re

import pytest
from playwright.sync_api import expect

from .lab import LOSE_BUFFERS
from .training import MODEL

pytestmark = pytest.mark.browser


def start(open_notebook, training, **options):
    book = open_notebook([MODEL, training.cell(options.pop("title", "browser test"))], **options)
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    book.await_step("dashboard", 20)
    return book


def road(book):
    """Return the word for what was measured of the delivery between the page and the kernel."""
    return book.view("controls").locator('[data-labkit-fact="delivery"]')


def settled_steps(book, training):
    """Wait until the step count of the kernel is constant, and return it."""
    before = -1
    while training.steps != before:
        before = training.steps
        book.page.wait_for_timeout(400)
    return before


def test_views_grow_while_the_cell_runs(open_notebook, training):
    book = start(open_notebook, training)
    for kind in ("dashboard", "curves", "gradients", "controls"):
        book.await_step(kind, book.step(kind) + 20)
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(road(book)).to_have_text("live, clicks at once")
    expect(road(book)).to_have_attribute("title", re.compile("subshell"))
    training.end()
    book.await_idle()
    expect(book.view("controls")).to_contain_text("Finished")
    expect(road(book)).to_have_count(0)
    assert book.errors == []


def test_graph_nodes_have_the_names_of_the_modules(open_notebook, training):
    book = start(open_notebook, training)
    graph = book.view("graph")
    for module in ("fc1#1", "fc2#1", "head#1"):
        node = graph.locator(f'[data-labkit-node="{module}"]')
        expect(node).to_be_visible(timeout=20_000)
        expect(node).to_contain_text(module.removesuffix("#1"))
    graph.locator('[data-labkit-node="fc1#1"]').click()
    expect(graph.locator('[data-labkit-node="fc1#1/addmm:0"]')).to_be_visible()
    training.end()
    book.await_idle()


def test_pause_step_resume_and_stop_control_the_running_loop(open_notebook, training):
    book = start(open_notebook, training)
    controls = book.view("controls")

    def press(name):
        controls.get_by_role("button", name=name, exact=True).click()

    press("Pause")
    expect(controls).to_contain_text("Paused")
    held = settled_steps(book, training)
    press("Step")
    book.await_step("controls", held + 1)
    assert settled_steps(book, training) == held + 1
    press("Resume")
    book.await_step("controls", held + 50)
    press("Stop")
    book.await_idle()
    expect(controls).to_contain_text("Stopped")
    assert "ended: stopped" in book.text()
    expect(controls.get_by_role("button", name="Resume", exact=True)).to_be_disabled()


def test_a_page_shows_recorded_values_while_a_step_is_running(open_notebook, training):
    book = start(open_notebook, training)
    # High enough for all views, as those out of sight are not updated.
    book.page.set_viewport_size({"width": 1280, "height": 2800})
    controls, graph = book.view("controls"), book.view("graph")
    graph.locator('[data-labkit-node="fc1#1"]').click(timeout=20_000)
    graph.locator('[data-labkit-node="fc1#1/weight:0"]').click()
    panel = graph.locator("aside")
    expect(panel).to_contain_text("Mean ± deviation")
    training.hold()
    settled_steps(book, training)
    controls.get_by_role("button", name="Pause", exact=True).click()
    expect(controls).to_contain_text("Pausing")
    expect(panel).to_contain_text("No step has ended in the last moments", timeout=15_000)
    training.go_on()
    expect(controls).to_contain_text("Paused")
    expect(panel).to_contain_text("Mean ± deviation", timeout=15_000)
    expect(panel).not_to_contain_text("No step has ended")
    controls.get_by_role("button", name="Resume", exact=True).click()
    training.end()
    book.await_idle()
    assert book.errors == []


def test_a_reloaded_page_shows_the_whole_run(open_notebook, training):
    book = start(open_notebook, training)
    book.await_step("curves", 100)
    training.end()
    book.await_idle()
    last = training.steps
    book.await_step("curves", last)
    book.save()
    book.open()
    for kind in ("dashboard", "curves", "gradients"):
        book.bring_to_front(kind)
        expect(book.view(kind)).to_be_visible(timeout=30_000)
    book.await_step("curves", last)
    expect(book.view("controls")).to_contain_text("Finished")
    book.bring_to_front("graph")
    expect(book.view("graph").locator('[data-labkit-node="fc1#1"]')).to_be_visible()
    book.view("curves").locator(".js-plotly-plot").wait_for()  # until then, a canvas has the curves
    first = book.page.evaluate(
        """() => {
            const plot = document.querySelector('[data-labkit-view="curves"] .js-plotly-plot');
            return Math.min(...plot.data.flatMap((trace) => Array.from(trace.x ?? [])));
        }"""
    )
    assert first == 1


@pytest.fixture
def lab_without_subshells(lab):
    lab.set_subshells("disabled")
    yield
    lab.set_subshells("perCommTarget")


def test_everything_is_live_in_a_page_without_subshells(
    lab_without_subshells, open_new_page, training
):
    book = start(open_new_page, training)
    expect(book.view("graph").locator('[data-labkit-node="fc1#1"]')).to_be_visible(timeout=20_000)
    for kind in ("dashboard", "curves", "gradients"):
        book.await_step(kind, book.step(kind) + 20)
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(road(book)).to_have_text("live, clicks at once")
    book.page.get_by_role("button", name="Pause", exact=True).click()
    expect(book.view("controls")).to_contain_text("Paused")
    steps = settled_steps(book, training)
    book.page.get_by_role("button", name="Step", exact=True).click()
    training.await_steps(steps + 1)
    book.page.get_by_role("button", name="Stop", exact=True).click()
    book.await_idle()
    expect(book.cell(1)).to_contain_text("ended: stopped")
    assert book.errors == []


def test_everything_is_live_in_a_page_that_loses_the_buffers_of_messages(open_new_page, training):
    book = open_new_page([MODEL, training.cell()])
    book.page.evaluate(LOSE_BUFFERS)
    for cell in (0, 1):
        book.run_cell(cell)
    for kind in ("dashboard", "curves", "gradients"):
        book.await_step(kind, 20)
    book.bring_to_front("graph")
    expect(book.view("graph").locator('[data-labkit-node="fc1#1"]')).to_be_visible(timeout=20_000)
    book.scroll_to("controls")
    expect(road(book)).to_have_text("live, clicks at once, sent as text")
    training.end()
    book.await_idle()
    assert book.page.evaluate("() => window.sentAsText") > 3
    assert book.errors == []


def test_viewers_are_present_while_a_page_is_open_and_the_loop_goes_on_without(
    open_new_page, training
):
    book = start(open_new_page, training)
    book.page.wait_for_timeout(6_000)  # longer than a viewer counts as present without messages
    training.await_steps(training.steps + 1)
    training.await_viewers(present=True)
    book.page.close()
    closed_at = training.steps
    training.await_viewers(present=False)
    training.await_steps(closed_at + 200)
    training.end()


def test_html_in_a_name_is_shown_as_text(open_notebook, training):
    title = "<img src=x onerror=window.broken=1> & <b>bold</b>"
    book = start(open_notebook, training, title=title)
    expect(book.view("controls")).to_contain_text(title)
    training.end()
    book.await_idle()
    assert book.page.evaluate("() => window.broken") is None


@pytest.mark.parametrize("width", [1280, 480])
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_no_view_overflows_in_any_theme_or_width(open_notebook, training, theme, width):
    book = start(open_notebook, training, theme=theme, width=width)
    dashboard = book.view("dashboard")
    expect(book.view("graph").locator('[data-labkit-node="fc1#1"]')).to_be_visible(timeout=20_000)
    assert dashboard.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")
    training.end()
    book.await_idle()


def test_the_saved_notebook_has_a_picture_and_a_text(open_notebook, training):
    book = start(open_notebook, training)
    training.end()
    book.await_idle()
    book.save()
    saved = book.path.read_text()
    assert "image/svg+xml" in saved
    assert f"finished, {training.steps:,} steps" in saved


LARGE_RUN = """
import numpy as np
import labkit as lk
from labkit.run import Run

run = Run("large")
names = [f"transformer.h.{number // 12}.part{number % 12}.weight" for number in range(400)]
steps, random = np.arange(1, 2001), np.random.default_rng(0)
run.add_table("loss", "loss", ["loss"]).extend(steps, random.random((2000, 1)))
for kind in ("grad_norm", "weight_norm", "update_ratio", "grad_zeros", "grad_noise"):
    table = run.add_table(kind, kind, names)
    table.extend(steps, random.random((2000, 400), np.float32))
run.close()
lk.Dashboard(run)
"""


def test_a_button_saves_a_page_while_the_loop_runs(open_notebook, training, tmp_path):
    book = start(open_notebook, training, title="a page")
    button = book.view("dashboard").get_by_role("button", name="Save as a page")
    with book.page.expect_download() as download:
        button.click()
    assert download.value.suggested_filename == "a-page.html"
    download.value.save_as(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>\n<!-- labkit page -->")
    assert page.endswith("</html>\n")
    training.end()
    book.await_idle()
    assert book.errors == []


def test_a_page_receives_a_run_of_tens_of_megabytes(open_notebook):
    book = open_notebook([LARGE_RUN])
    book.run_cell(0)
    book.await_idle()
    for view in ("curves", "gradients"):
        book.await_step(view, 2000)
    menu = book.view("gradients").locator("select").first.locator("option")
    expect(menu).to_have_count(5)
    assert book.errors == []


SAMPLES = """
import numpy as np
import labkit as lk
from labkit.run import Run

run = Run("samples")
for step in range(1, 5):
    run.advance_to(step)
    run.log(image=np.eye(8) * step / 4, text=f"<b>at {step}</b>")
lk.SamplesView(run)
"""


def test_arrow_keys_move_the_samples_and_not_the_cells(open_notebook):
    book = open_notebook([SAMPLES, ""])
    book.run_cell(0)
    view = book.view("samples")
    expect(view.locator("pre")).to_have_text("<b>at 4</b>", timeout=30_000)
    view.get_by_label("Step of text").focus()
    book.page.keyboard.press("ArrowLeft")
    expect(view.locator("pre")).to_have_text("<b>at 3</b>")
    image = view.get_by_role("img")
    expect(image).to_have_attribute("alt", re.compile("^image at step 3: 8 by 8 pixels"))
    book.page.keyboard.press("Home")
    expect(view.locator("figcaption")).to_have_text(["imagestep 1", "textstep 1"])
    size = image.evaluate("image => [image.complete, image.naturalWidth, image.clientWidth > 100]")
    assert size == [True, 8, True]
    assert book.errors == []
