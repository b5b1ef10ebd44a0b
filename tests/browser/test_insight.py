"""Findings and activations in a real page, while a model with a defect trains."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from labkit.insight.rules import RULES

COURSE = Path(__file__).resolve().parents[2] / "notebooks"

pytestmark = pytest.mark.browser

MODEL = """
import time
from pathlib import Path
import torch
import torch.nn.functional as F
from torch import nn
import labkit as lk

torch.manual_seed(0)
torch.set_num_threads(1)

class Faulty(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3)
        self.gru = nn.GRU(6, 8, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        rows = F.relu(self.conv(x)).mean(3).transpose(1, 2)
        return self.head(self.gru(rows)[0][:, -1]).softmax(1)

x, y = torch.randn(32, 1, 12, 12), torch.arange(32) % 3
model = Faulty()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
"""

TRAIN = """
end = Path("{end}")
with lk.watch(model, name="faulty") as run:
    while not end.exists():
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        time.sleep(0.002)
print([finding.rule for finding in run.findings])
"""


@pytest.fixture
def course(lab):
    """The served course; returns the chapter about a softmax before the loss."""
    folder = lab.folder / "notebooks"
    shutil.copytree(COURSE, folder, ignore=shutil.ignore_patterns(".*"))
    yield next(rule.chapter for rule in RULES if rule.id == "softmax-before-loss")
    shutil.rmtree(folder)


@pytest.fixture
def train(lab, tmp_path_factory):
    """A function that runs the training cell with a given way to open a notebook."""
    end = lab.folder / f"{tmp_path_factory.mktemp('faulty').name}-end"
    books = []

    def train_(open_):
        books.append(open_([MODEL, TRAIN.format(end=end.name)]))
        books[0].run_cell(0)
        books[0].await_idle()
        books[0].run_cell(1)
        books[0].await_step("dashboard", 60)
        return books[0]

    yield train_
    end.touch()
    for book in books:
        book.await_idle()
        assert book.errors == []


@pytest.fixture
def faulty(train, open_notebook):
    """A notebook with a running training cell, which ends after the test."""
    return train(open_notebook)


def test_a_finding_appears_during_training_and_links_to_the_graph(faulty):
    faulty.bring_to_front("findings")
    findings = faulty.view("findings")
    card = findings.locator('[data-labkit-finding="softmax-before-loss"]')
    expect(card).to_be_visible(timeout=20_000)
    expect(card).to_contain_text("cross_entropy gets the result of a softmax")
    card.locator("summary").click()
    expect(card).to_contain_text("What to try")
    card.get_by_role("button", name="Show in the graph").click()
    softmax = faulty.view("graph").locator('[data-labkit-node="#1/softmax:0"]')
    expect(softmax).to_be_visible(timeout=20_000)


def test_a_finding_marks_its_steps_in_the_curves_and_is_silenced(faulty):
    faulty.bring_to_front("findings")
    findings = faulty.view("findings")
    card = findings.locator('[data-labkit-finding="softmax-before-loss"]')
    expect(card).to_be_visible(timeout=20_000)
    expect(card).to_contain_text("certain")
    name = faulty.view("curves").locator(".annotation-text", has_text="softmax before loss")
    card.locator("summary").click()
    show = card.get_by_role("button", name="Show steps")
    show.click()
    expect(show).to_have_attribute("aria-pressed", "true")
    faulty.view("curves").scroll_into_view_if_needed()
    expect(name).to_be_visible(timeout=20_000)
    card.get_by_role("button", name="Not a problem here").click()
    silenced = findings.locator(".labkit-findings-silenced")
    expect(silenced).to_be_visible(timeout=20_000)
    expect(card).to_have_count(0)
    expect(name).to_have_count(0)
    silenced.locator("summary").click()
    silenced.get_by_role("button", name="Undo").click()
    expect(card).to_be_visible(timeout=20_000)
    expect(silenced).to_be_hidden()


def test_a_finding_opens_its_chapter_of_the_course(course, open_new_page, train):
    faulty = train(open_new_page)
    faulty.bring_to_front("findings")
    card = faulty.view("findings").locator('[data-labkit-finding="softmax-before-loss"]')
    expect(card).to_be_visible(timeout=20_000)
    card.locator("summary").click()
    card.get_by_role("link").click()
    expect(faulty.page.get_by_role("tabpanel", name=f"{course}.ipynb")).to_be_visible(
        timeout=20_000
    )


def test_activations_are_drawn_and_a_click_selects_the_module_in_all_views(faulty):
    faulty.bring_to_front("activations")
    activations = faulty.view("activations")
    expect(activations.locator("figure").first).to_be_visible(timeout=20_000)
    expect(activations.locator("figure")).to_have_count(6)
    activations.get_by_label("Picture").select_option("kernels")
    expect(activations.get_by_role("img", name="Kernels of conv")).to_be_visible()
    activations.locator('.labkit-heat-names [data-name="gru"]').click()
    expect(activations.get_by_label("Module")).to_have_value("gru")
    activations.get_by_label("Picture").select_option("gates")
    expect(activations.locator("figcaption").first).to_have_text("reset gate, from 0 to 1")
    activations.get_by_label("Picture").select_option("time_gradient")
    expect(activations.locator("svg polyline")).to_have_count(1)
    faulty.bring_to_front("gradients")
    picked = faulty.view("gradients").locator(".labkit-heat-names .labkit-picked")
    expect(picked.first).to_contain_text("gru")


def test_a_layer_is_marked_in_the_other_views_until_escape(faulty):
    faulty.scroll_to("layers")
    row = faulty.view("layers").locator('tbody [data-labkit-layer="gru"]')
    row.click()
    expect(row).to_have_class("labkit-picked")
    faulty.scroll_to("gradients")
    picked = faulty.view("gradients").locator(".labkit-heat-names .labkit-picked")
    expect(picked).to_have_count(4)
    faulty.scroll_to("graph")
    outlined = faulty.view("graph").locator(".labkit-graph-selected")
    expect(outlined).to_have_count(1)
    expect(outlined).to_be_in_viewport()
    faulty.page.keyboard.press("Escape")
    expect(outlined).to_have_count(0)
    faulty.scroll_to("layers")
    expect(row).not_to_have_class("labkit-picked")


def test_gradient_histograms_are_drawn_at_the_selected_step(faulty):
    faulty.bring_to_front("gradients")
    gradients = faulty.view("gradients")
    gradients.get_by_role("button", name="Histograms").click()
    expect(gradients.locator(".labkit-ridge path")).to_have_count(8, timeout=20_000)
    expect(gradients).to_contain_text("step")
