"""The pace of a loop in a real page: each step is drawn, and the control changes the pace."""

import pytest
from playwright.sync_api import expect

from .training import MODEL

pytestmark = pytest.mark.browser

STEPS = 12
KINDS = ("curves", "gradients", "graph")
GATED = f"""
here = Path("{{name}}")
here.mkdir()
with lk.watch(model, name="each step", pace=10) as run:
    for step in range(1, {STEPS} + 1):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        while not (here / str(step)).exists():  # it is drawn before the next one is taken
            time.sleep(0.01)
"""
OBSERVE = """(kinds) => {
    window.drawnSteps = Object.fromEntries(kinds.map((kind) => [kind, []]));
    window.stepsObserver?.disconnect();
    const observe = () => {
        for (const kind of kinds) {
            const view = document.querySelector(`[data-labkit-view="${kind}"]`);
            const step = Number(view?.dataset.labkitStep ?? 0);
            const drawn = window.drawnSteps[kind];
            if (step > 0 && step !== drawn.at(-1)) drawn.push(step);
        }
    };
    window.stepsObserver = new MutationObserver(observe);
    window.stepsObserver.observe(document.body, {
        subtree: true, childList: true, attributeFilter: ["data-labkit-step"],
    });
}"""


def test_each_step_is_drawn_by_all_views_as_it_ends(open_notebook, training):
    book = open_notebook([MODEL, GATED.format(name=training.folder.name)])
    book.page.set_viewport_size({"width": 1280, "height": 1800})
    book.run_cell(0)
    book.await_idle()
    book.widen("gradients", "activations")
    book.page.evaluate(OBSERVE, KINDS)
    book.run_cell(1)
    book.scroll_to("dashboard")
    for step in range(1, STEPS + 1):
        for kind in KINDS:
            book.page.wait_for_function(
                "([kind, step]) => window.drawnSteps[kind].includes(step)", arg=[kind, step]
            )
        (training.folder / str(step)).touch()
    book.await_idle()
    for kind in KINDS:
        assert book.page.evaluate("(kind) => window.drawnSteps[kind]", kind) == [
            *range(1, STEPS + 1)
        ]
    assert book.errors == []


def test_the_control_and_the_keys_change_the_pace_of_a_running_loop(open_notebook, training):
    book = open_notebook([MODEL, training.cell("pace")])
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    book.await_step("dashboard", 20)
    controls = book.view("controls")
    pace = controls.get_by_role("combobox", name="Pace")
    expect(pace).to_have_value("full speed")
    pace.select_option("20 steps/s")
    expect(controls).to_contain_text("steps/s, paced")
    controls.get_by_role("button", name="Slower").click()
    expect(pace).to_have_value("10")
    controls.get_by_text("parameters").click()  # gives the focus to the dashboard
    book.page.keyboard.press("[")
    expect(pace).to_have_value("5")
    for value in ("10", "20", "50", "100", "200", "500", "1000", "full speed"):
        book.page.keyboard.press("]")
        expect(pace).to_have_value(value)
    book.await_step("controls", book.step("controls") + 100)
    expect(controls).not_to_contain_text("paced")
    training.end()
    book.await_idle()
    expect(pace).to_be_disabled()
    assert book.errors == []
