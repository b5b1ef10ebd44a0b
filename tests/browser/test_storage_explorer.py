"""The storage explorer in JupyterLab: pointed at, walked through by keys, and edited."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

EXPLORER = """
import torch

from labkit import learn

t = torch.arange(12).reshape(3, 4)
learn.StorageExplorer({"t": t, "t.T": t.T})
"""


def test_a_recipe_is_chosen_typed_and_walked_through(open_notebook):
    book = open_notebook([EXPLORER], width=700)
    book.run_cell(0)
    book.await_idle()
    explorer = book.cell(0).locator('[data-labkit-view="storage"]')
    explorer.get_by_role("button", name="t.T", exact=True).click()
    expect(explorer.get_by_role("status")).to_contain_text("This is t.T. It is not contiguous")
    explorer.get_by_label("element [1, 2] reads place 9").hover()
    expect(explorer.get_by_label("place 9 holds 9")).to_have_class("cell marked")
    expect(explorer).to_contain_text("[1, 2]: 0 + 1 × 1 + 2 × 4 = place 9, which holds 9")
    explorer.get_by_label("stride").fill("5, 1")
    book.page.keyboard.press("Enter")
    expect(explorer.get_by_role("status")).to_contain_text("The storage ends at 11")
    explorer.get_by_label("shape").fill("3")
    explorer.get_by_label("stride").fill("5")
    book.page.keyboard.press("Enter")
    explorer.get_by_label("element [0] reads place 0").focus()
    book.page.keyboard.press("ArrowRight")
    expect(explorer.get_by_label("element [1] reads place 5")).to_be_focused()
    expect(explorer).to_contain_text("[1]: 0 + 1 × 5 = place 5, which holds 5")
    assert book.errors == []
