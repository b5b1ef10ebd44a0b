"""The graph view in a real page: the boxes are those of the graph, folded, unfolded and found."""

import json
import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

MODEL = """
import torch, labkit as lk
from torch import nn
torch.manual_seed(0)
block = lambda: nn.Sequential(nn.Linear(4, 4), nn.Tanh())
model = nn.Sequential(block(), block(), nn.Linear(4, 1))
view = lk.graph(model, torch.randn(3, 4))
view
"""
COUNT = """
import json
g = view.graph
print(json.dumps({"nodes": [n.id for n in g.nodes], "modules": [m.id for m in g.modules]}))
"""
CUT = """
import torch, labkit as lk
w = torch.ones(3, requires_grad=True)
with lk.graph.record() as g:
    (w.exp() * w.detach()).sum().backward()
g.view()
"""


def drawn(graph, handle):
    """Return the ids that are on the page."""
    return set(
        graph.locator(f"[{handle}]").evaluate_all(
            f"all => all.map(e => e.getAttribute('{handle}'))"
        )
    )


def test_the_page_has_the_boxes_of_the_graph_folded_and_unfolded(open_notebook):
    book = open_notebook([MODEL, COUNT])
    book.run_cell(0)
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible(timeout=30_000)
    assert {"0#1", "1#1", "2#1"} <= drawn(graph, "data-labkit-node")
    book.await_idle()
    book.run_cell(1)
    book.await_idle()
    text = book.cell(1).locator(".jp-OutputArea-output").inner_text()
    real = json.loads(text[text.index("{") :])
    graph.get_by_role("button", name="Unfold all", exact=True).click()
    expect(graph.locator("[data-labkit-node]")).to_have_count(len(real["nodes"]))
    assert drawn(graph, "data-labkit-node") == set(real["nodes"])
    assert drawn(graph, "data-labkit-module") == set(real["modules"])
    graph.get_by_role("button", name="Fold all", exact=True).click()
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible()
    expect(graph.locator('[data-labkit-node="0.0#1/addmm:0"]')).to_have_count(0)
    assert book.errors == []


def test_what_is_found_is_opened_and_what_flows_through_it_stays_bright(open_notebook):
    book = open_notebook([MODEL])
    book.run_cell(0)
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible(timeout=30_000)
    field = graph.get_by_role("searchbox", name="Find in the graph")
    field.fill("1.0.weight")
    field.press("Enter")
    weight = graph.locator('[data-labkit-node="1.0#1/weight:0"]')
    expect(weight).to_be_visible()
    expect(graph).to_contain_text("1 of 1: 1.0/weight:0")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_have_class(re.compile("faded"))
    expect(graph.locator('[data-labkit-node="2#1"]')).not_to_have_class(re.compile("faded"))
    weight.click()
    expect(graph.locator(".labkit-graph-faded")).to_have_count(0)
    assert book.errors == []


def test_a_cut_says_why_the_gradient_stops(open_notebook):
    book = open_notebook([CUT])
    book.run_cell(0)
    graph = book.view("graph")
    cut = graph.locator('[data-labkit-node="/detach:0"]')
    expect(cut).to_be_visible(timeout=30_000)
    cut.hover()
    expect(graph).to_contain_text("The gradient stops here")
    assert book.errors == []
