"""Errors inside labkit become notices, and training continues."""

import pytest
import torch

import labkit as lk
from labkit.capture.readings import device_transfer, parameter_reader
from labkit.run.histograms import HistogramLog

from .models import Net, train


def test_an_internal_error_becomes_a_notice_and_training_continues(monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError("no such kernel")

    monkeypatch.setattr("labkit.capture.readings.norms.norms", broken)
    monkeypatch.setattr("labkit.capture.readings.graph_reading.capture_graph_with_ids", broken)
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=10)
    assert len(run.series("loss")[0]) == 10
    parts = {notice.part for notice in run.notices}
    assert parts == {"gradient norms", "weights", "graph"}
    assert all("training is not affected" in notice.text for notice in run.notices)


def test_an_error_in_writing_norms_is_not_raised_by_readers(monkeypatch):
    def broken(*_):
        raise RuntimeError("no such row")

    monkeypatch.setattr(parameter_reader.ParameterReader, "write", broken)
    model = Net()
    run = lk.watch(model, show=False)
    losses = train(model, steps=10)
    assert "loss" in run.names()
    assert run.series("loss")[1].tolist() == pytest.approx(losses)
    run.close()
    assert run.closed
    assert [notice.part for notice in run.notices] == ["gradient norms"]
    assert "no such row" in run.notices[0].text


class FakeAcceleratorTensor(torch.Tensor):
    """A CPU tensor whose `device` is an accelerator."""

    device = torch.device("cuda")

    def to(self, *_):
        return self.as_subclass(torch.Tensor)


class CompletedEvent:
    """A device event that is already complete."""

    def __init__(self, *_):
        pass

    def record(self):
        pass

    synchronize = record

    def query(self):
        return True


def test_a_reading_that_fails_asynchronously_is_disabled(monkeypatch):
    """Other results of the same transfer are delivered during the run."""
    original, added = parameter_reader.distributions, []

    def distributions(tensors):
        return original(tensors).as_subclass(FakeAcceleratorTensor)

    def broken(*arguments):
        added.append(arguments)
        raise ValueError("no room")

    monkeypatch.setattr(torch, "Event", CompletedEvent)
    monkeypatch.setattr(device_transfer, "_BATCH_SECONDS", 0.0)
    monkeypatch.setattr(parameter_reader, "distributions", distributions)
    monkeypatch.setattr(HistogramLog, "add", broken)
    model = Net()
    run = lk.watch(model, show=False, budget=1.0)
    losses = train(model, steps=30)
    assert len(added) == 1
    assert [notice.part for notice in run.notices] == ["histograms"]
    run.close()
    assert len(added) == 1
    assert run.series("loss")[1].tolist() == pytest.approx(losses)
    assert "no room" in run.notices[0].text
