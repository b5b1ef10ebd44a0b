"""What a graph says of its boxes, in a real page: names, sizes, roles, and loops as one box."""

import re

import pytest
from playwright.sync_api import expect

from .lab import NotebookPage

pytestmark = pytest.mark.browser

TIMES, MIDDLE_DOT = "\N{MULTIPLICATION SIGN}", "\N{MIDDLE DOT}"
THEMES = ("JupyterLab Light", "JupyterLab Dark")

TEXTS_OUTSIDE = """
all => all.flatMap(group => {
  const body = group.querySelector(
    ":scope > .labkit-graph-body, :scope > .labkit-graph-bar-body, .labkit-graph-bar-body"
  );
  if (!body) return [];
  const box = body.getBoundingClientRect();
  const texts = [...group.querySelectorAll("text")].map(text => {
    const { left, right } = text.getBoundingClientRect();
    return { words: text.textContent, left, right };
  }).filter(text => text.right > text.left).sort((one, two) => one.left - two.left);
  const rows = group.matches(".labkit-graph-module") ? [] : texts;
  return texts.filter((text, place) =>
    text.words.includes("\\u2026") || text.left < box.left - 1 || text.right > box.right + 1 ||
    (rows[place - 1] && rows[place - 1].right > text.left + 1)
  ).map(text => text.words);
})
"""
"""Returns the texts that are cut, are outside their boxes, or overlap the text before."""


def assert_labels_fit(graph):
    for kind in (".labkit-graph-module", ".labkit-graph-pill", ".labkit-graph-frame"):
        assert graph.locator(kind).evaluate_all(TEXTS_OUTSIDE) == []


ATTENTION = """
import torch, labkit as lk
from torch import nn
torch.manual_seed(0)
class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(8, 8) for _ in range(3))
    def forward(self, x):
        return (self.q(x) @ self.k(x).mT / 8**0.5).softmax(-1) @ self.v(x)
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.attention = nn.Linear(4, 8), Attention()
        self.layers = nn.Sequential(nn.Linear(8, 8), nn.GELU(), nn.Linear(8, 2))
    def forward(self, x):
        return self.layers.forward(self.attention(self.embed(x)))
model = Net()
model.embed.requires_grad_(False)
model.attention.k.requires_grad_(False)
lk.graph(model, torch.randn(2, 5, 4, requires_grad=True))
"""
LOOP = """
import torch, labkit as lk
from torch import nn
torch.manual_seed(0)
class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.cell, self.head = nn.Linear(4, 4), nn.GRUCell(4, 5), nn.Linear(5, 3)
    def forward(self, x):
        state, out = None, []
        for item in self.embed(x).unbind(1):
            state = self.cell(item if state is None else item + state.mean(), state)
            out.append(self.head(state))
        return torch.stack(out, 1)
lk.graph(Decoder(), torch.randn(2, 10, 4))
"""
TRAINING = """
import itertools, torch, labkit as lk
from torch import nn
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
with lk.watch(model, show=False, budget=1.0) as run:
    for step in itertools.count():
        model[0].requires_grad_(step < 40)
        optimizer.zero_grad(set_to_none=False)
        model(torch.randn(32 if step % 4 else 7, 4)).square().mean().backward()
        optimizer.step()
        if step > 60 and run.graph.sizes:
            break
"""
GRAPH, GRADIENTS = "lk.GraphView(run)", "lk.GradientView(run)"


@pytest.mark.parametrize("theme", THEMES)
def test_attention_weights_classes_and_frozen_parameters_are_labelled(open_notebook, theme):
    book: NotebookPage = open_notebook([ATTENTION], theme=theme)
    book.run_cell(0)
    graph = book.view("graph")
    layers = graph.locator('[data-labkit-node="layers#1"]')
    expect(layers).to_be_visible(timeout=30_000)
    expect(graph.locator('[data-labkit-node="embed#1"]')).to_contain_text("frozen")
    expect(graph.locator('[data-labkit-node="attention#1"]')).to_contain_text("72 frozen")
    assert_labels_fit(graph)
    graph.get_by_role("button", name="Unfold all", exact=True).click()
    softmax = graph.locator('[data-labkit-node="attention#1/softmax:0"]')
    expect(softmax).to_contain_text(f"attention weights {MIDDLE_DOT} 2{TIMES}5{TIMES}5")
    frames = graph.locator('[data-labkit-module="layers.0#1"]')
    expect(frames).to_contain_text(re.compile(f"layers.0 {MIDDLE_DOT} Linear"))
    assert_labels_fit(graph)
    field = graph.get_by_role("searchbox", name="Find in the graph")
    field.fill("attention weights")
    field.press("Enter")
    expect(graph).to_contain_text("1 of 1: attention/softmax:0")
    softmax.click()
    expect(graph.locator("aside")).to_contain_text("attention weights")
    assert book.errors == []


@pytest.mark.parametrize("theme", THEMES)
def test_a_loop_is_one_box_that_opens(open_notebook, theme):
    book = open_notebook([LOOP], theme=theme)
    book.run_cell(0)
    graph = book.view("graph")
    loop = graph.locator('[data-labkit-node="cell#1/passes"]')
    expect(loop).to_contain_text(f"{TIMES}10", timeout=30_000)
    expect(loop).to_contain_text("GRUCell")
    assert_labels_fit(graph)
    loop.click()
    cell = graph.locator('[data-labkit-node="cell#1"]')
    expect(cell).to_be_visible()
    expect(graph.locator('[data-labkit-node="head#1"]')).to_be_visible()
    expect(graph).to_contain_text("2 of 10")
    assert_labels_fit(graph)
    graph.get_by_role("button", name="Show all", exact=True).click()
    expect(graph.locator('[data-labkit-node^="cell#"]')).to_have_count(10)
    graph.get_by_role("button", name="Roll up", exact=True).click()
    expect(loop).to_be_visible()
    expect(graph).to_contain_text("2 of 10")
    assert book.errors == []


@pytest.mark.parametrize("theme", THEMES)
def test_sizes_that_vary_have_names_and_frozen_rows_are_labelled(open_notebook, theme):
    book = open_notebook([TRAINING, GRAPH, GRADIENTS], theme=theme)
    for cell in range(3):
        book.run_cell(cell)
        book.await_idle()
    graph = book.view("graph")
    box = graph.locator('[data-labkit-node="2#1"]')
    expect(box).to_contain_text(f"N{TIMES}8", timeout=30_000)
    expect(graph).to_contain_text("Sizes vary: N is")
    expect(graph.locator(".labkit-graph-reshaped, .labkit-graph-new")).to_have_count(0)
    assert_labels_fit(graph)
    gradients = book.view("gradients")
    for name in ("0.weight", "0.bias"):
        row = gradients.locator(f'.labkit-heat-names [data-name="{name}"]')
        expect(row).to_have_text(f"{name} {MIDDLE_DOT} frozen")
    expect(gradients.locator('.labkit-heat-names [data-name="2.weight"]')).to_have_text("2.weight")
    assert book.errors == []
