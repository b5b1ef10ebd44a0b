"""The view of a folder of runs without a page: its messages, its comparison, and its thread."""

import gc
import threading
import weakref
from types import SimpleNamespace

import pytest

import labkit as lk
from labkit.run import Run
from labkit.views import runs as runs_module
from labkit.views import saved_output, text_buffers
from labkit.views.channel import RunChannel
from labkit.views.messages import runs as types
from labkit.views.runs import RunsView

from .fixtures import runs_requests
from .test_protocol import check


def save(folder, name, steps=3):
    run = Run(name)
    table = run.add_table("loss", "loss", ["loss"])
    for step in range(1, steps + 1):
        table.append(step, 1.0 / step)
    run.advance_to(steps)
    run.close()
    return run.save(folder / f"{name}.lab")


@pytest.fixture
def folder(tmp_path):
    save(tmp_path, "a")
    save(tmp_path, "b")
    return tmp_path


@pytest.fixture
def sent(monkeypatch):
    """The messages sent by the view, and an event for each."""
    messages = []
    arrived = threading.Semaphore(0)

    def send(self, content, buffers=()):
        messages.append(content)
        arrived.release()

    monkeypatch.setattr(RunsView, "send", send)
    return SimpleNamespace(messages=messages, arrived=arrived)


@pytest.fixture
def view(folder):
    shown = lk.runs(folder).view()
    yield shown
    shown.close()


def keys(content):
    return sorted(row["key"] for row in content["content"]["rows"])


@pytest.mark.parametrize("content", runs_requests().values(), ids=lambda each: each["type"])
def test_every_request_of_a_page_is_answered(view, sent, content, monkeypatch):
    monkeypatch.setattr(text_buffers, "_requested", [])
    view._on_page(view, content, [])
    assert sent.arrived.acquire(timeout=30)
    answer = sent.messages[-1]
    assert ("text_buffers" in answer) == (content["type"] == "text")
    answer.pop("text_buffers", None)
    check(answer, types.RunsKernelMessage)
    assert answer["type"] == ("runs" if content["type"] != "compare" else "compared")


def test_a_message_of_another_version_or_kind_is_refused(view, sent):
    view._on_page(view, {"type": "runs", "protocol": -1, "again": False}, [])
    view._on_page(view, {"type": "fly"}, [])
    assert [each["type"] for each in sent.messages] == ["refused", "refused"]


def test_only_rows_that_have_changed_are_sent(view, sent, folder):
    view._on_page(view, runs_requests()["runs"], [])
    assert keys(sent.messages[-1]) == ["a.lab", "b.lab"]
    view.poll()
    assert len(sent.messages) == 1
    (folder / "a.lab").unlink()
    save(folder, "c")
    view.poll()
    assert sent.messages[-1]["removed"] == ["a.lab"]
    assert keys(sent.messages[-1]) == ["c.lab"]


def test_a_comparison_has_the_channels_of_the_runs_and_ends_with_the_next(view, sent):
    view.show_comparison(["a.lab", "b.lab"], 1)
    first = view.comparison
    answer = sent.messages[-1]
    assert answer["names"] == ["a", "b"]
    assert answer["channels"] == [f"IPY_MODEL_{each.model_id}" for each in first.channels]
    channels = list(first.channels)
    view.show_comparison([], 2)
    assert sent.messages[-1]["channels"] == []
    assert view.comparison is None
    assert all(channel.comm is None for channel in channels)


def test_a_comparison_that_is_not_possible_is_refused_with_the_reason(view, sent):
    view.show_comparison(["a.lab"], 1)
    assert "2 to 8 runs" in sent.messages[-1]["reason"]
    view.show_comparison(["a.lab", "gone.lab"], 2)
    assert sent.messages[-1] == {
        "type": "refused",
        "request": 2,
        "reason": "There is no file 'gone.lab' any more.",
    }


def test_in_marimo_a_refusal_says_what_to_write_in_a_cell(view, sent, monkeypatch):
    monkeypatch.setattr(runs_module, "is_marimo", lambda: True)
    view._on_page(view, runs_requests()["compare"], [])
    assert "in a cell: runs.compare('a.lab', 'b.lab')" in sent.messages[-1]["reason"]


def test_a_page_that_comes_later_is_sent_the_comparison(view, sent):
    view.show_comparison(["a.lab", "b.lab"], 1)
    view._on_page(view, runs_requests()["runs"], [])
    assert [each["type"] for each in sent.messages] == ["compared", "runs", "compared"]
    assert sent.messages[-1]["request"] is None


def test_the_thread_follows_the_folder_until_the_view_is_closed(view, sent, folder, monkeypatch):
    monkeypatch.setattr(view._work, "_interval", 0.01)
    view._work.start_polling()
    view._on_page(view, runs_requests()["runs"], [])
    assert sent.arrived.acquire(timeout=30)
    save(folder, "c")
    assert sent.arrived.acquire(timeout=30)
    assert keys(sent.messages[-1]) == ["c.lab"]
    thread = view._work._thread
    view.close()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_a_view_that_nobody_has_is_collected_with_its_thread_and_its_channels(folder):
    shown = lk.runs(folder).view()
    shown._work.start_polling()
    shown.show_comparison(["a.lab", "b.lab"], None)
    thread, view = shown._work._thread, weakref.ref(shown)
    runs = [weakref.ref(run) for run in shown.comparison.runs]
    del shown
    gc.collect()
    thread.join(timeout=30)
    assert not thread.is_alive()
    gc.collect()
    assert view() is None
    assert [run() for run in runs] == [None, None]


def test_the_static_face_says_what_is_there(view):
    data, _ = view._repr_mimebundle_()
    assert "2 runs in" in data["text/plain"]
    assert "<svg" in data["image/svg+xml"]
    assert isinstance(view.channel, RunChannel)
    assert runs_module.POLL_SECONDS == 2.0


def test_the_saved_table_has_the_runs_that_have_come_since(folder, monkeypatch):
    published = []
    monkeypatch.setattr(
        saved_output,
        "publish_display_data",
        lambda data, metadata, *, transient, update: published.append((update, data)),
    )
    runs = lk.runs(folder)
    view = runs.view()
    view._ipython_display_()
    view.update_picture()
    save(folder, "a new one")
    runs.refresh()
    view.update_picture()
    assert [update for update, _ in published] == [False, True]
    assert "a new one" in published[-1][1]["text/plain"]
    view.close()
