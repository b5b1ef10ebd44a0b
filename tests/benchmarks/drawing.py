"""Measures the graph view in a real JupyterLab: to the first picture, unfolding, pan and zoom.

Kernel and page run on one machine and read one clock, so a time is the page's at the end less
the kernel's (or the click's) at the beginning. The page's end is the animation frame after the
one in which the boxes stood on the sheet.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

from tests.browser.lab import NotebookPage, launch_browser, running_lab

_REPEATS = 5
_PAN_SECONDS = 3

_IMPORTS = """
import random
import time
import torch
from torch import nn
import labkit as lk

class Chain(nn.Module):
    "So many operations of one module in a row, in no order that repeats itself."
    def __init__(self, length, seed=0):
        super().__init__()
        known = [torch.tanh, torch.sin, torch.cos, torch.sigmoid, torch.erf]
        draw, self.operations = random.Random(seed), [torch.neg]
        while len(self.operations) < length:
            others = [each for each in known if each is not self.operations[-1]]
            self.operations.append(draw.choice(others))
        self.scale = nn.Parameter(torch.ones(3))
    def forward(self, x):
        for operation in self.operations:
            x = operation(x * self.scale)
        return x

class Around(nn.Module):
    def __init__(self, *chains):
        super().__init__()
        self.chains = nn.ModuleList(chains)
    def forward(self, x):
        for chain in self.chains:
            x = chain(x)
        return x

def timed(model, *inputs):
    began = time.time()
    view = lk.graph(model, *inputs)
    print("began", 1000 * began)
    return view

timed(nn.Linear(2, 2), torch.ones(1, 2))
"""
_GPT2 = """
from transformers import GPT2Config, GPT2LMHeadModel
shape = dict(n_layer=12, n_head=4, n_embd=192, vocab_size=1000, n_positions=64)
gpt2 = GPT2LMHeadModel(GPT2Config(**shape))
tokens = torch.randint(0, 1000, (2, 32))
timed(gpt2, tokens)
"""
_REPEAT_GPT2 = "timed(gpt2, tokens)"
_HUNDRED = "timed(Around(Chain(48), Chain(2)), torch.ones(2, 3))"
_THOUSAND = "timed(Around(*(Chain(60, seed) for seed in range(8))), torch.ones(2, 3))"

_WATCH = """(count) => {
  const root = () => [...document.querySelectorAll('[data-labkit-view="graph"]')].at(-1);
  const boxes = () => root()?.querySelectorAll('[data-labkit-node]').length ?? 0;
  const drawn = () => new Promise((done) => {
    const look = () => boxes() >= count && root() !== window.labkitLast
      ? requestAnimationFrame(() => done(Date.now())) : requestAnimationFrame(look);
    look();
  });
  window.labkitDrawn = drawn();
}"""
_REMEMBER = """() => {
  window.labkitLast = [...document.querySelectorAll('[data-labkit-view="graph"]')].at(-1);
}"""
_UNFOLD = """([title, more]) => new Promise((done) => {
  const root = [...document.querySelectorAll('[data-labkit-view="graph"]')].at(-1);
  const boxes = () => root.querySelectorAll('[data-labkit-node]').length;
  const before = boxes();
  const box = [...root.querySelectorAll('svg [role=button]')]
    .find((each) => each.closest('g').textContent.includes(title));
  const began = performance.now();
  box.dispatchEvent(new MouseEvent('click', {bubbles: true}));
  const look = () => boxes() >= before + more
    ? requestAnimationFrame(() => done(performance.now() - began)) : requestAnimationFrame(look);
  look();
})"""
_COUNT_FRAMES = """(seconds) => new Promise((done) => {
  let frames = 0;
  const began = performance.now();
  const next = () => {
    frames += 1;
    const passed = performance.now() - began;
    if (passed < 1000 * seconds) requestAnimationFrame(next);
    else done(1000 * frames / passed);
  };
  requestAnimationFrame(next);
})"""


@dataclass(frozen=True)
class Figure:
    """One measured figure of the page, with its aim."""

    what: str
    value: str
    aim: str


def measure_drawing() -> list[Figure]:
    """Drive the graph view and return what was measured."""
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        running_lab(Path(folder)) as lab,
    ):
        browser = launch_browser(playwright)
        page = browser.new_page(viewport={"width": 1400, "height": 1200})
        cells = [_IMPORTS, _GPT2, *[_REPEAT_GPT2] * _REPEATS, _HUNDRED, _THOUSAND]
        book = NotebookPage(page, lab, "drawing.ipynb", cells)
        _time_to_picture(book, 0, 2)
        first = [_time_to_picture(book, number, 4) for number in range(1, _REPEATS + 2)]
        hundred = _REPEATS + 2
        _time_to_picture(book, hundred, 2)
        unfolding = page.evaluate(_UNFOLD, ["Chain", 90])
        _time_to_picture(book, hundred + 1, 8)
        still, moving = _frames_a_second(page)
        browser.close()
    return [
        Figure("folded GPT-2, from the call to the picture", f"{median(first):.0f} ms", "700 ms"),
        Figure("unfold a container of 100 nodes", f"{unfolding:.0f} ms", "150 ms"),
        Figure(
            "pan and zoom at 1,000 visible nodes",
            f"{moving:.0f} frames a second (the page at rest: {still:.0f})",
            "50 frames a second",
        ),
    ]


def _time_to_picture(book: NotebookPage, cell: int, boxes: int) -> float:
    """Run a cell and return the milliseconds from its call to its picture."""
    page = book.page
    page.evaluate(_REMEMBER)
    page.evaluate(_WATCH, boxes)
    book.run_cell(cell)
    ended = page.evaluate("window.labkitDrawn")
    book.await_idle()
    words = book.cell(cell).locator(".jp-OutputArea-output", has_text="began").inner_text()
    return float(ended) - float(words.split()[-1])


def _frames_a_second(page: Page) -> tuple[float, float]:
    """Unfold everything; return the frames a second at rest, and while panning and zooming."""
    view = page.locator('[data-labkit-view="graph"]').last
    view.get_by_role("button", name="Unfold all").click()
    view.locator("[data-labkit-node]").nth(900).wait_for(state="attached")
    stage = view.locator(".labkit-graph-stage")
    stage.scroll_into_view_if_needed()
    still = float(page.evaluate(_COUNT_FRAMES, 1))
    box = stage.bounding_box()
    if box is None:
        raise RuntimeError("The graph's stage is not on the page.")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate(f"() => {{ window.labkitFrames = ({_COUNT_FRAMES})({_PAN_SECONDS}) }}")
    page.mouse.down()
    for turn in range(30):
        page.mouse.move(box["x"] + 100 + 10 * turn, box["y"] + 60 + 3 * turn)
    page.mouse.up()
    for turn in range(30):
        page.mouse.wheel(0, 60 if turn % 6 < 3 else -60)
    return still, float(page.evaluate("window.labkitFrames"))
