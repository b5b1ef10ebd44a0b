"""Passes that fail, in a real page: what is marked, and the text beside it."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

ERRORS = ".labkit-graph-failures"

FORWARD = """
import torch, labkit as lk
from torch import nn
block = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(6, 2))
lk.graph(nn.Sequential(block), torch.ones(3, 4))
"""
IN_PLACE = """
import torch, labkit as lk
w = torch.ones(3, requires_grad=True)
with lk.graph.record(keep_errors=True) as failed:
    kept = w.exp()
    total = kept.sum()
    kept += 1
    total.backward()
failed.view()
"""
TRAINING = """
import torch, labkit as lk
from torch import nn
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
with lk.watch(model) as run:
    for step in range(30):
        optimizer.zero_grad()
        model(torch.ones(3, 4 if step < 29 else 5)).mean().backward()
        optimizer.step()
"""


def test_a_failed_call_is_displayed_with_its_error_and_line(open_notebook):
    book = open_notebook([FORWARD])
    book.run_cell(0)
    graph = book.view("graph")
    failed = graph.locator('[data-labkit-node="0.2#1/linear:0"]')
    expect(failed).to_be_visible(timeout=30_000)
    expect(failed).to_contain_text("failed")
    expect(graph.locator(ERRORS)).to_contain_text("cannot be multiplied (3x8 and 6x2)")
    expect(graph.locator(ERRORS)).to_contain_text("notebook cell:4")
    book.await_idle()
    assert "RuntimeError" in book.text()
    graph.get_by_role("button", name="Fold all", exact=True).click()
    expect(failed).to_have_count(0)
    expect(graph.locator('[data-labkit-node="0#1"]')).to_contain_text("failed")
    graph.get_by_role("button", name="linear in 0.2").click()
    expect(failed).to_be_visible()
    assert book.errors == []


def test_both_places_of_an_in_place_change_are_marked(open_notebook):
    book = open_notebook([IN_PLACE])
    book.run_cell(0)
    graph = book.view("graph")
    expect(graph.locator(".labkit-graph-failed")).to_have_count(2, timeout=30_000)
    status = graph.locator(ERRORS)
    expect(status).to_contain_text("The tensor was changed by add_ (notebook cell:6)")
    expect(status).to_contain_text("needed for the gradient of exp (notebook cell:4)")
    assert book.errors == []


def test_the_dashboard_shows_where_a_loop_failed(open_notebook):
    book = open_notebook([TRAINING])
    book.run_cell(0)
    book.scroll_to("graph")
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1/linear:0"]')).to_be_visible(timeout=30_000)
    expect(graph.locator(ERRORS)).to_contain_text("3x5 and 4x8")
    assert book.errors == []
