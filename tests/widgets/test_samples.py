"""Logged images, texts and figures on their way to the pages."""

import json
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest

import labkit as lk
from labkit.run import LoggedSample, Run
from labkit.run.logged.sample_log import MAX_NAMES, MAX_STEPS
from labkit.views import channel, pushed_replies, views
from labkit.views.channel import RunChannel
from labkit.views.pushed_replies import MAX_PUSH_BYTES, PushedReplies
from labkit.views.run_updates import RunUpdates

from .pages import HELLO, Page

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def run():
    run = Run("demo")
    yield run
    run.close()


def log_at(run, step, **values):
    run.advance_to(step)
    run.log(**values)


def names(message):
    return [series["name"] for series in message.content.get("samples", [])]


def test_a_page_is_sent_what_there_is_and_the_sample_that_it_requests(run, monkeypatch):
    posted = []
    page = Page(run, monkeypatch)
    take = RunChannel.send
    monkeypatch.setattr(
        RunChannel,
        "send",
        lambda self, content, buffers=None: posted.append((content, buffers)) or take(content),
    )
    for step in (2, 5):
        log_at(run, step, **{MARKUP: f"{MARKUP} {step}", "image": np.zeros((4, 6))})
    page.ask(HELLO)
    sent = page.first(lambda content: content["type"] == "snapshot")["samples"]
    assert sent == [
        {"name": MARKUP, "kind": "text", "steps": [2, 5], "logged": 2},
        {"name": "image", "kind": "image", "steps": [2, 5], "logged": 2},
    ]
    for request, (name, step, found) in enumerate(
        [(MARKUP, None, 5), (MARKUP, 4, 2), ("image", 1, 2), ("none", None, None)], start=1
    ):
        page.ask({"type": "sample", "request": request, "name": name, "step": step})
        sample = page.answer_to(request)["sample"]
        assert (sample and sample["step"]) == found
    contents = [buffers[0] for content, buffers in posted if content.get("sample")]
    assert contents[0] == f"{MARKUP} 5".encode()
    assert contents[2].startswith(b"\x89PNG")


def test_frames_contain_the_series_that_changed_and_nothing_otherwise(run):
    updates = RunUpdates(run)
    updates.snapshot()
    assert "samples" not in updates.frame().content
    log_at(run, 1, a="first", b="first")
    assert names(updates.frame()) == ["a", "b"]
    assert "samples" not in updates.frame().content
    log_at(run, 1, a="again")
    (series,) = updates.frame().content["samples"]
    assert series == {"name": "a", "kind": "text", "steps": [1], "logged": 2}
    assert len(updates.snapshot().content["samples"]) == 2


def test_many_series_are_sent_with_several_frames(run):
    updates = RunUpdates(run)
    for number in range(MAX_NAMES):
        for step in range(MAX_STEPS):
            run.sample_log.add(LoggedSample(f"name{number}", step, "text", b"x", ""))
    sent = []
    while found := names(message := updates.frame()):
        assert len(json.dumps(message.content["samples"])) < 15_000
        sent += found
    assert sent == [f"name{number}" for number in range(MAX_NAMES)]


def test_a_name_of_which_nothing_is_stored_any_more_has_no_steps(run, monkeypatch):
    monkeypatch.setattr("labkit.run.logged.sample_log.MAX_BYTES", 10)
    updates = RunUpdates(run)
    log_at(run, 1, a="12345678")
    updates.frame()
    log_at(run, 2, b="12345678")
    gone, present = updates.frame().content["samples"]
    assert (gone["name"], gone["steps"], present["name"]) == ("a", [], "b")
    assert "samples" not in updates.frame().content


@pytest.mark.parametrize("kind", [lk.Dashboard, lk.SamplesView])
def test_a_page_whose_requests_wait_is_sent_the_newest_ones(run, kind, monkeypatch):
    monkeypatch.setattr(channel, "_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(pushed_replies, "_INTERVAL_SECONDS", 0.0)
    monkeypatch.setattr(views, "is_marimo", lambda: True)
    page = Page(run, monkeypatch)
    _view = kind(run)
    _view._repr_mimebundle_()
    page.first(lambda content: content["type"] == "snapshot")
    for step in (1, 2):
        log_at(run, step, text=f"at {step}")
        sent = page.first(
            lambda content, step=step: (content.get("sample") or {}).get("step") == step
        )
        assert sent["request"] is None


def test_large_samples_are_sent_in_turn_and_only_to_views_that_draw_them(run, monkeypatch):
    monkeypatch.setattr(pushed_replies, "_INTERVAL_SECONDS", 0.0)
    texts = dict.fromkeys("abcd", "x" * (MAX_PUSH_BYTES // 2))
    log_at(run, 1, **texts)
    replies = PushedReplies(run)
    assert replies.due({"curves", "activations"}) == []
    sent = []
    while messages := replies.due({"samples"}):
        sent.append([message.content["sample"]["name"] for message in messages])
    assert sent == [["a", "b"], ["c", "d"]]
    log_at(run, 1, a="again")
    (message,) = replies.due({"samples"})
    assert message.content["sample"]["name"] == "a"


def test_samples_that_are_still_larger_are_sent_rarely_and_some_not_at_all(run, monkeypatch):
    monkeypatch.setattr(pushed_replies, "_INTERVAL_SECONDS", 0.0)
    now = iter(range(0, 1000, 4))
    clock = SimpleNamespace(monotonic=lambda: float(next(now)))
    monkeypatch.setattr(pushed_replies, "time", clock)
    replies = PushedReplies(run)
    sent = []
    for step in range(1, 25):
        for name, size in {"a": 200_000, "b": 200_000, "too large": 1_000_001}.items():
            run.sample_log.add(LoggedSample(name, step, "image", bytes(size)))
        sent.append([message.content["sample"]["name"] for message in replies.due({"samples"})])
    assert sent[:5] == [["a"], [], ["b"], [], ["a"]]
    assert ["too large"] not in sent


def test_the_still_picture_of_a_view_is_well_formed(run):
    empty, _ = lk.SamplesView(run)._repr_mimebundle_()
    assert "No image, text or figure has been logged." in empty["image/svg+xml"]
    images = np.random.default_rng(0).random((7, 9))
    log_at(run, 3, **{MARKUP: MARKUP, f"{MARKUP} image": images})
    bundle, _ = lk.SamplesView(run)._repr_mimebundle_()
    elements = list(ElementTree.fromstring(bundle["image/svg+xml"]).iter())
    assert not [each for each in elements if each.tag.endswith("img")]
    (image,) = [each for each in elements if each.tag.endswith("image")]
    assert image.attrib["href"].startswith("data:image/png;base64,")
    texts = [each.text or "" for each in elements if each.tag.endswith("text")]
    assert sum(MARKUP in text for text in texts) == 2
    assert f"{MARKUP}: text, 1 step, the newest at step 3" in bundle["text/plain"]
