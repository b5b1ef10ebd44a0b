"""The stepper in a real page: steps, values, edits and layout."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# The page formats numbers with the Unicode minus sign.
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"

# (2 * 3 + 1 - 10)² = 9
SMALL = """
import torch, labkit as lk
w = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(1.0, requires_grad=True)
def loss(): return (w * 3.0 + b - 10.0) ** 2
lk.stepper(loss)
"""
BACKWARD = 'loss().backward(); print(f"w: {w.grad:g}, b: {b.grad:g}")'
# The square root of a negative product.
BROKEN = """
import torch, labkit as lk
w = torch.tensor(-2.0, requires_grad=True)
lk.stepper(lambda: (w * 3.0).sqrt())
"""
# A leaf with more elements than fit in a row of the view.
WIDE = """
import torch, labkit as lk
w = torch.linspace(-1.0, 1.0, 48, requires_grad=True)
lk.stepper(lambda: (w * w).sum())
"""


class Stepper:
    """A stepper on a page, read through its data attributes."""

    def __init__(self, book):
        self.book = book
        book.run_cell(0)
        book.await_idle()
        self.root = book.view("stepper")
        expect(self.root).to_have_attribute("data-labkit-step", "0", timeout=30_000)

    @property
    def step(self):
        return int(self.root.get_attribute("data-labkit-step"))

    @property
    def phase(self):
        return self.root.get_attribute("data-labkit-phase")

    def press(self, name):
        self.root.get_by_role("button", name=name, exact=True).click()

    def section(self, title):
        """Return the section of the event panel with a title."""
        heading = self.root.page.get_by_role("heading", name=title, exact=True)
        return self.root.locator("section").filter(has=heading)

    def advance_to(self, phase):
        """Step on until a phase begins."""
        while self.phase != phase:
            before = self.step
            self.press("Step on")
            assert self.step == before + 1


@pytest.fixture
def small(open_notebook):
    return Stepper(open_notebook([SMALL.strip(), BACKWARD]))


def test_step_on_and_step_back_change_the_event(small):
    expect(small.root).to_have_attribute("data-labkit-phase", "forward")
    small.press("Step on")
    expect(small.root).to_have_attribute("data-labkit-step", "1")
    small.press("Step back")
    expect(small.root).to_have_attribute("data-labkit-step", "0")
    expect(small.root.get_by_role("button", name="Step back", exact=True)).to_be_disabled()
    assert small.book.errors == []


def test_the_chain_rule_is_shown_with_its_values(small):
    small.advance_to("backward")
    while "pow" not in small.root.locator(".labkit-stepper-head").inner_text():
        small.press("Step on")
    expect(small.section("gradient in")).to_contain_text("1")
    expect(small.section(f"{TIMES} local derivative")).to_contain_text(f"{MINUS}6")
    expect(small.section("= gradient out")).to_contain_text(f"{MINUS}6")


def test_playing_to_the_end_shows_the_gradients_of_backward(small):
    small.advance_to("accumulate")
    shown = {}
    while True:
        name = small.root.locator(".labkit-stepper-head strong").inner_text()
        if small.phase == "accumulate":
            shown[name] = small.section("= .grad after").locator("strong").inner_text()
        if small.root.get_by_role("button", name="Step on", exact=True).is_disabled():
            break
        small.press("Step on")
    last = small.step
    for _ in range(2):
        small.press("Step back")
    small.press("Play")
    expect(small.root).to_have_attribute("data-labkit-step", str(last), timeout=30_000)
    expect(small.root.get_by_role("button", name="Play", exact=True)).to_be_visible()
    small.book.run_cell(1)
    small.book.await_idle()
    printed = dict(re.findall(r"(\w): (-?[\d.]+)", small.book.cell(1).inner_text()))
    assert {name: text.replace(MINUS, "-") for name, text in shown.items()} == printed


def test_editing_a_leaf_changes_the_loss_and_reset_restores_it(small):
    while small.root.locator(".labkit-stepper-head strong").inner_text() != "pow":
        small.press("Step on")
    loss = small.section("= result").locator("strong")
    expect(loss).to_have_text("9")
    field = small.root.get_by_label("w, element 1", exact=True)
    field.fill("5")
    field.press("Enter")
    expect(loss).to_have_text("36")
    small.press("Reset")
    expect(loss).to_have_text("9")
    small.book.run_cell(1)
    small.book.await_idle()
    expect(small.book.cell(1)).to_contain_text("w: -18, b: -6")


def test_first_nan_selects_the_event_with_the_first_nan(open_notebook):
    stepper = Stepper(open_notebook([BROKEN.strip()]))
    stepper.press("First NaN")
    expect(stepper.root.locator(".labkit-stepper-head strong")).to_have_text("sqrt")
    expect(stepper.section("= result")).to_contain_text("NaN")
    expect(stepper.root).to_have_attribute("data-labkit-phase", "forward")


@pytest.mark.parametrize("width", [1280, 480])
@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_no_view_overflows_in_any_theme_or_width(open_notebook, theme, width):
    stepper = Stepper(open_notebook([WIDE.strip()], theme=theme, width=width))
    stepper.advance_to("backward")
    assert stepper.root.evaluate("(root) => root.scrollWidth <= root.clientWidth + 1")
