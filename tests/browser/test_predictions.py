"""Cards of predictions in JupyterLab: answered with the mouse, with the keyboard, during a cell."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from .lab import CONTEXT

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"

OPEN = """
import tempfile

from labkit import learn

folder = tempfile.mkdtemp()
start, tensors = (learn.chapter(name, folder) for name in ("00_start_here", "01_tensors"))
"""
STORED = f"JSON.stringify({CONTEXT}.model.toJSON())"
"""The notebook with its outputs, as text in the page."""
PLOT = (58 / 440, 30 / 230, 426 / 440, 190 / 230)
"""The plot area of a sketch: its left, top, right and bottom as parts of the drawing."""


def card(book, number):
    """Return the card in the output of a cell."""
    return book.cell(number).locator('[data-labkit-view="prediction"]')


def lock(card, sure):
    card.get_by_text(sure, exact=True).click()
    card.get_by_role("button", name="Lock in").click()
    expect(card).to_have_attribute("data-labkit-state", "locked")


@pytest.fixture
def ask(open_notebook):
    """Return a function that shows cards and returns the notebook; the first is in cell 1."""

    def ask_(*cells, **options):
        book = open_notebook([OPEN, *cells], **options)
        for number in range(len(cells) + 1):
            book.run_cell(number)
        book.await_idle()
        return book

    return ask_


def test_a_choice_is_locked_in_by_keyboard(ask):
    book = ask('start.predict("zeros_device")')
    choice = card(book, 1)
    cells = book.page.locator(".jp-Notebook .jp-Cell").count()
    choice.get_by_role("radio", name="a On the GPU").focus()
    book.page.keyboard.press("ArrowDown")
    book.page.keyboard.press("Tab")
    book.page.keyboard.press("Space")
    for _ in range(2):
        book.page.keyboard.press("ArrowRight")
    expect(choice.get_by_role("radio", name="certain")).to_be_checked()
    book.page.keyboard.press("Tab")
    book.page.keyboard.press("Enter")
    expect(choice.get_by_role("status")).to_have_text('Locked in: b, "On the CPU" (certain).')
    expect(choice.get_by_role("radio", name="b On the CPU")).to_be_disabled()
    assert book.page.locator(".jp-Notebook .jp-Cell").count() == cells  # no key edited them
    assert book.errors == []


def test_axe_finds_nothing_serious_in_open_and_locked_cards(ask):
    names = ("zeros_device", "first_loss", "first_curve")
    book = ask(
        *(f'start.predict("{name}")' for name in names),
        'tensors.predict("place_in_strip")',
        'tensors.predict("two_lists", "b", sure=2)',
    )
    book.page.add_script_tag(path=AXE)
    result = book.page.evaluate(
        "() => axe.run('[data-labkit-view=prediction]', { resultTypes: ['violations'] })"
    )
    serious = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_slider_moves_with_the_arrow_keys(ask):
    book = ask('start.predict("first_loss")')
    number = card(book, 1)
    number.get_by_role("slider").focus()
    book.page.keyboard.press("ArrowLeft")
    expect(number.get_by_role("textbox")).to_have_value("1.47")
    lock(number, "guessing")
    expect(number.get_by_role("status")).to_contain_text("1.47 (guessing)")


def test_a_sketch_is_drawn_in_one_fast_stroke_and_saved(ask):
    book = ask('start.predict("first_curve")')
    sketch = card(book, 1)
    drawing = sketch.locator(".sketch svg")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()

    def move(x, y):
        left, top, right, bottom = PLOT
        book.page.mouse.move(
            box["x"] + box["width"] * (left + x * (right - left)),
            box["y"] + box["height"] * (bottom - y * (bottom - top)),
        )

    move(0.0, 0.7)
    book.page.mouse.down()
    move(0.5, 0.5)
    move(1.0, 0.3)
    book.page.mouse.up()
    lock(sketch, "fairly sure")
    expect(sketch.get_by_role("status")).to_contain_text("from 0.7 to 0.3")
    book.page.wait_for_function(f"() => {STORED}.includes('Locked in: a curve')")
    book.save()
    output = json.loads(book.path.read_text())["cells"][1]["outputs"][0]["data"]
    assert "Locked in: a curve from 0.7 to 0.3" in "".join(output["text/plain"])
    assert "polyline" in "".join(output["image/svg+xml"])


def test_a_place_is_marked_where_the_picture_was_clicked(ask):
    book = ask('tensors.predict("place_in_strip")', width=500)
    strip = card(book, 1)
    board = strip.locator(".board")
    board.scroll_into_view_if_needed()
    box = board.bounding_box()
    board.click(position={"x": box["width"] * 9.5 / 12, "y": box["height"] / 2})
    expect(strip.locator(".words")).to_have_text("Marked: place 9.")
    ring = strip.locator(".ring").bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - box["x"] - box["width"] * 9.5 / 12) < 2
    assert abs(ring["y"] + ring["height"] / 2 - box["y"] - box["height"] / 2) < 2
    assert box["x"] + box["width"] <= 500
    lock(strip, "certain")
    expect(strip.get_by_role("status").last).to_contain_text("place 9 (certain)")


def test_a_card_is_locked_in_while_a_cell_is_running(open_notebook, tmp_path):
    flag = tmp_path / "end"
    waiting = f"""
import pathlib, time

print("begun", flush=True)
while not pathlib.Path({str(flag)!r}).exists():
    time.sleep(0.05)
"""
    book = open_notebook([OPEN, 'tensors.predict("two_lists")', waiting])
    for number in range(3):
        book.run_cell(number)
    expect(book.cell(2).locator(".jp-OutputArea-output")).to_contain_text("begun")
    try:
        choice = card(book, 1)
        choice.get_by_text("(2,)").click()
        lock(choice, "certain")
    finally:
        flag.touch()
    book.await_idle()
