"""Hostile names and values in every view of a real page: no dialog, no element, no request."""

import pytest
from playwright.sync_api import expect

from tests.security.hostile import ADDRESS, FIXTURE, HOSTILE, LONG
from tests.security.hostile_run import STEPS, hostile_run

pytestmark = pytest.mark.browser

LOADED = """
import labkit as lk
run = lk.load("hostile/first.lab")
lk.Dashboard(run)
"""
LISTED = "lk.runs('hostile')"
COMPARED = 'lk.compare(run, lk.load("hostile/other.lab"))'
TRAINED = """
import json
from pathlib import Path
import torch
from torch import nn

texts = json.loads(Path("{fixture}").read_text())
names = [text.replace(".", "·") for text in texts]
layers = [type(text.encode(errors="replace").decode().replace("\\0", ""), (nn.Linear,), {{}})(4, 4)
          for text in texts[:12]]
model = type(names[0], (nn.Module,), {{}})()
for name, layer in zip(names, layers):
    model.add_module(name, layer)
    layer.register_parameter(name, nn.Parameter(torch.ones(4)))
code = '''
def forward(self, x):
    for name, layer in self.named_children():
        x = layer(x) * getattr(layer, name)
    return x.tanh()
'''
space = {{}}
exec(compile(code, names[1], "exec"), space)
type(model).forward = space["forward"]
optimizer = type(names[2], (torch.optim.SGD,), {{}})(model.parameters(), lr=0.1)
data = torch.ones(8, 4)
with lk.watch(model, name=texts[3], config=dict(zip(texts, texts)), note=texts[4]) as run:
    for step in range(6):
        loss = model(data).pow(2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(**{{text + "!": step for text in texts}})
    run.log(page=texts[0])
    raise ValueError(texts[1])
"""
DRAWN = "lk.graph(model, data)"
STEPPED = "lk.stepper(lambda: model(data).mean())"
OBSERVE = """() => {
    window.injectedElements = [];
    const wanted = "[data-injected], script, iframe, object, embed, foreignObject, link, base, " +
        "form, meta, image[href], img, a[href]";
    const own = "link[rel=icon], img[src^='blob:']";
    const isInjected = (element) => !element.matches(own) && (element.matches(wanted) ||
        [...element.attributes].some(({ name }) => name.startsWith("on")));
    const look = (node) => {
        if (!(node instanceof Element)) return;
        for (const each of [node, ...node.querySelectorAll("*")])
            if (isInjected(each)) window.injectedElements.push(each.outerHTML.slice(0, 200));
    };
    new MutationObserver((changes) => {
        for (const { target, addedNodes } of changes) [target, ...addedNodes].forEach(look);
    }).observe(document.querySelector(".jp-Notebook"), {
        childList: true, subtree: true, attributeFilter: ["onload", "onclick", "onerror"],
    });
}"""


@pytest.fixture
def watched(shared_book, lab):
    """A page with hostile files beside its notebook, whose requests and dialogs are listed."""
    page, seen = shared_book.page, []
    listeners = {
        "dialog": lambda dialog: (seen.append(dialog.message), dialog.dismiss()),
        "request": lambda request: seen.append(request.url),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    folder = lab.folder / "hostile"
    folder.mkdir()
    hostile_run().save(folder / "first.lab")
    hostile_run((*HOSTILE[::-1][:20], LONG[0]), name=LONG[0]).save(folder / "other.lab")
    hostile_run(HOSTILE[5:30]).save(folder / "<img src=x onerror=window.__injected=1> \u202e.lab")
    cells = [LOADED, COMPARED, TRAINED.format(fixture=FIXTURE), DRAWN, STEPPED, LISTED]
    shared_book.replace_cells(cells)
    page.evaluate(OBSERVE)
    yield shared_book
    others = [each for each in seen if not each.startswith((lab.url, "data:", "blob:"))]
    assert others == []
    assert page.evaluate("() => window.injectedElements") == []
    assert page.evaluate("() => window.__injected") is None
    assert not any(ADDRESS in each for each in seen)
    assert shared_book.errors == []
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


def walk(book, tabs):
    """Show each of some tabs until it has been drawn."""
    for tab in tabs.all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        book.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")


def test_no_text_of_a_run_acts_on_the_page(watched):
    page = watched.page
    watched.run_cell(0)
    watched.await_step("curves", STEPS)
    dashboard = watched.view("dashboard")
    walk(watched, dashboard.locator("[data-labkit-tab]"))
    watched.bring_to_front("gradients")
    for form in ("Lines", "Histograms"):
        dashboard.get_by_role("button", name=form, exact=True).click()
    watched.bring_to_front("samples")
    dashboard.get_by_label("Name", exact=True).select_option("\0all")
    expect(dashboard.locator(".labkit-sample-plot .main-svg").first).to_be_attached()
    watched.bring_to_front("findings")
    for summary in dashboard.locator(".labkit-finding summary:visible").all():
        summary.click()
    watched.run_cell(1)
    watched.await_step("comparison", STEPS)
    walk(watched, watched.view("comparison").get_by_role("tab"))
    watched.run_cell(2)
    live = page.locator('[data-labkit-view="dashboard"]').nth(1)
    expect(live.locator(".labkit-status")).to_have_text("Failed", timeout=60_000)
    walk(watched, live.locator("[data-labkit-tab]"))
    watched.run_cell(3)
    drawn = watched.cell(3).locator('[data-labkit-view="graph"] [data-labkit-node]')
    expect(drawn.first).to_be_visible(timeout=60_000)
    watched.run_cell(4)
    stepper = watched.view("stepper")
    expect(stepper).to_have_attribute("data-labkit-step", "0", timeout=60_000)
    stepper.get_by_role("button", name="Backward", exact=True).click()
    watched.run_cell(5)
    watched.await_step("runs", STEPS)
    rows = watched.view("runs").locator("[data-labkit-run]")
    expect(rows).to_have_count(3)


def test_no_text_of_a_run_acts_on_an_exported_page(browser, tmp_path):
    path = hostile_run((*HOSTILE, LONG[0])).export_html(tmp_path / "page.html")
    page, seen = browser.new_page(), []
    page.on("dialog", lambda dialog: (seen.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: seen.append(request.url))
    page.on("pageerror", lambda error: seen.append(str(error)))
    page.goto(path.as_uri())
    tabs = page.locator("[data-labkit-view=dashboard] [data-labkit-tab]")
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    for tab in tabs.all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
    assert [each for each in seen if not each.startswith(("file:", "blob:", "data:"))] == []
    assert page.locator("[data-injected], iframe, object, embed").count() == 0
    assert page.evaluate("() => window.__injected") is None
    page.close()
