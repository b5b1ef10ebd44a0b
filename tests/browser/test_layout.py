"""The layout of the dashboard in a real page while a real kernel trains, and its keyboard."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from .layout_checks import CUT_TEXTS, IS_IN_SIGHT, OVERLAPS, WATCH_BOXES
from .training import MODEL, Training

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"
TABS = ("graph", "gradients", "activations", "layers", "findings", "tuning", "details")
FRAMES = 90
"""Number of animation frames in which boxes are compared."""
PICTURES = 8
"""Number of pictures of the curves that are compared."""
COMMENTS = "# a long cell\n" * 40


@pytest.fixture(scope="module")
def book(shared_book, lab, tmp_path_factory):
    """A notebook whose long cell trains until the tests of this module have ended."""
    training = Training(lab.folder / tmp_path_factory.mktemp("training").name)
    shared_book.replace_cells([MODEL, COMMENTS + training.cell("layout"), ""])
    shared_book.run_cell(0)
    shared_book.await_idle()
    shared_book.run_cell(1)
    expect(shared_book.view("dashboard").locator(".labkit-status")).to_have_text("Running")
    yield shared_book
    training.end()
    shared_book.await_idle()
    assert shared_book.errors == []


@pytest.fixture
def dashboard(book):
    return book.view("dashboard")


def test_status_loss_and_headline_are_in_sight_when_a_cell_was_executed(dashboard):
    for part in (".labkit-status", ".labkit-loss-now", ".labkit-headline", ".labkit-plot"):
        element = dashboard.locator(part).first
        expect(element).to_be_visible()
        assert element.evaluate(IS_IN_SIGHT), f"{part} is out of sight"


@pytest.mark.parametrize("width", [700, 1000, 1150, 1280, 2500])
def test_no_text_is_cut_and_no_controls_overlap(book, dashboard, width):
    book.page.set_viewport_size({"width": width, "height": 1000})
    for tab in TABS:
        book.await_step(tab, 1)
        book.page.evaluate("() => new Promise(requestAnimationFrame)")
        assert dashboard.evaluate(CUT_TEXTS) == [], tab
        assert dashboard.evaluate(OVERLAPS) == [], tab
        assert dashboard.evaluate("(root) => root.scrollWidth <= root.clientWidth"), tab


def test_axe_finds_nothing_serious(book):
    book.page.set_viewport_size({"width": 1280, "height": 1000})
    book.page.add_script_tag(path=AXE)
    for tab in TABS:
        book.await_step(tab, 1)
        result = book.page.evaluate(
            "() => axe.run('[data-labkit-view=dashboard]', { resultTypes: ['violations'] })"
        )
        serious = [
            (violation["id"], [node["html"] for node in violation["nodes"]])
            for violation in result["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == [], tab


def test_every_control_is_reached_and_used_with_the_keyboard(book, dashboard):
    book.bring_to_front("graph")
    dashboard.get_by_role("button", name="Pause", exact=True).focus()
    reached = set()
    for _ in range(60):
        book.page.keyboard.press("Tab")
        focused = book.page.evaluate(
            """() => {
                const { activeElement: element } = document;
                if (!element.closest("[data-labkit-view=dashboard]")) return null;
                return element.getAttribute("aria-label") || element.textContent;
            }"""
        )
        if focused is None:
            break
        reached.add(focused.strip())
    expected = {"Stop", "Compact form", "Full screen", "Loss and metrics", "Widen", "Graph"}
    assert expected <= reached
    dashboard.get_by_role("tab", name="Graph").focus()
    book.page.keyboard.press("ArrowRight")
    expect(dashboard.get_by_role("tab", name="Gradients")).to_be_focused()
    expect(book.view("gradients")).to_be_visible()
    compact = dashboard.get_by_role("button", name="Compact form")
    for is_compact in (True, False):
        compact.focus()
        book.page.keyboard.press("Enter")
        expect(compact).to_have_attribute("aria-pressed", str(is_compact).lower())
    expect(book.view("gradients")).to_be_visible()


def test_nothing_moves_and_the_curves_never_vanish_while_it_trains(book, dashboard):
    book.await_step("graph", book.step("graph") + 1)
    dashboard.evaluate(WATCH_BOXES)
    plot = dashboard.locator(".labkit-plot").first
    pictures = [np.asarray(_picture(plot)) for _ in range(PICTURES)]
    book.page.wait_for_function("(count) => window.measuredFrames >= count", arg=FRAMES)
    assert book.page.evaluate("() => window.boxChanges") == []
    ground = pictures[0][0, 0]
    drawn = [np.any(picture != ground, axis=-1).mean() for picture in pictures]
    assert min(drawn) > 0.5 * max(drawn)


def test_the_dashboard_is_live_in_a_tab_of_its_own(book, dashboard):
    book.cell(1).click(position={"x": 5, "y": 5})
    book.page.evaluate("() => window.jupyterapp.commands.execute('notebook:create-output-view')")
    views = book.page.locator("[data-labkit-view=dashboard]")
    expect(views).to_have_count(2)
    second = book.page.locator(".jp-LinkedOutputView [data-labkit-view=dashboard]")
    expect(second.locator(".labkit-status")).to_have_text("Running")
    before = int(second.get_attribute("data-labkit-step"))
    book.page.wait_for_function(
        """(step) => Number(document.querySelector(
            ".jp-LinkedOutputView [data-labkit-view=dashboard]").dataset.labkitStep) > step""",
        arg=before,
    )
    expect(second.locator("[data-labkit-view=curves] .js-plotly-plot")).to_be_visible()
    book.page.evaluate("() => window.jupyterapp.shell.currentWidget.close()")


def _picture(element):
    with Image.open(io.BytesIO(element.screenshot())) as picture:
        return picture.convert("RGB")
