"""Pictures and histograms for pages whose requests wait for the end of the cell."""

import json
import re
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import labkit as lk
from labkit.run import Run
from labkit.run.activations import MAX_VALUES, Picture
from labkit.run.histograms import HISTOGRAM_BINS
from labkit.views import acknowledgement_watch, channel, pushed_replies, views
from labkit.views.pushed_replies import (
    MAX_HISTOGRAMS,
    MAX_PUSH_BYTES,
    PICTURE_ORDER,
    PushedReplies,
)

from .pages import Page, received

FRONTEND = Path(__file__).resolve().parents[2] / "frontend" / "src" / "views"
PUSHED = ("subjects", "picture", "histograms")


@pytest.fixture
def run():
    run = Run("demo")
    yield run
    run.close()


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(channel, "_GRACE_SECONDS", 0.0)
    monkeypatch.setattr(pushed_replies, "_INTERVAL_SECONDS", 0.0)


def add_picture(run, step, module="conv", kind="maps", values=4):
    panel = np.full((1, 1, values), float(step), np.float32)
    run.activations.add(Picture(module, kind, step, panel, ("0",), "height", "width"))


def add_histogram(run, step, name="w"):
    counts = np.ones(HISTOGRAM_BINS, np.float32)
    run.histograms.add(f"grad/{name}", step, counts)
    run.histograms.add(f"grad_linear/{name}", step, counts, (0.0, 1.0))


def size(messages):
    return sum(len(json.dumps(each.content)) + sum(map(len, each.buffers)) for each in messages)


def shown(messages):
    """Return the modules and steps of the pictures among some messages."""
    pictures = [each.content["picture"] for each in messages if "picture" in each.content]
    return [(picture["module"], picture["step"]) for picture in pictures]


def display(run, kind, monkeypatch):
    """Display a view on a page of which no message arrives."""
    monkeypatch.setattr(views, "is_marimo", lambda: True)  # a page whose messages wait
    page = Page(run, monkeypatch)
    view = kind(run)
    view._repr_mimebundle_()
    page.first(lambda content: content["type"] == "snapshot")
    return page, view


def pushed(page):
    return [each for each in page.received if each["type"] in PUSHED]


def await_frames(page, count=2):
    seqs = [each["seq"] for each in page.received if each["type"] == "frame"]
    last = max(seqs, default=1)
    page.first(lambda content: content["type"] == "frame" and content["seq"] >= last + count)


def test_each_new_picture_is_sent_once_before_its_frame(run, monkeypatch):
    page, _view = display(run, lk.Dashboard, monkeypatch)
    for step in (1, 2):
        add_picture(run, step)
        page.first(lambda content, step=step: (content.get("picture") or {}).get("step") == step)
        await_frames(page)
    assert [each["type"] for each in pushed(page)] == ["subjects", "picture"] * 2
    assert {each["request"] for each in pushed(page)} == {None}


def test_histograms_are_sent_with_both_kinds_of_bins(run, monkeypatch):
    page, _view = display(run, lk.GradientView, monkeypatch)
    add_picture(run, 1)
    add_histogram(run, 1)
    for bins in ("magnitude", "even"):
        sent = page.first(lambda content, bins=bins: content.get("bins") == bins)
        assert (sent["request"], sent["names"]) == (None, ["w"])
    await_frames(page)
    assert [each["type"] for each in pushed(page)] == ["histograms"] * 2


def test_a_page_is_sent_only_what_its_views_draw(run, monkeypatch):
    page, _view = display(run, lk.CurvesView, monkeypatch)
    add_picture(run, 1)
    add_histogram(run, 1)
    await_frames(page)
    assert pushed(page) == []


def test_a_page_whose_messages_arrive_is_sent_nothing_without_a_request(run, monkeypatch):
    page, _view = display(run, lk.Dashboard, monkeypatch)
    page.ask(received(1))
    add_picture(run, 1)
    await_frames(page)
    assert pushed(page) == []


def test_a_page_that_comes_later_is_sent_the_newest_again(run, monkeypatch):
    page, view = display(run, lk.ActivationView, monkeypatch)
    add_picture(run, 1)
    page.first(lambda content: content["type"] == "picture")
    page.received.clear()
    view._repr_mimebundle_()
    page.first(lambda content: content["type"] == "picture")


def test_a_page_that_is_silent_in_a_later_cell_is_sent_what_it_cannot_request(monkeypatch):
    monkeypatch.setattr(acknowledgement_watch, "_SILENT_SECONDS", 0.2)
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    page, _view = display(run, lk.Dashboard, monkeypatch)
    page.ask(received(1))  # it is handled on the main thread, between cells
    assert pushed(page) == []
    deadline = time.monotonic() + 20
    while not pushed(page):
        assert time.monotonic() < deadline
        optimizer.zero_grad()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()
    run.close()


def test_an_error_leaves_the_frames_and_is_a_notice(run, monkeypatch):
    page, _view = display(run, lk.Dashboard, monkeypatch)

    def fail(*_):
        raise ValueError("broken")

    monkeypatch.setattr(PushedReplies, "due", fail)
    await_frames(page, 3)
    assert any("broken" in notice.text for notice in run.notices)


def test_the_cost_of_the_run_contains_them(run, monkeypatch):
    spent = 0.02

    def work(*_):
        end = time.thread_time() + spent
        while time.thread_time() < end:
            pass
        return []

    monkeypatch.setattr(PushedReplies, "due", work)
    monkeypatch.setattr(Run, "status", "running")
    page, _view = display(run, lk.Dashboard, monkeypatch)
    before = run.cost_totals.publishing_ns
    await_frames(page, 3)
    assert run.cost_totals.publishing_ns - before >= spent * 1e9


def test_nothing_is_sent_in_the_second_after_a_snapshot(run, monkeypatch):
    monkeypatch.setattr(pushed_replies, "_INTERVAL_SECONDS", 3600.0)
    add_picture(run, 1)
    replies = PushedReplies(run)
    replies.restart()
    assert replies.due({"dashboard"}) == []


@pytest.mark.parametrize("pace", [None, 50, 10])
def test_they_are_chosen_once_a_second_or_at_each_step_of_a_slow_loop(run, pace, monkeypatch):
    monkeypatch.setattr(pushed_replies, "_INTERVAL_SECONDS", 3600.0)
    run.pace = pace
    replies = PushedReplies(run)
    counts = []
    for step in (1, 2, 3):
        add_picture(run, step)
        counts.append(len(shown(replies.due({"dashboard"}))))
    assert counts == ([1, 1, 1] if pace == 10 else [1, 0, 0])


def test_large_pictures_are_sent_in_turn_and_the_first_one_always(run):
    modules = [f"conv{number}" for number in range(6)]
    replies = PushedReplies(run)
    sent = []
    for step in range(1, 7):
        for module in modules:
            add_picture(run, step, module, values=MAX_VALUES)
        messages = replies.due({"activations"})
        assert size(messages) <= MAX_PUSH_BYTES + 4 * MAX_VALUES
        sent.append([module for module, _ in shown(messages)])
    assert [some[0] for some in sent] == ["conv0"] * 6
    assert [some[1] for some in sent] == [*modules[1:], "conv1"]


def test_without_new_ones_the_others_follow_and_then_nothing(run):
    modules = [f"conv{number}" for number in range(6)]
    for module in modules:
        add_picture(run, 1, module, values=MAX_VALUES)
    replies = PushedReplies(run)
    sent = []
    while messages := replies.due({"activations"}):
        sent += shown(messages)
    assert sent == [(module, 1) for module in modules]


def test_the_most_informative_kind_is_first(run):
    for kind in reversed(PICTURE_ORDER):
        add_picture(run, 1, kind, kind)
    messages = PushedReplies(run).due({"dashboard"})
    assert [kind for kind, _ in shown(messages)] == list(PICTURE_ORDER)


def test_histograms_of_many_parameters_are_bounded_and_sent_in_turn(run):
    names = [f"w{number}" for number in range(2 * MAX_HISTOGRAMS + 5)]
    for name in names:
        add_histogram(run, 1, name)
    replies = PushedReplies(run)
    sent = {"magnitude": [], "even": []}
    while messages := replies.due({"gradients"}):
        assert size(messages) <= MAX_PUSH_BYTES + 1000 * MAX_HISTOGRAMS
        for message in messages:
            assert len(message.content["names"]) <= MAX_HISTOGRAMS
            sent[message.content["bins"]] += message.content["names"]
    assert sent["magnitude"] == sent["even"] == names


def test_histograms_of_a_large_model_do_not_delay_pictures(run):
    for number in range(10 * MAX_HISTOGRAMS):
        add_histogram(run, 1, f"w{number}")
    replies = PushedReplies(run)
    for _ in range(3):
        replies.due({"dashboard"})
    for module in ("conv0", "conv1"):
        add_picture(run, 2, module)
    messages = replies.due({"dashboard"})
    assert [module for module, _ in shown(messages)] == ["conv0", "conv1"]


def test_both_sides_have_the_same_order_and_number():
    quantities = (FRONTEND / "activations" / "quantities.ts").read_text(encoding="utf-8")
    kinds = quantities[quantities.index("export const PICTURES") :]
    assert tuple(re.findall(r"^    (\w+): \[", kinds, re.MULTILINE)) == PICTURE_ORDER
    ridge = (FRONTEND / "gradients" / "histogram-ridge.ts").read_text(encoding="utf-8")
    assert f"const MAX_ROWS = {MAX_HISTOGRAMS};" in ridge
