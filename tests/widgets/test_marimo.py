"""Views in a notebook of marimo, which `make frontends` tries with marimo itself."""

import gc
import sys
import threading
import types
import weakref

import pytest
import torch

import labkit as lk
from labkit.run import Run
from labkit.views.channel import RunChannel

from .reassembly import Reassembly


class Thread(threading.Thread):
    """As marimo's: expected to end when the cell that started it runs again."""

    should_exit = False


@pytest.fixture
def output(monkeypatch):
    """Let marimo run in this process; return what is below its running cell."""
    shown = []
    marimo = types.ModuleType("marimo")
    marimo.running_in_notebook = lambda: True
    marimo.Thread = Thread
    marimo.plain_text = str
    # marimo displays the widget's data, and does not refer to the widget
    marimo.ui = types.SimpleNamespace(anywidget=lambda widget: widget._repr_mimebundle_()[0])
    marimo.output = types.SimpleNamespace(append=shown.append)
    monkeypatch.setitem(sys.modules, "marimo", marimo)
    return shown


@pytest.fixture
def sent(monkeypatch):
    """Return the types of the messages of all channels, and whether some have come."""
    types_, arrived, reassembly = [], threading.Condition(), Reassembly()

    def take(_, content, buffers=None):
        with arrived:
            whole = reassembly.whole(content, buffers)
            types_.extend([] if whole is None else [whole[0]["type"]])
            arrived.notify_all()

    def await_(wanted):
        with arrived:
            assert arrived.wait_for(lambda: wanted in types_, 10), types_
        return types_

    monkeypatch.setattr(RunChannel, "send", take)
    return await_


def train(model, steps=3):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        loss = model(torch.ones(4, 3)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_a_watched_run_is_displayed_in_its_cell_and_pushed(output, sent):
    model = torch.nn.Linear(3, 1)
    with lk.watch(model) as run:
        train(model)
        assert sent("snapshot").count("asset") >= 1
    (bundle,) = output
    assert "image/svg+xml" in bundle
    assert run.steps == 3


def test_a_displayed_view_lives_as_long_as_its_comm(output):
    run = Run("displayed")
    view = lk.CurvesView(run)
    sys.modules["marimo"].output.append(sys.modules["marimo"].ui.anywidget(view))
    comm, reference = view.comm, weakref.ref(view)
    del view
    gc.collect()
    assert reference() is not None
    reference().close()  # as does the kernel, when the cell runs again
    comm.on_msg(None)
    gc.collect()
    assert reference() is None
    run.close()


def test_a_run_has_a_new_channel_after_marimo_has_closed_the_comm(output):
    run = Run("closed")
    first = lk.CurvesView(run)
    first.channel.comm._closed = True
    second = lk.CurvesView(run)
    assert second.channel is not first.channel
    for view in (first, second):
        view.close()
    run.close()


def test_a_background_loop_displays_below_the_cell_that_starts_it(output):
    model = torch.nn.Linear(3, 1)
    kinds = []

    def loop():
        kinds.append(type(threading.current_thread()))
        with lk.watch(model):
            train(model)

    lk.background(loop).result()
    assert kinds == [Thread]
    assert len(output) == 1


def test_an_error_in_the_background_is_displayed(output):
    task = lk.background(lambda: 1 / 0)
    task.wait(10)
    assert "ZeroDivisionError" in output[0]


def test_a_loop_whose_cell_runs_again_is_stopped_first(output):
    ending = threading.Event()
    first = lk.background(ending.wait, 20)
    first._thread.should_exit = True  # as marimo says when the cell runs again
    ending_soon = threading.Timer(0.2, ending.set)
    ending_soon.start()
    second = lk.background(lambda: None)
    assert first.done
    second.result()
