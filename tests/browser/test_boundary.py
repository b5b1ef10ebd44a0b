"""The boundary view of the course in a real page: live while a cell runs, by mouse and by keys."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

CELLS = [
    "import torch, labkit as lk; from torch import nn; from labkit import learn",
    """
torch.manual_seed(0)
x = torch.randn(60, 2)
y = (x[:, 0] > 0).float()
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
view = learn.BoundaryView(model, x, y, names=("size", "shape"), classes=("no", "yes"))
view.show()
with lk.watch(model, pace=10, show=False):
    for _ in range(30):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x)[:, 0], y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        view.update()
""",
]


def test_the_boundary_moves_while_the_cell_runs_and_can_be_walked_through(open_notebook):
    book = open_notebook(CELLS)
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    view = book.view("boundary")
    slider, canvas = view.locator("input[type=range]"), view.locator("canvas")
    status = view.get_by_role("status")
    # Some way through: while the cell is still running, an earlier step can be shown.
    expect(view).to_have_attribute("data-labkit-step", re.compile("[1-9]"), timeout=30_000)
    slider.focus()
    book.page.keyboard.press("Home")
    expect(view).to_have_attribute("data-labkit-step", "0")
    expect(book.cell(1).locator(".jp-InputPrompt")).to_have_text("[*]:")
    book.await_idle()
    expect(view).to_have_attribute("data-labkit-step", "0")
    book.page.keyboard.press("End")
    expect(view).to_have_attribute("data-labkit-step", "30")
    canvas.focus()
    book.page.keyboard.press("ArrowUp")
    expect(status).to_contain_text("logit")
    book.page.keyboard.press("Escape")
    box = canvas.bounding_box()
    book.page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    for share in range(20, 80):  # across the middle, some sample is near
        book.page.mouse.move(box["x"] + share / 100 * box["width"], box["y"] + 0.5 * box["height"])
        if "logit" in status.inner_text():
            break
    expect(status).to_contain_text("pull")
    assert book.errors == []
