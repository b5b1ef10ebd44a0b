"""The boundary view records each step, shows the latest, and sends earlier ones on request."""

from __future__ import annotations

import base64
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest
import torch

from labkit.learn.boundary import BoundaryView
from labkit.views.message_builders import PROTOCOL_VERSION
from labkit.views.saved_output import VIEW_MIME_TYPE

X = torch.tensor([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
Y = torch.tensor([0, 1, 1])


class Moving:
    """A model whose boundary moves to the right."""

    def __init__(self):
        self.at = 0.0

    def __call__(self, points):
        return points[:, 0] - self.at


@pytest.fixture
def view():
    view = BoundaryView(Moving(), X, Y, names=("a", "b"), classes=("no", "yes"))
    yield view
    view.close()


def train(view, steps):
    for _ in range(steps):
        view._model.at += 1.0
        view.update()


def first_logit(moment):
    return np.frombuffer(base64.b64decode(moment["logits"]), "<f4")[0]


def ask(view, **content):
    sent = []
    view.send = sent.append
    data = {"method": "custom", "content": content}
    view.comm.handle_msg({"content": {"data": data}, "buffers": []})
    return sent


def test_the_latest_step_is_shown_when_the_cell_ends(view):
    train(view, 5)
    view.cell_ended()
    assert (view.moment["step"], view.moment["index"], view.moment["count"]) == (5, 5, 6)
    assert first_logit(view.moment) == -5.0


def test_a_page_gets_the_step_that_it_asks_for(view):
    train(view, 5)
    (message,) = ask(view, type="want", protocol=PROTOCOL_VERSION, index=2)
    assert message["type"] == "moment"
    assert message["moment"]["step"] == 2
    assert first_logit(message["moment"]) == -2.0
    (last,) = ask(view, type="want", protocol=PROTOCOL_VERSION, index=99)
    assert last["moment"]["step"] == 5


@pytest.mark.parametrize(
    "content",
    [
        {"type": "want", "protocol": PROTOCOL_VERSION + 1, "index": 0},
        {"type": "want", "protocol": PROTOCOL_VERSION, "index": "0"},
        {"type": "other", "protocol": PROTOCOL_VERSION, "index": 0},
    ],
)
def test_other_messages_are_ignored(view, content):
    assert ask(view, **content) == []


def test_a_long_training_keeps_its_first_and_its_latest_step(view):
    train(view, 1111)
    view.cell_ended()
    count = view.moment["count"]
    assert 120 < count <= 241
    assert (view.moment["step"], view.moment["index"]) == (1111, count - 1)
    steps = [
        ask(view, type="want", protocol=PROTOCOL_VERSION, index=index)[0]["moment"]["step"]
        for index in range(count)
    ]
    assert steps[0] == 0
    assert steps == sorted(set(steps))
    assert len({after - before for before, after in pairwise(steps[:-1])}) == 1


def test_the_saved_output_has_a_picture_on_a_background_of_its_own(view):
    train(view, 1)
    data, _ = view._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    texts = [each.text for each in picture.iter() if each.tag.endswith("text")]
    assert {"a", "b", "no", "yes"} <= set(texts)
    assert "After step 1. 2 of 3 are on their side" in data["text/plain"]
    assert VIEW_MIME_TYPE in data


def test_names_are_checked():
    with pytest.raises(ValueError, match="names takes two texts"):
        BoundaryView(Moving(), X, Y, names="ab")


def test_a_step_can_be_numbered_by_the_loop(view):
    view.update(10)
    view.update(20)
    view.cell_ended()
    assert (view.moment["step"], view.moment["count"]) == (20, 3)
