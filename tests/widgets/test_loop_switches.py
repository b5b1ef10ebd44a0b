"""The loop with switches trains with and without the lines of a learner's own loop."""

from xml.etree import ElementTree

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from labkit.learn.loop_switches import LoopSwitches
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import VIEW_MIME_TYPE

X = torch.linspace(-1, 1, 16)[:, None]  # (16, 1)


def train(model, optimizer, record):
    """Fit a line."""
    for _ in range(12):
        optimizer.zero_grad()
        loss = F.mse_loss(model(X), 2 * X)
        loss.backward()
        optimizer.step()
        record(loss=loss.item())
    with torch.no_grad():
        record(error=(model(X) - 2 * X).abs().max().item())


def fresh():
    torch.manual_seed(0)
    model = nn.Linear(1, 1)
    return model, torch.optim.SGD(model.parameters(), lr=0.3)


def switch_off(widget, *numbers, version=PROTOCOL_VERSION):
    """Deliver switches as a page sends them."""
    query = {"number": widget.answered + 1, "off": list(numbers)}
    state = {"page_protocol": version, "query": query}
    widget.comm.handle_msg({"content": {"data": {"method": "update", "state": state}}})


def number_of(text):
    return next(line["number"] for line in LoopSwitches(train, fresh).lines if text in line["text"])


def test_statements_and_blocks_have_switches_but_loops_and_records_do_not():
    switched = [
        line["text"].strip() for line in LoopSwitches(train, fresh).lines if line["has_switch"]
    ]
    assert switched == [
        "optimizer.zero_grad()",
        "loss = F.mse_loss(model(X), 2 * X)",
        "loss.backward()",
        "optimizer.step()",
        "with torch.no_grad():",
    ]


def test_a_line_that_is_off_is_not_run():
    switches = LoopSwitches(train, fresh)
    whole, stuck = switches.run(), switches.run("optimizer.step()")
    assert whole.last("loss") < 0.1 * whole.values("loss")[0]
    assert stuck.values("loss") == [whole.values("loss")[0]] * 12
    assert switches.run("with torch.no_grad").series == whole.series
    assert switches.run("optimizer.zero_grad").series != whole.series


def test_names_that_are_assigned_again_later_do_not_change_the_runs(monkeypatch):
    switches = LoopSwitches(train, fresh)
    first = switches.run("optimizer.zero_grad()").series
    monkeypatch.setitem(globals(), "X", 10 * X)
    monkeypatch.setitem(globals(), "nn", None)
    assert switches.run("optimizer.zero_grad()").series == first


def test_what_stops_a_loop_is_reported_with_its_line(monkeypatch):
    monkeypatch.setitem(globals(), "loss", X.sum())  # of another cell
    run = LoopSwitches(train, fresh).run("loss = ")
    assert run.error.startswith("NameError")
    assert run.error.endswith("in the line `loss.backward()`")
    with pytest.raises(KeyError, match="NameError"):
        run.values("loss")


def test_an_endless_loop_is_ended():
    switches = LoopSwitches(forever, lambda: (1,))
    assert switches.run().error.startswith("Ended after 5,000 reports")


def forever(step, record):
    while True:
        record(step=step)


def test_random_state_and_gradient_mode_are_put_back():
    torch.manual_seed(3)
    state = torch.get_rng_state()
    LoopSwitches(without_gradients, fresh).run()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.is_grad_enabled()


def without_gradients(model, optimizer, record):
    torch.set_grad_enabled(False)
    record(loss=model(X).sum().item())


def test_a_switch_of_the_page_trains_twice():
    switches = LoopSwitches(train, fresh)
    switch_off(switches, number_of("optimizer.step"))
    assert [run["label"] for run in switches.runs] == ["all lines", 'without "optimizer.step()"']
    assert switches.runs[0]["series"][0]["values"] == switches.run().values("loss")
    assert switches.said.startswith("all lines: loss ")
    switch_off(switches, number_of("with torch.no_grad"))
    assert switches.said.endswith("Each number is exactly the same as with all lines.")
    switch_off(switches)
    assert [run["label"] for run in switches.runs] == ["all lines"]


def test_a_line_without_a_switch_and_another_version_change_nothing():
    switches = LoopSwitches(train, fresh)
    switch_off(switches, 1, 99)
    assert [run["label"] for run in switches.runs] == ["all lines"]
    assert switches.off == []
    switch_off(switches, 4, version=PROTOCOL_VERSION + 1)
    assert switches.said == other_version(PROTOCOL_VERSION + 1)


def test_the_saved_picture_has_the_lines_and_the_curves():
    switches = LoopSwitches(train, fresh)
    switches.off = [number_of("optimizer.step")]
    data, _ = switches._repr_mimebundle_()
    picture = ElementTree.fromstring(data["image/svg+xml"])
    texts = [each for each in picture.iter() if each.tag.endswith("text")]
    crossed = [each.text.strip() for each in texts if "line-through" in each.get("style", "")]
    assert crossed == ["optimizer.step()"]
    assert sum(each.tag.endswith("polyline") for each in picture.iter()) == 2 + 4
    assert VIEW_MIME_TYPE in data


def test_what_cannot_be_used_is_said():
    with pytest.raises(TypeError, match="made with `def`"):
        LoopSwitches(lambda record: None, fresh)
    inner = X

    def nested(record):
        record(loss=inner.sum())

    with pytest.raises(ValueError, match="inner"):
        LoopSwitches(nested, fresh)
    with pytest.raises(ValueError, match=r"optimizer\.step"):
        LoopSwitches(train, fresh).run("model.eval()")
