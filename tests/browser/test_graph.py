"""The graph view in a real page: nodes, folding, search, details, minimap and copying."""

import json
import re
import xml.etree.ElementTree as ET

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

TIMES, TWELVE = "\N{MULTIPLICATION SIGN}", "\N{MULTIPLICATION SIGN}12"

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
    """Return the ids of the elements on the page."""
    return set(
        graph.locator(f"[{handle}]").evaluate_all(
            f"all => all.map(e => e.getAttribute('{handle}'))"
        )
    )


def test_the_page_has_the_nodes_of_the_graph_folded_and_unfolded(open_notebook):
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


def test_a_search_result_is_unfolded_and_unrelated_nodes_fade(open_notebook):
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


def test_a_cut_explains_why_the_gradient_stops(open_notebook):
    book = open_notebook([CUT])
    book.run_cell(0)
    graph = book.view("graph")
    cut = graph.locator('[data-labkit-node="/detach:0"]')
    expect(cut).to_be_visible(timeout=30_000)
    cut.hover()
    expect(graph).to_contain_text("The gradient stops here")
    assert book.errors == []


STACK = """
import torch, labkit as lk
from torch import nn
torch.manual_seed(0)
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.up, self.down = nn.Linear(4, 8), nn.Linear(8, 4)
    def forward(self, x):
        return x + self.down(self.up(x).tanh())
model = nn.Sequential(*[Block() for _ in range(12)], nn.Linear(4, 1))
for k, block in enumerate(model[:12]):
    nn.init.constant_(block.up.bias, k)
lk.graph(model, torch.randn(3, 4))
"""
TRAINING = """
import torch, labkit as lk
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
with lk.watch(model, show=False) as run:
    for _ in range(200):
        optimizer.zero_grad()
        model(torch.randn(16, 4)).square().mean().backward()
        optimizer.step()
lk.GraphView(run)
"""


def test_repeated_blocks_are_one_node_with_a_slider(open_notebook):
    book = open_notebook([STACK])
    book.run_cell(0)
    graph = book.view("graph")
    block = graph.locator('[data-labkit-node="0#1"]')
    expect(block).to_contain_text(TWELVE, timeout=30_000)
    expect(graph.locator('[data-labkit-node="3#1"]')).to_have_count(0)
    block.click()
    bias = graph.locator('[data-labkit-node="0.up#1/bias:0"]')
    graph.get_by_role("button", name="Unfold all", exact=True).click()
    expect(bias).to_be_visible()
    place = bias.get_attribute("transform")
    slider = graph.get_by_role("slider", name="Pass of Block")
    slider.focus()
    slider.press("End")
    expect(graph).to_contain_text("12 of 12")
    bias.click()
    expect(graph.locator("aside")).to_contain_text("11.up.bias")
    expect(graph.locator("aside")).to_contain_text("11.0 ± 0")  # the values of the last block
    assert bias.get_attribute("transform") == place
    graph.locator('[data-labkit-node="0.up#1/addmm:0"]').click()
    expect(graph.locator("aside")).to_contain_text(re.compile("Mean ± deviation1[01]\\."))
    graph.get_by_role("button", name="Fold all", exact=True).click()
    graph.get_by_role("button", name="Show all", exact=True).click()
    expect(graph.locator("[data-labkit-node]")).to_have_count(14)
    assert book.errors == []


def test_selecting_a_node_of_a_run_shows_its_statistics(open_notebook):
    book = open_notebook([TRAINING])
    book.run_cell(0)
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible(timeout=30_000)
    graph.get_by_role("button", name="Unfold all", exact=True).click()
    graph.locator('[data-labkit-node="0#1/weight:0"]').click()
    side = graph.locator("aside")
    for words in (
        "0.weight",
        "Gradient norm",
        "Weight norm",
        "Update ratio",
        f"8{TIMES}4",
        "Values",
    ):
        expect(side).to_contain_text(words)
    expect(side.get_by_role("img", name=re.compile("Histogram of values"))).to_be_visible()
    expect(side.get_by_role("img", name=re.compile("Histogram of gradient"))).to_be_visible()
    side.get_by_role("button", name="Close").click()
    expect(side).to_be_hidden()
    assert book.errors == []


def test_nodes_can_show_backward_operations_and_other_colours(open_notebook):
    book = open_notebook([TRAINING])
    book.run_cell(0)
    graph = book.view("graph")
    box = graph.locator('[data-labkit-node="0#1"]')
    expect(box).to_have_class(re.compile("coloured"), timeout=30_000)
    by_norm = box.get_attribute("style")
    graph.get_by_role("combobox", name="Colour by").select_option("Activation size")
    expect(box).not_to_have_attribute("style", by_norm)
    graph.get_by_role("combobox", name="Colour by").select_option("Forward FLOP")
    expect(graph.get_by_role("img", name=re.compile("Forward FLOP from .* FLOP"))).to_be_visible()
    box.hover()
    expect(graph.get_by_role("tooltip")).to_contain_text(
        re.compile("FLOP forward, .*FLOP backward")
    )
    graph.get_by_role("combobox", name="Side of the boxes").select_option("Backward")
    expect(graph.locator('[data-labkit-node="/mean:0"]')).to_contain_text("MeanBackward0")
    assert book.errors == []


def test_a_zoomed_graph_has_a_minimap_that_scrolls_it(open_notebook):
    book = open_notebook([STACK])
    book.run_cell(0)
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible(timeout=30_000)
    world = graph.locator(".labkit-graph-world")
    minimap = graph.get_by_role("img", name=re.compile("Map of the graph"))
    expect(minimap).to_be_hidden()
    for _ in range(8):
        graph.get_by_role("button", name="Zoom in").click()
    expect(minimap).to_be_visible()
    before = world.get_attribute("transform")
    minimap.click(position={"x": 2, "y": 2})
    expect(world).not_to_have_attribute("transform", before)
    graph.get_by_role("button", name="Fit", exact=True).click()
    expect(minimap).to_be_hidden()
    assert book.errors == []


def test_the_picture_can_be_copied_as_svg_and_png(open_notebook):
    book = open_notebook([STACK])
    book.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    book.run_cell(0)
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible(timeout=30_000)
    copy = graph.get_by_role("combobox", name="Copy the picture as")
    copy.select_option("SVG")
    expect(graph).to_contain_text("on the clipboard, as SVG")
    picture = ET.fromstring(book.page.evaluate("navigator.clipboard.readText()"))
    words = "".join(picture.itertext())
    assert TWELVE in words
    assert "var(" not in ET.tostring(picture, "unicode")
    copy.select_option("PNG")
    expect(graph).to_contain_text("on the clipboard, as PNG")
    types = book.page.evaluate("navigator.clipboard.read().then(all => all[0].types)")
    assert types == ["image/png"]
    assert book.errors == []
