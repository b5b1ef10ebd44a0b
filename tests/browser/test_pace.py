"""The pace of a loop in a real page: each step is drawn, and the control changes the pace."""

import re

import pytest
from playwright.sync_api import expect

from .training import MODEL, Training

pytestmark = pytest.mark.browser

STEPS = 25
PACED = f"""
with lk.watch(model, name="paced", pace=10) as run:
    for _ in range({STEPS}):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
"""
COLLECT_STEPS = """(kinds) => {
    window.drawnSteps = Object.fromEntries(kinds.map((kind) => [kind, []]));
    const collect = () => {
        for (const kind of kinds) {
            const view = document.querySelector(`[data-labkit-view="${kind}"]`);
            const step = Number(view?.dataset.labkitStep ?? 0);
            const drawn = window.drawnSteps[kind];
            if (step > 0 && step !== drawn.at(-1)) drawn.push(step);
        }
    };
    new MutationObserver(collect).observe(document.body, {
        subtree: true, childList: true, attributeFilter: ["data-labkit-step"],
    });
}"""


def test_each_step_is_drawn_at_ten_steps_a_second(open_notebook):
    book = open_notebook([MODEL, PACED])
    book.page.set_viewport_size({"width": 1280, "height": 1800})
    book.run_cell(0)
    book.await_idle()
    kinds = ["curves", "gradients", "graph", "controls"]
    book.page.evaluate(COLLECT_STEPS, kinds)
    book.run_cell(1)
    book.scroll_to("dashboard")
    book.await_idle()
    for kind in kinds:
        drawn = book.page.evaluate("(kind) => window.drawnSteps[kind]", kind)
        print(kind, drawn)
