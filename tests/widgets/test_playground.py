"""The playground's widget without a page: it trains only while a page shows it."""

import gc
import math
import queue
import threading
import weakref
from functools import partial
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

import labkit as lk
from labkit.playing import pages, worker
from labkit.playing.datasets import MAKERS
from labkit.playing.wire import PREVIEW_POINTS
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE

from .fixtures import playground_requests

SECONDS = 20


class FakePage:
    """Reads what the kernel sends, and draws each frame at once."""

    def __init__(self, playground, messages):
        self.playground, self.messages = playground, messages
        self.answers = True

    def ask(self, **content):
        message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
        self.playground.comm.handle_msg(message)

    def hello(self):
        self.ask(type="hello", protocol=PROTOCOL_VERSION, page="a", in_place=True)

    def sight(self, number=0, *, visible=True):
        self.ask(type="sight", page="a", visible=visible, number=number)

    def await_message(self, kind, holds=lambda content: True):
        """Return the next message of a kind for which a condition holds."""
        while True:
            content, buffers = self.messages.get(timeout=SECONDS)
            if content["type"] == "frame" and content["answer"] and self.answers:
                self.sight(content["number"])
            if content["type"] == kind and holds(content):
                return content, buffers

    def await_end(self):
        """Wait until all that was asked before is done."""
        self.playground._call(lambda: None)


@pytest.fixture
def opened(monkeypatch):
    """Return a function that makes a playground with a page."""
    made = []

    def open_(*arguments, **named):
        playground, messages = lk.playground(*arguments, **named), queue.Queue()
        playground.send = lambda content, buffers=(): messages.put((content, buffers))
        made.append(playground)
        return playground, FakePage(playground, messages)

    yield open_
    for playground in made:
        playground.close()


def test_a_page_that_opens_gets_the_setup_and_a_frame(opened):
    _, page = opened("plane", hidden=(3,))
    page.hello()
    setup, buffers = page.await_message("setup")
    assert [layer["units"] for layer in setup["layers"]] == [3, 1]
    assert setup["settings"]["loss"] == "mse"
    assert len(buffers[setup["points"]]) == 300 * 3 * 4
    assert len(buffers[setup["previews"]]) == len(MAKERS) * PREVIEW_POINTS * 3 * 4
    frame, buffers = page.await_message("frame")
    assert frame["playing"] == "paused"
    assert len(buffers[frame["unit_maps"]]) == 3 * 400


def test_it_plays_while_a_page_shows_it(opened):
    playground, page = opened()
    playground.play()
    page.await_end()
    assert playground.steps == 0  # no page
    page.hello()
    page.await_message("frame", lambda frame: frame["step"] > 100)
    page.sight(visible=False)
    page.await_end()
    steps = playground.steps
    page.await_end()
    assert (playground.steps, playground.playing) == (steps, True)
    page.sight()
    page.await_message("frame", lambda frame: frame["step"] > steps)
    playground.pause()
    steps = playground.steps
    page.await_end()
    assert (playground.steps, playground.playing) == (steps, False)


def test_the_pictures_of_many_units_have_less_detail_while_it_plays(opened):
    playground, page = opened("spirals", hidden=(8,) * 6)
    page.hello()
    playground.play()
    frame, buffers = page.await_message("frame", lambda frame: frame["step"] > 0)
    assert sum(map(len, buffers)) * 36 < 700_000  # bytes in a second
    page.await_end()
    playground.pause()
    frame, buffers = page.await_message("frame", lambda frame: frame["playing"] == "paused")
    assert len(buffers[frame["unit_maps"]]) == 48 * 400


def test_a_page_that_does_not_draw_gets_no_further_frames_while_the_training_goes_on(
    opened, monkeypatch
):
    monkeypatch.setattr(pages, "_LOST_SECONDS", math.inf)  # on a slow machine it takes long
    playground, page = opened()
    page.answers = False
    page.hello()
    page.ask(type="speed", speed="fast")
    page.ask(type="play", playing=True)
    page.await_message("frame", lambda frame: frame["step"] > 0)
    while playground.steps < 1000:
        page.await_end()
    playground.pause()
    frames = sum(content["type"] == "frame" for content, _ in list(page.messages.queue))
    assert frames < 16


def test_pages_step_and_reset(opened):
    playground, page = opened()
    page.ask(type="step", of="step")
    page.await_end()
    assert playground.steps == 1
    page.ask(type="step", of="epoch")
    page.await_end()
    assert (playground.steps, playground.epoch) == (14, 1.0)
    page.ask(type="reset")
    page.await_end()
    assert playground.steps == 0


def test_a_change_on_a_page_makes_another_network(opened):
    playground, page = opened()
    page.ask(type="change", settings={"hidden": [5], "features": ["x1", "x1*x2"]})
    setup, _ = page.await_message("setup")
    assert [layer["units"] for layer in setup["layers"]] == [5, 1]
    assert setup["inputs"] == ["x1", "x1*x2"]
    assert playground.model[0].weight.shape == (5, 2)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        ({"type": "change", "settings": {"hidden": [9]}}, "from 1 to 8"),
        ({"type": "change", "settings": {"colour": 1}}, "no setting 'colour'"),
        ({"type": "weight", "layer": 9, "unit": 0, "source": 0, "value": 1}, "no layer 9"),
        ({"type": "speed", "speed": "warp"}, "The speeds are slow, normal, fast"),
        ({"type": "dance"}, "does not know the request 'dance'"),
        ({"type": "hello", "protocol": 0}, other_version(0)),
        ({}, "KeyError"),
    ],
)
def test_a_request_that_cannot_be_fulfilled_is_refused_with_the_reason(opened, request_, reason):
    playground, page = opened()
    before = playground.settings
    page.ask(**request_)
    refusal, _ = page.await_message("refused")
    assert reason in refusal["reason"]
    assert playground.settings == before


@pytest.mark.parametrize("name", playground_requests())
def test_no_request_of_a_page_is_refused(opened, name):
    playground, page = opened()
    page.ask(**playground_requests()[name])
    playground.pause()
    page.await_end()
    assert "refused" not in [content["type"] for content, _ in list(page.messages.queue)]


def test_an_error_of_an_own_model_pauses_and_is_shown(opened):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.line = nn.Linear(2, 1)
            self.broken = False

        def forward(self, x):
            if self.broken:
                raise RuntimeError("no more")
            return self.line(x)

    model = Net()
    playground, page = opened("moons", model)
    page.hello()
    setup, _ = page.await_message("setup")
    assert setup["own_model"] == "Net"
    model.broken = True
    with pytest.raises(RuntimeError, match="no more"):
        playground.step()
    playground.play()
    refusal, _ = page.await_message("refused")
    assert "RuntimeError: no more" in refusal["reason"]
    assert not playground.playing


def test_the_model_has_the_losses_that_are_shown(opened):
    playground, _ = opened("gauss")
    loss = playground.step(30)
    points = playground._session.training.points
    with torch.no_grad():
        output = playground.model(points.x[points.train]).reshape(-1)
    assert float(playground.loss(output, points.y[points.train])) == loss == playground.train_loss
    assert isinstance(playground.optimizer, torch.optim.Adam)


def test_a_closed_playground_has_no_thread_and_says_so(opened):
    playground, page = opened()
    page.hello()
    playground.play()
    page.await_message("frame", lambda frame: frame["step"] > 0)
    (thread,) = [each for each in threading.enumerate() if each.name == "labkit-playground"]
    playground.close()
    thread.join(SECONDS)
    assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="is closed"):
        playground.step()
    playground.close()


def test_a_page_that_comes_into_sight_during_a_long_step_sees_it(opened):
    playground, page = opened()
    cancelled = threading.Event()
    steps = playground._worker.submit(
        partial(playground._session.run_steps, 1_000_000_000, cancelled)
    )
    page.sight()
    for _ in range(3):
        page.await_message("frame")
    cancelled.set()
    steps.result()


def test_a_thread_without_work_ends_and_the_next_request_starts_another(opened, monkeypatch):
    monkeypatch.setattr(worker, "_IDLE_SECONDS", 0.01)
    playground, _ = opened()
    for steps in (1, 2, 3):
        playground.step()
        while (thread := playground._worker._thread) is not None:
            thread.join(SECONDS)
        assert playground.steps == steps


def test_a_playground_to_which_nothing_refers_is_collected_with_its_thread():
    playground = lk.playground()
    playground.step()
    thread = playground._worker._thread
    reference = weakref.ref(playground)
    del playground
    gc.collect()
    assert reference() is None
    thread.join(SECONDS)
    assert not thread.is_alive()


def test_its_text_names_the_network_and_the_losses(opened):
    playground, _ = opened("gauss", hidden=(3,))
    playground.step(10)
    assert repr(playground).startswith("<Playground: 2-3-1 with tanh, data gauss, step 10, ")


@pytest.mark.parametrize("n", [-1, 1.5, True, "3"])
def test_step_takes_a_number_of_steps(opened, n):
    with pytest.raises(ValueError, match="whole number of at least 0"):
        opened()[0].step(n)


def test_the_picture_in_the_notebook_is_updated_when_it_is_paused_or_out_of_sight(
    opened, monkeypatch
):
    playground, page = opened()
    texts = queue.Queue()
    monkeypatch.setattr(
        playground, "_publish", lambda data, _, update: texts.put((update, data["text/plain"]))
    )
    playground._ipython_display_()
    assert "step 0" in texts.get(timeout=SECONDS)[1]
    page.hello()
    playground.play()
    page.await_message("frame", lambda frame: frame["step"] > 0)
    playground.pause()
    update, text = texts.get(timeout=SECONDS)
    assert update
    assert f"step {playground.steps:,}," in text
    playground.step()
    page.sight(visible=False)
    assert f"step {playground.steps:,}," in texts.get(timeout=SECONDS)[1]


def test_the_saved_picture_has_the_network_the_points_and_the_losses(opened):
    playground, _ = opened("xor", hidden=(3,))
    playground.step(20)
    data, _ = playground._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    tags = [each.tag.rpartition("}")[2] for each in picture.iter()]
    assert (tags.count("image"), tags.count("polyline")) == (1, 2)
    assert tags.count("circle") > 150
    assert "2-3-1 with tanh, data xor, step 20" in data["text/plain"]
    assert VIEW_MIME_TYPE in data
