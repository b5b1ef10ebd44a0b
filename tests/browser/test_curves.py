"""The curves in a real page: their size, two cursors, the axis of time, and a saved table."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

RECORDED = """
import numpy as np
import labkit as lk
from labkit.run import Run

run = Run("curves")
steps = np.arange(1, 401)
run.add_table("loss", "loss", ["loss"]).extend(steps, 400.0 - steps[:, None])
run.add_table("metric/val_loss", "metric", ["val_loss"]).extend([200, 400], [[300.0], [100.0]])
run.add_table("metric/accuracy", "metric", ["accuracy"]).extend(steps, steps[:, None] / 400)
for step in (1, 200, 400):
    run.step_times.add(step, step / 10)
run.close()
lk.CurvesView(run)
"""
BOXES = """(view) => {
    const panel = view.closest(".labkit-panel");
    Object.assign(panel.style, { height: "380px", width: "560px" });
    const bounds = (element) => element.getBoundingClientRect();
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done({
        panel: bounds(panel).bottom,
        parts: [...view.children].filter((part) => part.offsetHeight).map((part) => [
            bounds(part).top, bounds(part).bottom,
        ]),
    }))));
}"""


@pytest.fixture
def curves(open_notebook):
    book = open_notebook([RECORDED])
    book.run_cell(0)
    book.await_step("curves", 400)
    view = book.view("curves")
    view.locator(".js-plotly-plot").wait_for()
    return view


def press(view, seconds, **options):
    """Click in the plot at a time."""
    area = view.locator(".nsewdrag").first
    across = view.locator(".js-plotly-plot").evaluate(
        "(plot, seconds) => plot._fullLayout.xaxis.d2p(seconds)", seconds
    )
    area.click(position={"x": across, "y": 40}, **options)


def test_the_view_fills_a_container_of_a_given_height(curves):
    boxes = curves.evaluate(BOXES)
    tops, bottoms = zip(*boxes["parts"], strict=True)
    assert all(top >= bottom for top, bottom in zip(tops[1:], bottoms, strict=False))
    assert boxes["panel"] - 20 < bottoms[-1] <= boxes["panel"]


def test_two_steps_are_compared_on_the_axis_of_time(curves):
    curves.get_by_label("Horizontal axis").select_option("time")
    expect(curves.locator(".xtitle")).to_have_text("time (s)")
    press(curves, seconds=30, modifiers=["Shift"])
    comparison = curves.locator(".labkit-curves-comparison")
    expect(comparison).to_contain_text("step 300 → 400: 100 steps, 10 s")
    curves.page.keyboard.press("Home")
    curves.page.keyboard.press("Shift+ArrowRight")
    expect(comparison).to_contain_text("step 1 → 301: 300 steps, 30 s")
    expect(curves.get_by_role("group", name="Values")).to_contain_text("399 → 99")
    expect(curves.locator(".labkit-cursor")).to_contain_text("at step 1")
    curves.page.keyboard.press("Escape")
    expect(comparison).to_be_hidden()
    curves.get_by_role("button", name=re.compile("^min")).first.click()
    expect(curves.locator(".labkit-cursor")).to_contain_text("at step 400")


def test_the_values_are_saved_as_a_table(curves):
    with curves.page.expect_download() as saved:
        curves.get_by_label("Export").select_option("CSV")
    assert saved.value.suggested_filename == "curves-curves.csv"
    lines = saved.value.path().read_text().splitlines()
    assert lines[0] == "step,seconds,loss,val_loss,accuracy"
    assert lines[200] == "200,20.0000,200,300,0.5"
    assert len(lines) == 401
