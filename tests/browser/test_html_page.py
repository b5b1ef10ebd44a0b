"""A page that a run was exported to, opened as a file in a browser without a network."""

import re
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import expect
from torch import nn

import labkit as lk

from .layout_checks import CUT_TEXTS, OVERLAPS

pytestmark = pytest.mark.browser

WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
"""Collects what the content security policy refuses."""

HOSTILE = (
    '</script><script>window.attacked = 1</script><img src="http://127.0.0.1:9/x" '
    'onerror="window.attacked = 1">\'"{{}}</style><style>*{display:none}\u202e'
)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.ReLU())
        self.head = nn.Linear(8 * 4 * 4, 10)

    def forward(self, images):
        return self.head(self.features(images).flatten(1))


def train(run, model, steps=60):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for step in range(steps):
        images, labels = torch.randn(8, 1, 8, 8), torch.randint(0, 10, (8,))
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 20 == 0:
            run.log(accuracy=step / steps, digits=images[:4], prompt=f"text {step}")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """A page that was saved while the run was going on."""
    model = Net()
    with lk.watch(model, name="digits", show=False) as run:
        train(run, model)
        return run.export_html(tmp_path_factory.mktemp("page") / "digits.html")


@pytest.fixture
def open_file(browser):
    """Return a function that opens a file without a network; there are no errors in the end."""
    contexts, errors, requests, pages = [], [], [], []

    def open_(path: Path, width=1280, theme="light", scripts=True):
        context = browser.new_context(
            viewport={"width": width, "height": 1000},
            color_scheme=theme,
            offline=True,
            java_script_enabled=scripts,
        )
        contexts.append(context)
        context.add_init_script(WATCH)
        page = context.new_page()
        if scripts:
            pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and errors.append(message.text))
        page.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: requests.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_
    assert errors == []
    for page in pages:
        assert page.evaluate("window.refused") == []
    assert [url for url in requests if not url.startswith(("file:", "blob:", "data:"))] == []
    for context in contexts:
        context.close()


def dashboard(page):
    view = page.locator("[data-labkit-view=dashboard]")
    expect(view.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
    return view


def test_the_cursor_folding_and_values_work_without_a_kernel(open_file, page_file):
    page = open_file(page_file)
    view = dashboard(page)
    expect(view.locator(".labkit-status")).to_have_text("Unfinished")
    expect(view.get_by_role("button", name="Pause")).to_be_hidden()
    view.locator(".js-plotly-plot").first.click(position={"x": 200, "y": 60})
    expect(view.get_by_text(re.compile(r"step \d+")).first).to_be_visible()

    nodes = view.locator("[data-labkit-node]")
    expect(nodes.first).to_be_visible()
    folded = nodes.count()
    view.get_by_role("button", name="Unfold all").click()
    expect(view.locator("[data-labkit-node*='conv']").first).to_be_visible()
    assert nodes.count() > folded
    view.get_by_role("button", name="Fit").click()
    view.locator("[data-labkit-node='head#1/weight:0']").click()
    expect(view.get_by_text("The values at step 60, when the page was saved.")).to_be_visible()


def test_every_card_shows_what_was_recorded(open_file, page_file):
    view = dashboard(open_file(page_file))
    tab = lambda name: view.get_by_role("tab", name=name)  # noqa: E731
    tab("Gradients").click()
    expect(view.locator("[data-labkit-view=gradients] canvas").first).to_be_visible()
    view.get_by_role("button", name="Histograms").click()
    expect(view.locator("[data-labkit-view=gradients] .labkit-empty:visible")).to_have_count(0)
    tab("Activations").click()
    expect(view.get_by_text(re.compile("of shape 8 . 4 . 6 . 6"))).to_be_visible()
    tab("Samples").click()
    samples = view.locator("[data-labkit-view=samples]")
    expect(samples.get_by_text("text 40")).to_be_visible()
    samples.get_by_role("slider").last.fill("0")
    expect(samples.get_by_text("text 0")).to_be_visible()
    tab("Details").click()
    expect(view.locator("[data-labkit-detail=exported]")).to_be_visible()
    expect(tab("Tuning")).to_be_hidden()


@pytest.mark.parametrize(("width", "theme"), [(700, "dark"), (1280, "light")])
def test_nothing_overlaps_or_is_cut(open_file, page_file, width, theme):
    page = open_file(page_file, width, theme)
    view = dashboard(page)
    assert view.evaluate(OVERLAPS) == []
    assert view.evaluate(CUT_TEXTS) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == {"dark": "rgb(17, 17, 17)", "light": "rgb(255, 255, 255)"}[theme]


def test_without_scripts_there_is_a_still_picture(open_file, page_file):
    page = open_file(page_file, scripts=False)
    expect(page.locator("main")).to_be_hidden()
    picture = page.get_by_role("img", name=re.compile("digits: .* 60 steps"))
    expect(picture).to_be_visible()
    assert picture.bounding_box()["height"] > 400
    page.get_by_text("As text").click()
    expect(page.get_by_text("gradient norms, newest reading")).to_be_visible()


def test_hostile_names_are_shown_as_text(open_file, tmp_path):
    model = Net()
    with lk.watch(model, name=HOSTILE, show=False, config={HOSTILE: HOSTILE}) as run:
        run.note = HOSTILE
        train(run, model, 6)
        run.log(**{HOSTILE: 1.0})
        run.log(text=HOSTILE)
        path = run.export_html(tmp_path / "hostile.html")
    page = open_file(path)
    view = dashboard(page)
    expect(view.locator(".labkit-run-name")).to_have_text(HOSTILE.replace("\u202e", "\ufffd"))
    for tab in view.get_by_role("tab").all():
        tab.click()
    assert page.evaluate("window.attacked") is None
    assert page.locator("img[onerror], [onload], iframe").count() == 0
    scripts = page.evaluate("[...document.scripts].filter((each) => !each.type).length")
    assert scripts == 1


def test_a_comparison_has_both_runs(open_file, tmp_path):
    runs = []
    for name in ("SGD", "Adam"):
        model = Net()
        with lk.watch(model, name=name, show=False) as run:
            train(run, model, 20)
        runs.append(run)
    comparison = lk.compare(*runs)
    path = comparison.export_html(tmp_path / "both.html")
    comparison.close()
    page = open_file(path, 700)
    view = page.locator("[data-labkit-view=comparison]")
    expect(view.locator(".labkit-comparison-run .labkit-comparison-name")).to_have_text(
        ["SGD", "Adam"]
    )
    expect(view.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
    view.get_by_role("tab", name="Side by side").click()
    expect(view.locator(".labkit-problem:visible")).to_have_count(0)


def test_the_output_of_a_notebook_is_interactive_in_a_sandbox(open_file, tmp_path):
    model = Net()
    with lk.watch(model, name="digits", show=False) as run:
        train(run, model, 10)
    path = tmp_path / "notebook.html"
    path.write_text(f"<!DOCTYPE html>{run.interactive()._repr_html_()}", encoding="utf-8")
    frame = open_file(path).frame_locator("iframe")
    expect(frame.locator("[data-labkit-view=dashboard] .labkit-status")).to_have_text("Finished")
    expect(frame.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_visible()
    expect(frame.locator("[data-labkit-node]").first).to_be_visible()
