"""A folder of runs in a real page: one grows; they are sorted, filtered, marked and compared."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from .layout_checks import CUT_TEXTS, OVERLAPS

pytestmark = pytest.mark.browser

AXE = Path(__file__).resolve().parents[2] / "frontend/node_modules/axe-core/axe.min.js"
WRITE = """
from pathlib import Path

import labkit as lk
from labkit.run import Run

def begin(file, name, rate, note=""):
    run = Run(name)
    run.note, run.config = note, {"rate": rate, "seed": 1}
    run.save_continuously(Path("found", f"{file}.lab").absolute(), 10**9)
    run.begin()
    return run

def grow(run, last):
    for step in range(run.steps + 1, last + 1):
        run.add_table("loss", "loss", ["loss"]).append(step, run.config["rate"] / step)
    run.advance_to(last)

growing = begin("growing", "growing", 0.5, "still <b>going</b>")
grow(growing, 10)
for file, name, rate in (("low", "low", 0.01), ("high", "<img src=x onerror=alert(1)>", 2.0)):
    run = begin(file, name, rate)
    grow(run, 20)
    run.close()
Path("found", "broken.lab").write_text("no run")
"""
SHOW = "lk.runs('found')"
GROW = "grow(growing, 90)"


@pytest.fixture(scope="module")
def book(shared_book):
    shared_book.page.set_viewport_size({"width": 1280, "height": 1000})
    shared_book.replace_cells([WRITE, SHOW, GROW])
    for cell in (0, 1):
        shared_book.run_cell(cell)
        shared_book.await_idle()
    shared_book.await_step("runs", 20)
    yield shared_book
    assert shared_book.errors == []


@pytest.fixture
def runs(book):
    view = book.view("runs")
    view.get_by_role("searchbox").fill("")
    return view


def names(view):
    return view.locator(".labkit-runs-name").all_text_contents()


def test_what_is_in_the_folder_is_sorted_and_filtered(runs):
    expect(runs.locator("tbody tr")).to_have_count(4)
    assert names(runs)[-1] == "broken"
    runs.get_by_role("button", name="config.rate").click()
    assert names(runs)[0] == "<img src=x onerror=alert(1)>"
    expect(runs.locator("img")).to_have_count(0)
    runs.get_by_role("searchbox").fill("rate=0.5 going")
    expect(runs.locator("tbody tr")).to_have_count(1)
    expect(runs.locator("tbody")).to_contain_text("still <b>going</b>")


def test_a_run_that_grows_is_live(book, runs):
    book.run_cell(2)
    book.await_idle()
    book.await_step("runs", 90)
    row = runs.locator("tr", has_text="growing.lab")
    expect(row).to_contain_text("90")
    expect(row).to_contain_text("Running")


def test_marked_runs_are_compared_below_the_table(book, runs):
    runs.get_by_label("Mark growing").check()
    runs.locator("tr", has_text="low.lab").get_by_role("checkbox").check()
    runs.get_by_role("button", name="Compare 2 marked").click()
    comparison = runs.locator('[data-labkit-view="comparison"]')
    expect(comparison.locator(".labkit-comparison-run")).to_have_count(2)
    expect(comparison.locator(".js-plotly-plot").first).to_be_visible(timeout=30_000)
    comparison.get_by_role("tab", name="Differences").click()
    expect(comparison.get_by_role("row", name="config.rate")).to_contain_text("0.5")
    runs.get_by_role("button", name="Close comparison").click()
    expect(comparison).to_have_count(0)


@pytest.mark.parametrize("width", [700, 1280, 2500])
def test_controls_have_names_and_do_not_overlap(book, runs, width):
    book.page.set_viewport_size({"width": width, "height": 1000})
    book.page.add_script_tag(path=AXE)
    expect(runs.locator("tbody tr")).to_have_count(4)
    assert runs.evaluate(CUT_TEXTS) == []
    assert runs.evaluate(OVERLAPS) == []
    assert runs.evaluate("(root) => root.scrollWidth <= root.clientWidth")
    result = book.page.evaluate(
        "() => axe.run('[data-labkit-view=runs]', { resultTypes: ['violations'] })"
    )
    serious = [
        (violation["id"], [node["html"] for node in violation["nodes"]])
        for violation in result["violations"]
        if violation["impact"] in ("serious", "critical")
    ]
    assert serious == []
