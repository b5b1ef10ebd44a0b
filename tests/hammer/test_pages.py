"""Two real pages show values of parameters while a loop trains on a thread."""

import json
import os
import re
import sys
import time
from pathlib import Path
from unittest import mock

import pytest
from playwright.sync_api import expect

from tests.browser.lab import NotebookPage, running_lab

from .scenarios import ANSWER_SECONDS, SECONDS

pytestmark = [
    pytest.mark.hammer,
    pytest.mark.browser,
    # event loops that jupyter_client did not close in earlier tests
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

ROOT = Path(__file__).parent.parent.parent
PARAMETERS = ["0#1/weight:0", "0#1/bias:0"]
"""Nodes that the open panel does not cover."""

START = """
import json, threading
import labkit as lk
from tests.hammer.scenarios import TimedTraining
training, other = TimedTraining(1.0, 10**6), TimedTraining(2.0, 10**6)
run = lk.watch(training.model, budget=0.3, show=False)
training.run_ = run
training.start()
other.start()
while not run.graphs or training.made < 50:
    training.join(0.1)
"""
VIEW = """
lk.GraphView(run)
"""
END = """
for each in (training, other):
    each.ended.set()
    each.join()
run.close()
training.check()
other.check()
print("RESULT", json.dumps({"made": training.made, "steps": run.steps}))
"""


@pytest.fixture
def lab(tmp_path):
    variables = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "PYTHONFAULTHANDLER": "1"}
    with mock.patch.dict(os.environ, variables), running_lab(tmp_path) as server:
        yield server
        # pytest prints this if the test fails: it has the stacks of a crashed kernel.
        sys.stdout.write((tmp_path / "server.log").read_text(errors="replace")[-8000:])
        server.end_kernels()


def open_panel(book):
    """Run the cell of the view, and unfold the graph."""
    book.run_cell(1)
    graph = book.view("graph")
    expect(graph.locator('[data-labkit-node="0#1"]')).to_be_visible(timeout=60_000)
    graph.get_by_role("button", name="Unfold all", exact=True).click()
    return graph


def look_at(graph, node):
    """Click a parameter; return whether the panel shows its values."""
    graph.locator(f'[data-labkit-node="{node}"]').click()
    side = graph.locator("aside")
    expect(side).to_contain_text(re.compile("weight|bias"))
    expect(side).not_to_contain_text("Reading the values", timeout=1000 * ANSWER_SECONDS)
    return "Mean ± deviation" in side.inner_text()


def test_two_pages_show_parameter_values_during_training(lab, browser):
    cells = [START, VIEW, END]
    books = [
        NotebookPage(browser.new_page(viewport={"width": 1280, "height": 1000}), lab, name, cells)
        for name in ("hammer.ipynb", "hammer.ipynb")
    ]
    books[0].run_cell(0)
    books[0].await_idle()
    graphs = [open_panel(book) for book in books]
    looks = answers = 0
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        node = PARAMETERS[looks % len(PARAMETERS)]
        for graph in graphs:
            answers += look_at(graph, node)
        looks += 1
    books[0].run_cell(2)
    books[0].await_idle()
    text = books[0].text()
    assert "RESULT" in text, text
    result = json.loads(re.search(r"RESULT (\{.*?\})", text)[1])
    assert result["made"] == result["steps"] >= 100, result
    assert answers > looks / 2, f"{answers} answers to {looks} looks on two pages"
    assert [book.errors for book in books] == [[], []]
