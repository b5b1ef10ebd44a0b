"""A page whose messages wait until the cell has ended, as in VS Code, Colab and marimo."""

import re

import pytest
from playwright.sync_api import expect

from .lab import HOLD_MESSAGES
from .training import MODEL

pytestmark = pytest.mark.browser

CONVOLUTIONS = f"""{MODEL}
class Convolutions(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 8, 3, padding=1)
        self.conv2 = nn.Conv2d(8, 16, 3, padding=1)
        self.head = nn.Linear(1024, 4)

    def forward(self, x):
        x = F.relu(self.conv2(F.relu(self.conv1(x.view(-1, 1, 8, 8)))))
        return self.head(x.flatten(1))

model = Convolutions()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
"""
EARLIER = """
from IPython.display import clear_output
with lk.watch(model):
    for _ in range(10):
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        time.sleep(0.1)
clear_output()
"""
"""A cell after which the page's messages, which it has held back, arrive."""
TWO_STRUCTURES = f"""{MODEL}
from itertools import cycle

class Varying(Net):
    turns = cycle([False] * 20 + [True] * 20)

    def forward(self, x):
        output = super().forward(x)
        return torch.tanh(output) if next(self.turns) else output

model = Varying()
optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
"""


def start(open_new_page, training, setup):
    """Start a cell that trains at a low pace, so that each step has a picture."""
    cell = training.cell().replace("lk.watch(model, ", "lk.watch(model, pace=4, ")
    book = open_new_page([setup, EARLIER, cell])
    book.page.evaluate(f"() => {{{HOLD_MESSAGES}}}")
    for earlier in (0, 1):
        book.run_cell(earlier)
        book.await_idle()
    book.run_cell(2)
    book.await_step("controls", 4)  # it is in sight
    delivery = book.view("controls").locator('[data-labkit-fact="delivery"]')
    expect(delivery).to_have_text("live, clicks after the cell", timeout=30_000)
    return book


def end(book, training):
    expect(book.cell(2).locator(".jp-InputPrompt")).to_have_text("[*]:")
    training.end()
    expect(book.cell(2)).to_contain_text("ended: finished", timeout=30_000)
    assert book.errors == []


def await_later_step(words):
    """Wait until a text names a later step than now."""
    step = re.compile(r"[Ss]tep ([\d,]+)")
    expect(words).to_have_text(step)
    before = words.inner_text()
    expect(words).not_to_have_text(before, timeout=30_000)
    first, second = (
        int(step.search(text)[1].replace(",", "")) for text in (before, words.inner_text())
    )
    assert second > first


def test_pictures_and_histograms_are_live_while_a_cell_blocks(open_new_page, training):
    book = start(open_new_page, training, CONVOLUTIONS)
    view = book.view("activations")
    words = view.locator(".labkit-picture-words")
    book.scroll_to("activations")
    expect(words).to_contain_text("8 of 8 channels", timeout=30_000)
    await_later_step(words)
    view.get_by_label("Picture").select_option("kernels")
    expect(words).to_have_text(re.compile("of shape 8 . 1 . 3 . 3"))
    view.get_by_label("Module").select_option("head")
    expect(words).to_contain_text("sample by unit")
    await_later_step(words)
    book.scroll_to("gradients")
    gradients = book.view("gradients")
    gradients.get_by_role("button", name="Histograms").click()
    words = gradients.locator(".labkit-picture-words")
    for bins in ("magnitude", "even"):
        gradients.get_by_label("Bins").select_option(bins)
        await_later_step(words)
        expect(gradients.locator(".labkit-ridge-stage path")).to_have_count(6)
    end(book, training)


def test_an_earlier_structure_is_there_while_a_cell_blocks(open_new_page, training):
    book = start(open_new_page, training, TWO_STRUCTURES)
    book.scroll_to("graph")
    graph = book.view("graph")
    graph.get_by_role("button", name=re.compile("^Structure B")).first.wait_for(timeout=30_000)
    for letter, count in (("A", 0), ("B", 1), ("A", 0)):
        button = graph.get_by_role("button", name=re.compile(f"^Structure {letter}")).first
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true", timeout=3_000)
        tanh = graph.locator('[data-labkit-node*="tanh"]:not(.labkit-graph-removed)')
        expect(tanh).to_have_count(count, timeout=3_000)
    end(book, training)
