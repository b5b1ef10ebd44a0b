"""A loop that was paused by a page continues after the page has been closed."""

import threading
import time

import pytest

from labkit.run import Run
from labkit.run.control import pause_watch, viewers


@pytest.fixture
def paused(monkeypatch):
    """A run whose loop is paused on another thread; a page counts as gone after a moment."""
    monkeypatch.setattr(pause_watch, "RELOAD_SECONDS", 0.3)
    monkeypatch.setattr(viewers, "_GONE_AFTER_SECONDS", 0.3)
    run = Run("paused")
    run.pause()
    thread = threading.Thread(target=run.control.at_step_end)
    thread.start()
    while not run.control.paused:
        time.sleep(0.001)
    yield run, thread
    run.resume()
    thread.join(timeout=10)
    run.close()


def test_a_loop_continues_with_a_notice_after_its_page_has_gone(paused):
    run, thread = paused
    run.viewers.acknowledge()
    thread.join(timeout=30)
    assert not thread.is_alive()
    (notice,) = run.notices
    assert "continues" in notice.text


def test_a_loop_stays_paused_while_a_page_displays_it(paused):
    run, thread = paused
    for _ in range(20):
        run.viewers.acknowledge()
        thread.join(timeout=0.05)
    assert run.status == "paused"
    assert run.notices == ()


def test_a_loop_without_a_page_stays_paused(paused):
    run, thread = paused
    thread.join(timeout=1.0)
    assert run.status == "paused"


def test_a_loop_stays_paused_if_the_person_chooses_so(paused):
    run, thread = paused
    run.resumes_without_page = False
    run.viewers.acknowledge()
    thread.join(timeout=1.5)
    assert run.status == "paused"
    run.resumes_without_page = True
    thread.join(timeout=30)
    assert not thread.is_alive()
