"""Makes the pictures of ``docs/`` from real runs in a real JupyterLab.

``python -m tests.browser.pictures`` makes all of them, or those that are named:
``training`` (docs/training.webp), ``dashboard`` and ``graph`` (docs/*.png).
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from .film import Pointer, filmed
from .lab import Lab, NotebookPage, launch_browser, running_lab

DOCS = Path(__file__).resolve().parents[2] / "docs"
PANEL = ".jp-WindowedPanel-outer"
SPEED = 2.0
"""How much faster than recorded the film is shown; the README states it."""
PANEL_SHIFT = 150
"""CSS pixels by which a graph is moved to the left of its side panel."""

DIGITS = """
import os
import torch
import torch.nn.functional as F
from torch import nn
from labkit import learn

os.nice(10)  # the page is to be drawn in time, on a machine with few cores too
torch.set_num_threads(1)
digits = learn.digits()
images, labels = digits.x_train, digits.y_train

class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.conv = nn.Conv2d(before, after, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(after)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))

class DigitNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = Block(1, 16)
        self.body = Block(16, 32)
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(512, 10)

    def forward(self, x):
        return self.head(self.pool(self.body(self.stem(x))).flatten(1))

def batches():
    dataset = torch.utils.data.TensorDataset(images, labels)
    return torch.utils.data.DataLoader(dataset, batch_size=32, shuffle=True, drop_last=True)

def accuracy(model):
    model.eval()
    with torch.no_grad():
        right = model(digits.x_test).argmax(1) == digits.y_test
    model.train()
    return right.float().mean()
"""
"""A module beside the notebooks: handwritten digits and a small convolutional network."""

PREPARE = """
import torch
import torch.nn.functional as F

import labkit as lk
from digits import DigitNet, accuracy, batches, images

torch.manual_seed(0)
model, loader = DigitNet(), batches()
optimizer = torch.optim.SGD(model.parameters(), lr=0.002)
""".strip()
TRAIN = """
with lk.watch(model, activations=images[:1]) as run:
    for epoch in range({epochs}):
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        run.log(accuracy=accuracy(model))
""".strip()
GPT2 = """
import torch
from transformers import GPT2Config, GPT2LMHeadModel

import labkit as lk

torch.manual_seed(0)
sizes = {"n_layer": 12, "n_head": 4, "n_embd": 192, "vocab_size": 1000, "n_positions": 64}
model = GPT2LMHeadModel(GPT2Config(**sizes))
lk.graph(model, torch.randint(0, 1000, (2, 32)))
""".strip()
PLAIN = """
.jp-WindowedPanel-outer { scrollbar-width: none; }
"""


def open_page(
    browser: Browser, lab: Lab, cells: list[str], width: int, height: int, scale: float = 1
) -> NotebookPage:
    """Open a notebook of some cells beside the module of `DIGITS`, and run the first cell."""
    (lab.folder / "digits.py").write_text(DIGITS)
    page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
    book = NotebookPage(page, lab, f"picture{len(list(lab.folder.glob('*.ipynb')))}.ipynb", cells)
    page.add_style_tag(content=PLAIN)
    book.run_cell(0)
    book.await_idle()
    return book


def save_view(book: NotebookPage, kind: str, path: Path) -> None:
    """Save a view as a PNG."""
    with Image.open(io.BytesIO(book.view(kind).screenshot())) as picture:
        picture.convert("RGB").save(path, optimize=True)


def panel_box(page: Page) -> tuple[int, int, int, int]:
    """Return the notebook's place on the page, without JupyterLab's menus and bars."""
    box = page.locator(PANEL).bounding_box()
    assert box is not None, "the page shows no notebook"
    left, top = round(box["x"]), round(box["y"])
    return left, top, left + round(box["width"]), top + round(box["height"])


def await_layout(book: NotebookPage) -> None:
    """Wait until the graph is drawn."""
    expect(book.view("graph").locator("[data-labkit-node]").first).to_be_attached(timeout=60_000)


def await_rest(target: Locator) -> None:
    """Wait until an element has stopped moving."""
    target.element_handle().wait_for_element_state("stable")


def film_training(browser: Browser, lab: Lab) -> None:
    """Run a cell, pause the run, look at its activations, and open a module of its graph."""
    book = open_page(browser, lab, [PREPARE, TRAIN.format(epochs=60)], 1150, 812)
    page = book.page
    box = panel_box(page)
    pointer = Pointer(page)
    controls, graph = book.view("controls"), book.view("graph")

    def click_node(id: str) -> None:
        node = graph.locator(f'[data-labkit-node="{id}"]')
        await_rest(node)
        pointer.click(node)

    book.cell(1).locator(".cm-content").click()
    page.keyboard.press("Escape")
    pointer.move(560, 560, seconds=0.1)
    with filmed(page) as film:
        page.wait_for_timeout(1200)
        page.keyboard.press("Control+Enter")
        page.wait_for_function(
            """() => Number(document.querySelector(
                "[data-labkit-view=dashboard]")?.dataset.labkitStep ?? 0) >= 300"""
        )
        pointer.click(controls.get_by_role("button", name="Pause", exact=True))
        expect(controls).to_contain_text("Paused")
        await_layout(book)
        for tab in ("Gradients", "Activations", "Graph"):
            pointer.click(book.view("dashboard").get_by_role("tab", name=tab))
            page.wait_for_timeout(1400)
        click_node("head#1")
        expect(graph.locator('[data-labkit-node="head#1/weight:0"]')).to_be_visible()
        pointer.click(graph.get_by_role("button", name="Fit", exact=True))
        click_node("head#1/weight:0")
        expect(graph.locator("aside")).to_contain_text("Mean")
        pointer.move(250, 640)
        page.wait_for_timeout(600)
    film.save(DOCS / "training.webp", box, last_seconds=2.5, speed=SPEED)
    page.close()


def picture_dashboard(browser: Browser, lab: Lab) -> None:
    """Picture the dashboard of a paused run, in the light and in the dark theme."""
    for theme, name in (("Light", "dashboard.png"), ("Dark", "dashboard-dark.png")):
        lab.set_theme(f"JupyterLab {theme}")
        book = open_page(browser, lab, [PREPARE, TRAIN.format(epochs=60)], 1245, 1000, scale=2)
        book.run_cell(1)
        book.await_step("dashboard", 800)
        book.view("controls").get_by_role("button", name="Pause", exact=True).click()
        expect(book.view("controls")).to_contain_text("Paused")
        await_layout(book)
        book.page.wait_for_timeout(1500)
        save_view(book, "dashboard", DOCS / name)
        book.page.close()
        lab.end_kernels()
    lab.set_theme("JupyterLab Light")


def picture_graph(browser: Browser, lab: Lab) -> None:
    """Picture the graph of a GPT-2 with its fifth block open, beside the values of an operation."""
    book = open_page(browser, lab, [GPT2], 1245, 900, scale=2)
    graph = book.view("graph")

    def press_node(id: str) -> None:
        """Press a node by the keyboard, which works outside of the visible part, too."""
        node = graph.locator(f'[data-labkit-node="{id}"]')
        expect(node).to_be_attached(timeout=60_000)
        node.focus()
        node.press("Enter")

    await_layout(book)
    press_node("transformer#1")
    press_node("transformer.h.0#1")
    press_node("transformer.h.0.mlp#1")
    slider = graph.get_by_role("slider", name="Pass of GPT2Block")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowRight")
    expect(graph).to_contain_text("5 of 12")
    graph.get_by_role("combobox", name="Colour by").select_option("Kept for backward")
    press_node("transformer.h.0#1/add:0")
    expect(graph.locator("aside")).to_contain_text("Mean")
    graph.get_by_role("button", name="Fit", exact=True).click()
    box = graph.bounding_box()
    assert box is not None
    left, middle = box["x"] + 40, box["y"] + box["height"] / 2
    book.page.mouse.move(left + PANEL_SHIFT, middle)
    book.page.mouse.down()
    book.page.mouse.move(left, middle, steps=8)
    book.page.mouse.up()
    book.page.mouse.move(5, 5)
    book.page.wait_for_timeout(800)
    save_view(book, "graph", DOCS / "graph.png")
    book.page.close()


PICTURES: dict[str, Callable[[Browser, Lab], None]] = {
    "training": film_training,
    "dashboard": picture_dashboard,
    "graph": picture_graph,
}


def main() -> None:
    """Make the pictures that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *PICTURES], metavar="|".join(PICTURES))
    names = parser.parse_args().names or list(PICTURES)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = launch_browser(playwright)
        lab.set_theme("JupyterLab Light")
        for name in names:
            PICTURES[name](browser, lab)
            lab.end_kernels()
        browser.close()


if __name__ == "__main__":
    main()
