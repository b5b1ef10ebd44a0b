"""A line and the map of its loss in JupyterLab: pointed at, clicked, dragged, by keyboard."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LINE = """
from labkit import learn

learn.LineFit([0, 1, 2, 3], [1, 3, 5, 7], lr=0.1, steps=30)
"""


def test_a_line_walks_from_where_the_map_is_clicked_or_the_line_let_go(open_notebook):
    book = open_notebook([LINE])
    book.run_cell(0)
    book.await_idle()
    view = book.view("line")
    values = view.locator(".line-values")
    expect(values).to_have_text(re.compile("^start: w = 4, b = 3 · loss 30"))
    board = view.locator(".race-board:not(.line-plane):not(.line-curve)")
    board.hover(position={"x": 120, "y": 120})
    expect(values).to_have_text(re.compile("^pointer: w = "))
    board.click(position={"x": 120, "y": 120})
    expect(view).to_contain_text("step 30 of 30", timeout=20_000)
    handle = view.locator(".line-handle").last
    handle.drag_to(view.locator(".line-plane"), target_position={"x": 200, "y": 60})
    expect(view).to_contain_text("step 30 of 30", timeout=20_000)
    expect(board.locator("[data-lane]")).to_have_count(1)
    handle.focus()
    book.page.keyboard.press("ArrowDown")
    expect(values).to_have_text(re.compile("^pointer: w = "))
    rate = view.get_by_role("spinbutton", name="learning rate")
    rate.fill("1")
    book.page.keyboard.press("Enter")
    expect(values).to_have_text(re.compile("left the map for good"), timeout=20_000)
    assert book.errors == []
