"""The stepper's widget without a page: what it sends, and what edits do."""

import numpy as np
import pytest
import torch

import labkit as lk
from labkit.views.stepper import walk_message


def stepped():
    w = torch.tensor([2.0, 3.0], requires_grad=True)
    return lk.stepper(lambda: torch.sum(w * w))


def numbers(message, value):
    return np.frombuffer(message.buffers[value["numbers"]], "<f8").tolist()


def test_a_walk_travels_whole():
    view = stepped()
    message = walk_message(view.walk, 7)
    content = message.content
    assert (content["type"], content["request"], content["reason"]) == ("walk", 7, None)
    phases = [event["phase"] for event in content["events"]]
    assert phases == ["forward", "forward", "backward", "backward", "accumulate"]
    assert numbers(message, content["events"][0]["outputs"][0]["value"]) == [4.0, 9.0]
    assert numbers(message, content["events"][-1]["after"]) == [4.0, 6.0]
    assert content["graph"]["nodes"][0]["id"] == content["leaves"][0]["node"] == "/w:0"


def test_an_edit_is_shown_and_can_be_taken_back():
    view = stepped()
    edited = view.edit("/w:0", 0, 5.0)
    assert view.walk is edited
    assert edited.grads["/w:0"].tolist() == [10.0, 6.0]
    assert view.reset().grads["/w:0"].tolist() == [4.0, 6.0]


def test_a_refused_edit_leaves_the_walk_as_it_was():
    view = stepped()
    before = view.walk
    with pytest.raises(IndexError, match="no place 9"):
        view.edit("/w:0", 9, 1.0)
    assert view.walk is before


def test_the_still_form_is_the_walk_in_words_and_the_graph_as_a_picture():
    data, _ = stepped()._repr_mimebundle_()
    assert "accumulate /w:0" in data["text/plain"]
    assert data["image/svg+xml"].startswith("<svg")
