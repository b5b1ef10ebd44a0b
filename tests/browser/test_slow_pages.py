"""Pages over a slow line, pages that sleep, slow pages and two pages of one run.

The loop waits for none of them, and their views show its last step when they can.
"""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from labkit.views.assets import STATIC
from labkit.views.flow_control import MAX_UNACKNOWLEDGED_BYTES

from .lab import NotebookPage
from .slow_line import slow_line
from .training import MODEL

pytestmark = pytest.mark.browser

ELSEWHERE = "127.0.0.2"
"""An address of this machine that labkit does not count as the kernel's."""
SCRIPT_BYTES = sum(path.stat().st_size for path in STATIC.glob("*.js.gz"))
COUNT_DRAWINGS = """() => {
    window.drawnSteps = new Set();
    const view = document.querySelector('[data-labkit-view="curves"]');
    window.drawings?.disconnect();
    window.drawings = new MutationObserver(() => window.drawnSteps.add(view.dataset.labkitStep));
    window.drawings.observe(view, { attributeFilter: ["data-labkit-step"] });
}"""


@pytest.fixture(scope="module")
def line(lab):
    with slow_line(ELSEWHERE, urlsplit(lab.url).port) as line_:
        yield line_


@pytest.fixture(scope="module")
def far_book(browser, lab, line):
    """Return a page whose browser is elsewhere, at the other end of the line."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    far_lab = replace(lab, url=f"http://{ELSEWHERE}:{line.port}")
    yield NotebookPage(page, far_lab, "slow.ipynb", [""])
    page.close()
    lab.end_kernels("slow.ipynb")


@pytest.fixture
def book(far_book, line):
    yield far_book
    line.speed_up()


def prepare(book, training, magic=""):
    """Run the cell with the model; the next one trains."""
    cell = magic + training.cell("slow pages").lstrip()
    book.replace_cells([f"{MODEL}%load_ext labkit", cell])
    book.run_cell(0)
    book.await_idle()


def catch_up(book, training, kind="controls"):
    """Wait until a view has drawn a step that has ended at present."""
    book.await_step(kind, training.steps)


def end(book, training):
    """End the loop, and wait until its last step is drawn."""
    training.end()
    book.await_idle()
    for kind in ("curves", "controls"):
        book.await_step(kind, training.steps)
    assert book.errors == []


def control(book, name):
    return book.view("controls").get_by_role("button", name=name, exact=True)


def test_a_page_over_a_line_of_1_mbit_follows_the_loop(book, training, line):
    prepare(book, training)
    line.slow_down(1, 0.05)
    before = line.to_page.carried
    book.run_cell(1)
    expect(book.view("controls")).to_contain_text("Running", timeout=30_000)
    for kind in ("curves", "gradients", "graph"):
        book.await_step(kind, 1, timeout=60_000)
    assert line.to_page.carried - before < 1.5 * SCRIPT_BYTES  # they are sent once
    catch_up(book, training)
    line.to_page.most_waiting = 0
    for _ in range(3):
        catch_up(book, training)
        catch_up(book, training, "curves")
    assert line.to_page.most_waiting < 2 * MAX_UNACKNOWLEDGED_BYTES
    end(book, training)


def test_the_loop_does_not_wait_for_a_line_that_stands_still(book, training, line):
    prepare(book, training)
    book.run_cell(1)
    catch_up(book, training, "curves")
    line.to_page.most_waiting = 0
    line.hold()
    training.await_steps(training.steps + 500)
    assert line.to_page.most_waiting < 2 * MAX_UNACKNOWLEDGED_BYTES
    line.speed_up()
    catch_up(book, training)
    end(book, training)


def test_a_page_that_sleeps_is_up_to_date_when_it_wakes(book, training):
    prepare(book, training)
    book.run_cell(1)
    catch_up(book, training, "curves")
    book.page.evaluate(COUNT_DRAWINGS)
    browser = book.page.context.new_cdp_session(book.page)
    browser.send("Page.setWebLifecycleState", {"state": "frozen"})
    training.await_steps(training.steps + 500)
    browser.send("Page.setWebLifecycleState", {"state": "active"})
    catch_up(book, training, "curves")
    assert book.page.evaluate("() => window.drawnSteps.size") < 20
    catch_up(book, training)
    end(book, training)


def test_two_pages_follow_one_loop_and_either_controls_it(book, training, browser):
    prepare(book, training, "%%train\n")
    book.run_cell(1)
    book.await_idle()
    catch_up(book, training)
    book.save()
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    second = NotebookPage(page, book.lab, book.path.name)
    for _ in range(2):
        for each in (book, second):
            catch_up(each, training, "curves")
    control(second, "Pause").click()
    for each in (second, book):
        each.scroll_to("controls")  # views out of sight are not drawn
        expect(each.view("controls")).to_contain_text("Paused")
    control(book, "Resume").click()
    for each in (second, book):
        expect(each.view("controls")).to_contain_text("Running")
        catch_up(each, training)
    assert second.errors == []
    page.close()
    for _ in range(3):
        catch_up(book, training)
    end(book, training)


def test_a_slow_page_follows_the_loop_and_pauses_it(book, training):
    prepare(book, training)
    browser = book.page.context.new_cdp_session(book.page)
    browser.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    book.run_cell(1)
    for _ in range(2):
        catch_up(book, training, "curves")
    book.scroll_to("controls")
    control(book, "Pause").click()
    expect(book.view("controls")).to_contain_text("Paused")
    held = training.steps
    book.await_step("curves", held)
    book.scroll_to("controls")
    control(book, "Resume").click()
    training.await_steps(held + 100)
    catch_up(book, training)
    browser.send("Emulation.setCPUThrottlingRate", {"rate": 1})
    end(book, training)
