"""The loop with switches in JupyterLab: a line is switched off by mouse and by keyboard."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

LOOP = """
import torch
from torch import nn

from labkit import learn

x = torch.linspace(-1, 1, 16)[:, None]


def fresh():
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.3)


def train(model, optimizer, record):
    for _ in range(12):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), 2 * x)
        loss.backward()
        optimizer.step()
        record(loss=loss.item())


learn.LoopSwitches(train, fresh)
"""


def test_lines_are_switched_off_by_mouse_and_by_keyboard(open_notebook):
    book = open_notebook([LOOP, "x = None"], width=700)
    book.run_cell(0)
    book.run_cell(1)  # what a later cell assigns does not matter
    book.await_idle()
    loop = book.cell(0).locator('[data-labkit-view="loop"]')
    expect(loop.get_by_role("switch")).to_have_count(4)
    loop.get_by_role("switch", name="optimizer.step()").click()
    expect(loop.get_by_role("status")).to_contain_text('without "optimizer.step()": loss')
    chart = loop.get_by_role("img")
    expect(chart).to_have_attribute("aria-label", re.compile("all lines: from .*; without"))
    cells = book.page.locator(".jp-Notebook .jp-Cell").count()
    loop.get_by_role("slider", name="Step").focus()
    book.page.keyboard.press("Home")
    expect(loop).to_contain_text("step 0 · loss")
    loop.get_by_role("switch", name="optimizer.step()").focus()
    book.page.keyboard.press("Space")
    expect(loop.get_by_role("status")).to_contain_text("Switch a line off")
    expect(loop.get_by_role("switch", name="optimizer.step()")).to_be_focused()
    assert book.page.locator(".jp-Notebook .jp-Cell").count() == cells
    assert book.errors == []
