"""The widget of the stepper without a page: its messages and edits."""

import json
import threading

import numpy as np
import pytest
import torch

import labkit as lk
from labkit.views import stepper as stepper_module
from labkit.views.fragments import MAX_MESSAGE_BYTES
from labkit.views.message_builders import PROTOCOL_VERSION
from labkit.views.stepper import StepperView, walk_message

from .fixtures import stepper_requests


def stepped():
    w = torch.tensor([2.0, 3.0], requires_grad=True)
    return lk.stepper(lambda: torch.sum(w * w))


def numbers(message, value):
    return np.frombuffer(message.buffers[value["numbers"]], "<f8").tolist()


def test_a_walk_message_has_all_events_and_values():
    view = stepped()
    message = walk_message(view.walk, 7)
    content = message.content
    assert (content["type"], content["request"], content["reason"]) == ("walk", 7, None)
    phases = [event["phase"] for event in content["events"]]
    assert phases == ["forward", "forward", "backward", "backward", "accumulate"]
    assert numbers(message, content["events"][0]["outputs"][0]["value"]) == [4.0, 9.0]
    assert numbers(message, content["events"][-1]["after"]) == [4.0, 6.0]
    assert content["graph"]["nodes"][0]["id"] == content["leaves"][0]["node"] == "/w:0"


def test_an_edit_changes_the_walk_and_reset_restores_it():
    view = stepped()
    edited = view.edit("/w:0", 0, 5.0)
    assert view.walk is edited
    assert edited.grads["/w:0"].tolist() == [10.0, 6.0]
    assert view.reset().grads["/w:0"].tolist() == [4.0, 6.0]


def test_a_refused_edit_does_not_change_the_walk():
    view = stepped()
    before = view.walk
    with pytest.raises(IndexError, match="no place 9"):
        view.edit("/w:0", 9, 1.0)
    assert view.walk is before


def test_the_static_form_is_the_events_as_text_and_the_graph_as_svg():
    data, _ = stepped()._repr_mimebundle_()
    assert "accumulate /w:0" in data["text/plain"]
    assert data["image/svg+xml"].startswith("<svg")


@pytest.fixture
def sent(monkeypatch):
    """The messages sent by steppers."""
    messages = []
    monkeypatch.setattr(
        StepperView, "send", lambda self, content, buffers=(): messages.append(content)
    )
    return messages


EDIT = {"type": "edit", "request": 5, "leaf": "/w:0", "index": 0, "value": 5}


def ask(view, content):
    message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    view.comm.handle_msg(message)


def ask_on_another_thread(view, content):
    thread = threading.Thread(target=ask, args=(view, content))
    thread.start()
    thread.join(timeout=10)
    assert not thread.is_alive()


def test_an_edit_message_of_a_page_changes_the_walk(sent):
    view = stepped()
    ask(view, EDIT)
    assert (sent[-1]["type"], sent[-1]["request"]) == ("walk", 5)
    assert view.walk.grads["/w:0"].tolist() == [10.0, 6.0]


@pytest.mark.parametrize(
    "content",
    [{**EDIT, "index": 9}, {**EDIT, "index": "x"}, {"type": "fly", "request": 5}, None, []],
)
def test_invalid_messages_are_refused(sent, content):
    view = stepped()
    before = view.walk
    ask(view, content)
    assert sent[-1]["type"] == "refused"
    assert sent[-1]["request"] == (5 if isinstance(content, dict) else None)
    assert view.walk is before


def test_the_refusal_of_code_that_raises_a_long_error_is_sent_in_bounded_messages(sent):
    long, w = [], torch.tensor([2.0, 3.0], requires_grad=True)

    def code():
        if long:
            raise ValueError(long[0])
        return torch.sum(w * w)

    view = lk.stepper(code)
    long.append("x" * 3 * MAX_MESSAGE_BYTES)
    ask(view, EDIT)
    (refusal,) = [content for content in sent if content["type"] == "refused"]
    assert len(json.dumps(sent[-1])) < MAX_MESSAGE_BYTES
    assert "characters" in refusal["reason"]


@pytest.mark.parametrize("content", stepper_requests().values(), ids=lambda each: each["type"])
def test_every_message_of_a_page_is_answered(sent, content):
    leaf = {"leaf": "/w:0"} if content["type"] == "edit" else {}
    ask(stepped(), {**content, **leaf})
    assert (sent[-1]["type"], sent[-1]["request"]) == ("walk", content.get("request"))


@pytest.mark.parametrize("version", [{}, {"protocol": PROTOCOL_VERSION + 1}])
def test_a_page_with_another_protocol_version_is_refused_with_advice(sent, version):
    ask(stepped(), {"type": "walk", **version})
    assert sent[-1]["type"] == "refused"
    assert "reload the page" in sent[-1]["reason"]


def test_edits_run_the_code_on_the_thread_of_the_stepper(sent, monkeypatch):
    threads, waiting = [], []
    w = torch.tensor([2.0, 3.0], requires_grad=True)

    def code():
        threads.append(threading.current_thread())
        return torch.sum(w * w)

    monkeypatch.setattr(
        stepper_module, "call_on_main_thread", lambda work: waiting.append(work) is None
    )
    view = lk.stepper(code)
    ask_on_another_thread(view, EDIT)
    assert not sent
    waiting.pop()()
    assert (sent[-1]["type"], sent[-1]["request"]) == ("walk", 5)
    assert set(threads) == {threading.current_thread()}


def test_an_edit_is_refused_when_that_thread_cannot_be_reached(sent):
    view = stepped()
    ask_on_another_thread(view, EDIT)
    assert (sent[-1]["type"], sent[-1]["request"]) == ("refused", 5)
