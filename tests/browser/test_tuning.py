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
    """A page that displays a running loop and the form."""
    book = open_notebook([MODEL, training.cell(), STATE])
    book.run_cell(0)
    book.await_idle()
    book.widen("gradients", "tuning")
    book.run_cell(1)
    book.await_step("dashboard", 20)
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
    form, curves = book.view("tuning"), book.view("curves")
    slider = form.get_by_label("Learning rate of group 0, logarithmic", exact=True)
    drag(book.page, slider, 0.5)
    event = form.locator(".labkit-tuning-events li")
    expect(event).to_contain_text("learning rate of group 0: 0.05 → ")
    chosen = form.get_by_label("Learning rate of group 0", exact=True).input_value()
    assert 1e-4 < float(chosen) < 1e-2
    expect(form).to_contain_text("own value 0.05")
    schedules = form.get_by_label(re.compile("schedule"))
    expect(schedules.locator("visible=true")).to_have_count(0)
    book.scroll_to("curves")
    handle = curves.locator(".annotation", has_text="▲")
    expect(handle).to_be_visible()
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    text = ended(book, training)
    assert f"rates: [0.05, {float(chosen)}]" in text
    assert "events: [('lr', False)]" in text
    assert book.errors == []


def test_a_module_is_frozen_and_the_change_is_taken_back(book, training):
    form, gradients = book.view("tuning"), book.view("gradients")
    form.get_by_label("Module to freeze or thaw").select_option("fc2")
    form.get_by_role("button", name="Freeze", exact=True).click()
    expect(gradients).to_contain_text("fc2.weight · frozen")
    expect(form.get_by_role("button", name="Freeze", exact=True)).to_be_disabled()
    expect(form.get_by_role("button", name="Thaw", exact=True)).to_be_enabled()
    form.get_by_role("button", name=re.compile("^Take back: fc2 frozen")).click()
    expect(form).to_contain_text("taken back at step")
    expect(gradients).not_to_contain_text("frozen")
    book.scroll_to("curves")
    # Both marks have become one if the clicks came in quick succession.
    marks = book.view("curves").locator(".annotation", has_text=re.compile("^(△|▲2)$"))
    expect(marks).to_be_visible()
    assert "events: [('freeze', True)]" in ended(book, training)


def test_the_keyboard_changes_a_field_and_a_refusal_is_displayed_in_place(book, training):
    form = book.view("tuning")
    field = form.get_by_label("Momentum of group 0", exact=True)
    field.fill("1.5")
    field.press("Enter")
    expect(form.locator(".labkit-warning")).to_contain_text(
        "the momentum must be from 0 to below 1"
    )
    field.fill("0.5")
    field.press("Enter")
    expect(form.locator(".labkit-tuning-events li")).to_contain_text("0.9 → 0.5")
    expect(form.locator(".labkit-warning")).to_have_count(0)
    assert "events: [('momentum', False)]" in ended(book, training)
