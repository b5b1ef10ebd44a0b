"""Measures in a page what is live while a cell trains, and what arrives from the page."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Error, Page

from tests.frontends.cells import Progress
from tests.frontends.notebooks import OpenNotebook

VIEWS = ("dashboard", "curves", "gradients", "activations", "graph")
_APPEAR_SECONDS = 12.0
_LOOK_SECONDS = 1.0
_CLICK_SECONDS = 3.0
_END_SECONDS = 60.0
_RETURN_SECONDS = 30.0
_STEPS_BEFORE_RELOAD = 100

_READ = """() => {
  const found = { steps: {}, first: null, status: "", message: "", delivery: "", explanation: "" };
  const visit = (root) => {
    for (const view of root.querySelectorAll("[data-labkit-view]")) {
      const { labkitView, labkitStep } = view.dataset;
      found.steps[labkitView] ??= Number(labkitStep ?? 0);
    }
    const text = (selector) => root.querySelector(selector)?.textContent;
    found.status ||= text(".labkit-status") ?? "";
    found.message ||= text(".labkit-message") ?? "";
    found.delivery ||= text('[data-labkit-fact="delivery"]') ?? "";
    found.explanation ||= root.querySelector('[data-labkit-fact="delivery"]')?.title ?? "";
    const plot = root.querySelector('[data-labkit-view="curves"] .js-plotly-plot');
    const steps = plot?.data?.flatMap((trace) => Array.from(trace.x ?? [])) ?? [];
    if (steps.length > 0) found.first ??= steps.reduce((a, b) => Math.min(a, b));
    for (const element of root.querySelectorAll("*")) {
      if (element.shadowRoot) visit(element.shadowRoot);
    }
  };
  visit(document);
  return found;
}"""


@dataclass
class Seen:
    """What a page shows at a moment.

    Attributes
    ----------
    steps : dict of str to int
        The last step that each view has drawn.
    first : int or None
        The first step of the loss curve.
    status, message : str
        The word for the run's status, and the line below the buttons.
    delivery, explanation : str
        The word for the open delivery, and its tooltip.
    """

    steps: dict[str, int] = field(default_factory=dict)
    first: int | None = None
    status: str = ""
    message: str = ""
    delivery: str = ""
    explanation: str = ""


@dataclass
class Outcome:
    """What was seen while one cell trained; None means that it was not tried.

    Attributes
    ----------
    live : dict of str to bool
        For each view, whether it drew further steps while the loop ran.
    first_picture : float or None
        Time from the end of the first step to the first picture of the curves, in s.
    clicks : bool or None
        Whether Pause took effect while the loop ran.
    says : str
        What the page said where the click had no effect.
    delivery, explanation : str
        The word for the open delivery, and its tooltip.
    reloaded : str
        When a reloaded page had its views again: "at once", "at the end" or "never"; "new kernel"
        where every page has a kernel of its own.
    """

    live: dict[str, bool] = field(default_factory=dict)
    first_picture: float | None = None
    clicks: bool | None = None
    says: str = ""
    delivery: str = ""
    explanation: str = ""
    reloaded: str = ""


def read(page: Page) -> Seen:
    """Return what a page shows; nothing while it is loading."""
    try:
        return Seen(**page.evaluate(_READ))
    except Error:  # the page is being replaced
        return Seen()


def wait(page: Page, condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until a condition holds, or the time is over; return whether it holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        page.wait_for_timeout(30)
    return True


def measure(book: OpenNotebook, progress: Progress, picture: Path) -> Outcome:
    """Start the cell that trains, and return what is live and whether Pause takes effect."""
    outcome = Outcome()
    book.train()
    watch(book.page, progress, picture, outcome)
    wait(book.page, lambda: progress.ended, _END_SECONDS)
    return outcome


def watch(page: Page, progress: Progress, picture: Path, outcome: Outcome) -> None:
    """Complete an outcome while the loop runs."""

    def drawn() -> bool:
        return read(page).steps.get("curves", 0) >= 1

    wait(page, lambda: progress.first_step_at is not None, _END_SECONDS)
    if wait(page, lambda: drawn() or progress.ended, _APPEAR_SECONDS) and not progress.ended:
        outcome.first_picture = round(time.time() - (progress.first_step_at or 0), 2)
        outcome.clicks = _pauses(page, progress)
        if outcome.clicks:
            _click(page, "Resume")
        else:
            outcome.says = read(page).message
        outcome.live = _live(page, progress)
        seen = read(page)
        outcome.delivery, outcome.explanation = seen.delivery, seen.explanation
    page.screenshot(path=picture)


def _live(page: Page, progress: Progress) -> dict[str, bool]:
    """Return for each view whether it draws further steps before the loop ends.

    Each is brought to sight until it does, as a view behind a tab or out of sight is not drawn.
    """
    live = dict.fromkeys(VIEWS, False)
    before = dict.fromkeys(VIEWS, 0)

    def all_grow() -> bool:
        now = read(page).steps
        if not progress.ended:
            for view in VIEWS:
                live[view] |= now.get(view, 0) > before[view] > 0
                before[view] = before[view] or now.get(view, 0)
        return progress.ended or all(live.values())

    while not all_grow():
        for view in [each for each in VIEWS if not live[each]]:
            _scroll_to(page, view)
            wait(page, all_grow, _LOOK_SECONDS)
    return live


def _scroll_to(page: Page, view: str) -> None:
    with suppress(Error):  # there is no such view yet
        tab = page.locator(f'[data-labkit-tab="{view}"][aria-selected="false"]').first
        if tab.count():
            tab.click(timeout=500)
        page.locator(f'[data-labkit-view="{view}"]').first.scroll_into_view_if_needed(timeout=500)


def _pauses(page: Page, progress: Progress) -> bool:
    """Click Pause; return whether the loop is paused before it ends."""
    _click(page, "Pause")
    paused = wait(page, lambda: read(page).status == "Paused" or progress.ended, _CLICK_SECONDS)
    return paused and not progress.ended


def _click(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).first.click(timeout=10_000)


def reload(book: OpenNotebook, progress: Progress, outcome: Outcome) -> None:
    """Start the loop and reload the page; record when it shows the run with its past."""
    page = book.page
    if not book.keeps_kernel:
        outcome.reloaded = "new kernel"
        return
    progress.restart()
    book.train()
    wait(page, lambda: progress.steps >= _STEPS_BEFORE_RELOAD, _END_SECONDS)
    wait(page, lambda: read(page).steps.get("curves", 0) > 1 or progress.ended, _APPEAR_SECONDS)
    before = progress.steps
    book.reload()

    def shows_past() -> bool:
        seen = read(page)
        return seen.first == 1 and seen.steps.get("curves", 0) >= before

    if wait(page, lambda: shows_past() or progress.ended, _END_SECONDS) and not progress.ended:
        outcome.reloaded = "at once"
    elif wait(page, shows_past, _RETURN_SECONDS):
        outcome.reloaded = "at the end"
    else:
        outcome.reloaded = "never"
