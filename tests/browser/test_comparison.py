"""A comparison of two runs in a real page: lines over each other, one cursor, one menu, no flaw."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .layout_checks import CUT_TEXTS, OVERLAPS

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"
VIEWS = ("curves", "gradients", "activations", "graph", "layers")
TRAIN = """
import torch
import torch.nn.functional as F
from torch import nn
import labkit as lk

torch.set_num_threads(1)

def train(make_optimizer, steps, name):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = make_optimizer(model.parameters(), lr=0.01)
    with lk.watch(model, show=False, name=name) as run:
        for _ in range(steps):
            loss = F.cross_entropy(model(torch.randn(16, 8)), torch.randint(0, 2, (16,)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run

lk.compare(train(torch.optim.SGD, 60, "short"), train(torch.optim.Adam, 90, "long"))
"""


@pytest.fixture(scope="module")
def book(shared_book):
    shared_book.page.set_viewport_size({"width": 1280, "height": 1000})
    shared_book.replace_cells([TRAIN])
    shared_book.run_cell(0)
    shared_book.await_idle()
    shared_book.await_step("comparison", 90)
    yield shared_book
    assert shared_book.errors == []


@pytest.fixture
def comparison(book):
    view = book.view("comparison")
    view.get_by_role("tab", name="Overlaid").click()
    return view


def test_a_click_on_a_line_moves_the_cursor_of_all_runs_in_all_views(comparison):
    lines = comparison.locator(".js-plotly-plot .scatterlayer .trace path.js-line")
    expect(lines.first).to_be_visible()
    across = comparison.locator(".js-plotly-plot").evaluate(
        "(plot) => plot._fullLayout.xaxis.d2p(80)"
    )
    comparison.locator(".nsewdrag").first.click(position={"x": across, "y": 60})
    expect(comparison.locator(".labkit-cursor")).to_contain_text("at step 60")
    values = comparison.get_by_role("region", name="Values of the runs")
    expect(values).to_contain_text("at 80")
    comparison.get_by_role("tab", name="Side by side").click()
    columns = comparison.locator(".labkit-beside-column")
    expect(columns).to_have_count(2)
    for column, step in zip(columns.all(), (60, 80), strict=True):
        expect(column.get_by_role("group", name="Values of the curves")).to_contain_text(
            f"at {step}"
        )
    comparison.get_by_label("View", exact=True).select_option("gradients")
    comparison.get_by_role("button", name="Lines").click()
    plots = comparison.locator(".labkit-gradients .js-plotly-plot")
    expect(plots).to_have_count(2)
    expect(plots.locator(".nsewdrag")).to_have_count(2)
    assert_same_axes(plots)
    whole = plots.first.evaluate("(plot) => plot._fullLayout.xaxis.range[1]")
    area = plots.nth(1).locator(".nsewdrag")
    box = area.bounding_box()
    area.hover(position={"x": 20, "y": 60})
    comparison.page.mouse.down()
    comparison.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60, steps=3)
    comparison.page.mouse.up()
    comparison.page.wait_for_function(
        "([plot, whole]) => plot._fullLayout.xaxis.range[1] < whole",
        arg=[plots.first.element_handle(), whole],
    )
    assert_same_axes(plots)
    comparison.get_by_role("button", name="Heat map").click()
    comparison.get_by_role("button", name="Live").click()
    expect(comparison.locator(".labkit-cursor").first).to_be_hidden()


def assert_same_axes(plots):
    axes = "({ _fullLayout: { xaxis, yaxis } }) => [xaxis.range, yaxis.range].join()"
    first, second = plots.evaluate_all(f"(plots) => plots.map({axes})")
    assert first == second


def test_what_differs_is_listed(comparison):
    comparison.get_by_role("tab", name="Differences").click()
    table = comparison.get_by_role("table")
    expect(table.get_by_role("row", name="optimizer")).to_contain_text("SGDAdam")
    expect(table.get_by_role("row", name="steps")).to_contain_text("6090")
    expect(table.get_by_role("row", name="device")).to_have_count(0)
    comparison.get_by_label("Show all").check()
    expect(table.get_by_role("row", name="device")).to_contain_text("cpucpu")


@pytest.mark.parametrize("width", [700, 1280])
def test_no_text_is_cut_no_controls_overlap_and_all_have_names(book, comparison, width):
    book.page.set_viewport_size({"width": width, "height": 1000})
    book.page.add_script_tag(path=AXE)
    check(book, comparison, "overlaid")
    comparison.get_by_role("tab", name="Side by side").click()
    for view in VIEWS:
        comparison.get_by_label("View", exact=True).select_option(view)
        for shown in comparison.locator(f'[data-labkit-view="{view}"]').all():
            expect(shown).to_be_visible()
        check(book, comparison, view)
    comparison.get_by_role("tab", name="Differences").click()
    check(book, comparison, "differences")


def check(book, comparison, part):
    book.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert comparison.evaluate(CUT_TEXTS) == [], part
    assert comparison.evaluate(OVERLAPS) == [], part
    assert comparison.evaluate("(root) => root.scrollWidth <= root.clientWidth"), part
    result = book.page.evaluate(
        "() => axe.run('[data-labkit-view=comparison]', { resultTypes: ['violations'] })"
    )
    serious = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == [], part
