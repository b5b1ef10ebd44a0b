"""The race of optimizers in JupyterLab: played, started elsewhere, by keyboard, during a cell."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

RACE = """
from torch import optim

from labkit import learn

learn.OptimizerRace("ravine", {"SGD": lambda p: optim.SGD(p, lr=0.03)}, steps=40)
"""
LONG = """
import time

end = time.monotonic() + 60
while time.monotonic() < end:
    time.sleep(0.05)
"""


@pytest.fixture
def race(open_notebook):
    """A notebook with a race in its first cell, and the race."""
    book = open_notebook([RACE, LONG])
    book.run_cell(0)
    book.await_idle()
    view = book.view("race")
    expect(view).to_contain_text("step 0 of 40")
    return book, view


def test_a_race_is_played_to_its_end_and_begins_where_the_map_is_clicked(race):
    book, view = race
    view.get_by_role("combobox", name="speed").select_option("100")
    view.get_by_role("button", name="Play").click()
    expect(view).to_contain_text("step 40 of 40")
    expect(view).to_contain_text(re.compile("loss 0[.]7"))
    board = view.locator(".race-board")
    trail = board.locator("[data-lane] polyline").first
    start = trail.get_attribute("points").split()[0]
    board.click(position={"x": 300, "y": 100})
    expect(trail).not_to_have_attribute("points", re.compile(f"^{start}"))
    expect(view).to_contain_text("step 40 of 40")
    assert book.errors == []


def test_a_start_and_a_rate_are_set_by_keyboard_while_a_cell_is_running(race):
    book, view = race
    book.run_cell(1)
    view.locator(".race-board").focus()
    active = book.page.locator(".jp-Notebook .jp-Cell.jp-mod-active")
    number = active.get_attribute("data-windowed-list-index")
    for _ in range(4):
        book.page.keyboard.press("ArrowRight")
    book.page.keyboard.press("Enter")
    expect(view).to_contain_text("step 40 of 40", timeout=20_000)
    rate = view.get_by_role("spinbutton", name="lr")
    rate.fill("0.05")
    book.page.keyboard.press("Enter")
    expect(view).to_contain_text("off the map", timeout=20_000)
    expect(rate).to_be_focused()
    expect(active).to_have_attribute("data-windowed-list-index", number)
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
