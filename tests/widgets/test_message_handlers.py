"""What handled a page's message while a loop ran, as the next frame says."""

import threading

import pytest

from labkit.run import Run
from labkit.views import kernel
from labkit.views.message_handlers import handler_of_message

from .pages import HELLO, Page


@pytest.fixture
def page(monkeypatch):
    run = Run("handled")
    yield Page(run, monkeypatch)
    run.close()


def on_thread(work):
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def handler(page):
    """Return what the newest snapshot or frame says."""
    page.received.clear()
    page.channel.publish()
    return page.first(lambda content: content["type"] == "frame")["handler"]


def test_nothing_is_known_before_a_message_or_between_cells(page):
    assert handler(page) is None
    page.ask(HELLO)
    assert handler(page) is None


def test_a_message_on_another_thread_is_handled_on_a_subshell(page):
    page.channel._watched.control.owner = threading.get_ident()
    on_thread(lambda: page.ask(HELLO))
    assert handler(page) == "subshell"
    page.ask(HELLO)  # between cells
    assert handler(page) == "subshell"


def test_a_message_that_the_loop_takes_is_handled_at_a_steps_end(page):
    page.channel._watched.control.owner = threading.get_ident()
    with kernel.handling_message({"session": "a"}):
        page.ask(HELLO)
    assert handler(page) == "step end"


def test_a_loop_in_the_background_leaves_the_main_thread_free(page):
    page.channel._watched.control.owner = -1
    page.ask(HELLO)
    assert handler(page) == "background"


def test_the_thread_that_trains_handles_messages_between_cells_only():
    found = []
    on_thread(lambda: found.append(handler_of_message(threading.get_ident())))
    assert found == [None]
