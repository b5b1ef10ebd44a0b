"""The playground in a real page: it plays, is changed by hand, and fits its place."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .layout_checks import CUT_TEXTS, OVERLAPS

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"
DEFAULT = "import labkit as lk\nplayground = lk.playground()\nplayground"
# Ends only if the network trains, and its messages arrive, while the cell runs.
BUSY = """
import time
begun = playground.steps
while playground.steps < begun + 100:
    time.sleep(0.01)
print("trained in a cell")
"""
STATE = "print(playground.playing, playground.steps, tuple(playground.model[0].weight.shape))"
LARGEST = """
import labkit as lk
from labkit.playing.features import FEATURES
lk.playground("spirals", hidden=(8,) * 6, features=tuple(FEATURES), regularisation="l2")
"""


class Playground:
    """A playground on a page, read through its data attributes."""

    def __init__(self, book):
        self.book = book
        book.run_cell(0)
        self.root = book.view("playground")
        expect(self.root).to_have_attribute("data-labkit-step", "0", timeout=30_000)

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def await_steps(self, more):
        """Wait until the page has drawn a number of further steps."""
        wanted = int(self.root.get_attribute("data-labkit-step")) + more
        self.book.page.wait_for_function(
            """(step) => Number(document.querySelector(
                '[data-labkit-view="playground"]').dataset.labkitStep) >= step""",
            arg=wanted,
        )


def test_it_plays_beside_a_busy_cell_and_is_changed_by_hand(open_notebook):
    book = open_notebook([DEFAULT, BUSY, STATE])
    playground = Playground(book)
    playground.press("Play")
    playground.await_steps(100)
    book.run_cell(1)
    book.await_idle()
    expect(book.cell(1)).to_contain_text("trained in a cell")
    playground.press("Add a unit of layer 1")
    expect(playground.root.get_by_role("button", name="Unit 5 of layer 1")).to_be_visible()
    playground.await_steps(20)
    playground.press("Pause")
    expect(playground.root).to_have_attribute("data-labkit-playing", "paused")

    step = playground.root.get_attribute("data-labkit-step")
    book.run_cell(2)
    expect(book.cell(2)).to_contain_text(f"False {step} (5, 2)")
    playground.root.get_by_role("button", name="Output", exact=True).press("Enter")
    weight = playground.root.get_by_role("spinbutton", name="Weight bias")
    weight.fill("2.5")
    weight.press("Enter")
    expect(weight).to_have_value(re.compile(r"2\.5(00)?"))
    playground.press("Code")
    expect(playground.root.locator("pre")).to_contain_text("model[4].bias[0] = 2.5")
    assert book.errors == []


@pytest.mark.parametrize(("width", "theme"), [(1280, "Light"), (700, "Dark")])
def test_the_largest_network_fits_its_place(open_notebook, width, theme):
    book = open_notebook([LARGEST], width=width, theme=f"JupyterLab {theme}")
    playground = Playground(book)
    playground.press("Epoch")
    expect(playground.root).to_have_attribute("data-labkit-step", "14")
    playground.press("Unit 8 of layer 6")
    expect(playground.root.get_by_role("spinbutton", name="Weight bias")).to_be_visible()
    assert playground.root.evaluate(CUT_TEXTS) == []
    assert playground.root.evaluate(OVERLAPS) == []
    book.page.add_script_tag(path=AXE)
    found = book.page.evaluate(
        "() => axe.run('[data-labkit-view=playground]', { resultTypes: ['violations'] })"
    )
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert book.errors == []
