"""The kernel that slides, and the drawing pad, in JupyterLab: by pointer, by keys, in a cell."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

SLIDING = """
import torch

from labkit import learn

learn.SlidingKernel(torch.eye(8), "outline")
"""
PAD = """
from labkit import learn

learn.DrawingPad(lambda image: f"{int((image > 0.5).sum())} bright", maps=lambda image: image[0])
"""
LONG = """
import time

end = time.monotonic() + 60
while time.monotonic() < end:
    time.sleep(0.05)
"""


def test_a_kernel_is_slid_and_edited_while_a_cell_is_running(open_notebook):
    book = open_notebook([SLIDING, LONG])
    book.run_cell(0)
    book.await_idle()
    view = book.view("sliding")
    image = view.locator("canvas").first
    box = image.bounding_box()
    pixel = box["width"] / 8
    image.scroll_into_view_if_needed()
    image.hover(position={"x": 1.5 * pixel, "y": 1.5 * pixel})
    book.page.mouse.down()
    book.page.mouse.up()
    expect(view).to_have_attribute("data-labkit-place", "0,0")
    expect(view.locator("output")).to_have_text("sum of the products: 6")
    book.page.keyboard.press("ArrowRight")
    expect(view).to_have_attribute("data-labkit-place", "0,1")
    book.run_cell(1)
    view.get_by_role("combobox", name="filter").select_option("blur")
    expect(view.locator("p")).to_contain_text("feature map: 6 × 6")
    view.get_by_role("combobox", name="stride").select_option("2")
    expect(view.locator("p")).to_contain_text("feature map: 3 × 3")
    view.get_by_role("spinbutton", name="weight, row 2, column 2").fill("5")
    expect(view.locator("pre")).to_contain_text(re.compile(r"0\.1111, 5, 0\.1111"))
    assert book.errors == []


def test_a_fast_stroke_has_no_gaps(open_notebook):
    book = open_notebook([PAD])
    book.run_cell(0)
    book.await_idle()
    output = book.cell(0).locator(".jp-OutputArea")
    output.get_by_role("button", name="Clear").click()
    expect(output).to_contain_text("0 bright")
    canvas = output.locator("canvas").first
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    book.page.mouse.move(box["x"] + 5, box["y"] + 5)
    book.page.mouse.down()
    book.page.mouse.move(box["x"] + box["width"] - 5, box["y"] + 5)
    book.page.mouse.up()
    expect(output).to_contain_text("8 bright")
    assert book.errors == []
