"""Changes of the training from a page, while a blocking cell trains."""

import re

import pytest
from playwright.sync_api import expect

from .training import MODEL

pytestmark = pytest.mark.browser

STATE = """
print("rates:", [round(float(rate), 6) for rate in run.series("lr/0")[1][[0, -1]]])
print("events:", [(event.kind, event.taken_back is not None) for event in run.events])
"""


@pytest.fixture
def book(open_notebook, training):
    """A page that displays a running loop, with the section open."""
    book = open_notebook([MODEL, training.cell(), STATE])
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    book.await_step("dashboard", 20)
    book.view("controls").locator(".labkit-tuning > summary").click()
    return book


def drag(page, slider, to):
    """Drag the thumb of a slider to a part of its width."""
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    y = box["y"] + box["height"] / 2
    begin = int(slider.input_value()) / int(slider.get_attribute("max"))
    page.mouse.move(box["x"] + box["width"] * begin, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * to, y, steps=5)
    page.mouse.up()


def ended(book, training):
    """End the loop, run the last cell, and return its output."""
    training.end()
    book.await_idle()
    book.run_cell(2)
    book.await_idle()
    return book.text()


def test_a_rate_is_changed_with_the_slider_and_marked_on_the_curves(book, training):
    controls, curves = book.view("controls"), book.view("curves")
    slider = controls.get_by_label("Learning rate of group 0, logarithmic", exact=True)
    drag(book.page, slider, 0.5)
    event = controls.locator(".labkit-tuning-events li")
    expect(event).to_contain_text("learning rate of group 0: 0.05 → ")
    expect(controls.locator(".labkit-tuning-count")).to_have_text("1 change")
    chosen = controls.get_by_label("Learning rate of group 0", exact=True).input_value()
    assert 1e-4 < float(chosen) < 1e-2
    expect(controls).to_contain_text("own value 0.05")
    schedules = controls.get_by_label(re.compile("schedule"))
    expect(schedules.locator("visible=true")).to_have_count(0)
    handle = curves.locator(".annotation", has_text="▲")
    expect(handle).to_be_visible()
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    text = ended(book, training)
    assert f"rates: [0.05, {float(chosen)}]" in text
    assert "events: [('lr', False)]" in text
    assert book.errors == []


def test_a_module_is_frozen_and_the_change_is_taken_back(book, training):
    controls, gradients = book.view("controls"), book.view("gradients")
    controls.get_by_label("Module to freeze or thaw").select_option("fc2")
    controls.get_by_role("button", name="Freeze", exact=True).click()
    expect(gradients).to_contain_text("fc2.weight · frozen")
    expect(controls.get_by_role("button", name="Freeze", exact=True)).to_be_disabled()
    expect(controls.get_by_role("button", name="Thaw", exact=True)).to_be_enabled()
    controls.get_by_role("button", name=re.compile("^Take back: fc2 frozen")).click()
    expect(controls).to_contain_text("taken back at step")
    expect(gradients).not_to_contain_text("frozen")
    # Both marks have become one if the clicks came in quick succession.
    marks = book.view("curves").locator(".annotation", has_text=re.compile("^(△|▲2)$"))
    expect(marks).to_be_visible()
    assert "events: [('freeze', True)]" in ended(book, training)


def test_the_keyboard_changes_a_field_and_a_refusal_is_displayed_in_place(book, training):
    controls = book.view("controls")
    field = controls.get_by_label("Momentum of group 0", exact=True)
    field.fill("1.5")
    field.press("Enter")
    expect(controls.locator(".labkit-tuning .labkit-warning")).to_contain_text(
        "the momentum must be from 0 to below 1"
    )
    field.fill("0.5")
    field.press("Enter")
    expect(controls.locator(".labkit-tuning-events li")).to_contain_text("0.9 → 0.5")
    expect(controls.locator(".labkit-tuning .labkit-warning")).to_have_count(0)
    assert "events: [('momentum', False)]" in ended(book, training)
