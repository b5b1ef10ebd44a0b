"""Runs, views, publisher threads and samples are freed with their last reference."""

import gc
import threading
import weakref
from types import SimpleNamespace

import ipywidgets
import pytest
import torch
from ipywidgets.widgets import widget as ipywidgets_widget
from torch import nn

import labkit as lk
from labkit.run import Run
from labkit.run.inspection import Sample
from labkit.views import kernel
from labkit.views.channel import RunChannel
from labkit.views.lifetimes import ShownViews


def await_no_publisher():
    for thread in threading.enumerate():
        if thread.name == "labkit-publisher":
            thread.join(timeout=10)
            assert not thread.is_alive()


@pytest.fixture(autouse=True, scope="module")
def small_heap():
    """Exclude existing objects from garbage collection, which otherwise takes a second."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left():
    """Check that a test leaves no publisher thread and no open widget."""
    gc.collect()
    await_no_publisher()
    before = set(ipywidgets_widget._instances)
    yield
    gc.collect()
    await_no_publisher()
    gc.collect()
    assert set(ipywidgets_widget._instances) == before


def samples():
    gc.collect()
    return sum(type(each) is Sample for each in gc.get_objects())


def test_a_shown_run_is_freed_with_its_last_reference():
    run = Run()
    views = [lk.Dashboard(run), lk.CurvesView(run)]
    gone = [weakref.ref(each) for each in (run, *views, views[0].channel)]
    del run, views
    gc.collect()
    await_no_publisher()
    gc.collect()
    assert [each() for each in gone] == [None] * 4


def test_a_shown_watched_run_is_freed_with_its_last_reference():
    model = nn.Linear(2, 1)
    run = lk.watch(model, show=False)
    view = lk.Dashboard(run)
    gone = weakref.ref(run)
    del run, view
    gc.collect()
    await_no_publisher()
    gc.collect()
    assert gone() is None


def test_views_are_freed_while_their_run_is_open():
    run = Run()
    view = lk.CurvesView(run)
    channel = weakref.ref(view.channel)
    del view
    gc.collect()
    await_no_publisher()
    gc.collect()
    assert channel() is None
    assert not run.closed
    assert lk.CurvesView(run).channel is not None


def test_closed_views_leave_no_callbacks_on_the_run():
    run = Run()
    for _ in range(20):
        lk.CurvesView(run).close()
    await_no_publisher()
    assert not run._lifecycle._callbacks


def test_closing_the_last_view_closes_the_channel():
    run = Run()
    first, second = lk.CurvesView(run), lk.GraphView(run)
    channel = first.channel
    first.close()
    first.close()
    assert channel.comm is not None
    second.close()
    assert channel.comm is None
    assert not [each for each in threading.enumerate() if each.name == "labkit-publisher"]
    again = lk.CurvesView(run)
    assert again.channel is not channel
    again.close()


def test_closing_a_run_ends_its_publisher_thread():
    run = Run()
    view = lk.Dashboard(run)
    run.close()
    assert not [each for each in threading.enumerate() if each.name == "labkit-publisher"]
    assert view.channel.comm is not None  # pages still send requests


def make_graph():
    return lk.graph(nn.Linear(8, 8), torch.ones(1, 8))


def make_graph_of_loss():
    w = torch.ones(3, requires_grad=True)
    return lk.graph((w * 2).sum())


def make_stepper():
    w = torch.ones(3, requires_grad=True)
    return lk.stepper(lambda: torch.sum(w * 2))


@pytest.mark.parametrize("make", [make_graph, make_graph_of_loss, make_stepper])
def test_a_one_shot_view_is_freed_with_its_last_reference(make):
    gone = [weakref.ref(make().run) for _ in range(5)]
    gc.collect()
    assert [each() for each in gone] == [None] * 5


@pytest.mark.parametrize("make", [make_graph, make_graph_of_loss])
def test_a_closed_view_releases_its_samples(make):
    before = samples()
    view = make()
    view.close()
    assert samples() == before
    assert view.graph.nodes


def test_a_view_is_kept_alive_by_its_container_widget():
    run = Run()
    box = ipywidgets.VBox([lk.CurvesView(run), lk.Controls(run)])
    gone = weakref.ref(box.children[0])
    gc.collect()
    assert gone() is not None
    assert ipywidgets_widget._instances[box.children[0].model_id].get_state()["view"] == "curves"
    layout, children = box.layout, box.children
    box.close()
    layout.close()
    box.children = ()
    del box, layout, children
    gc.collect()
    await_no_publisher()
    gc.collect()
    assert gone() is None


def test_open_views_are_registered_with_ipywidgets():
    view = lk.CurvesView(Run())
    state = ipywidgets.Widget.get_manager_state()["state"]
    assert {view.model_id, view.channel.model_id, view.layout.model_id} <= set(state)
    assert ipywidgets_widget._instances[view.model_id].run is view.run


class FakeKernel:
    """Stands in for the kernel of a notebook and its IPython shell."""

    def __init__(self):
        self.cell = None
        self.kernel = self
        self.events = self
        self.callbacks = []

    def get_parent(self, channel):
        return {"metadata": {"cellId": self.cell}}

    def register(self, event, callback):
        assert event in ("pre_run_cell", "post_run_cell")
        self.callbacks.append((event, callback))

    def unregister(self, event, callback):
        self.callbacks.remove((event, callback))

    def run_cell(self, cell):
        self._trigger("post_run_cell", SimpleNamespace(error_in_exec=None))  # of the cell before
        self.cell = cell
        self._trigger("pre_run_cell", SimpleNamespace(cell_id=cell))

    def _trigger(self, event, info):
        for registered, callback in [*self.callbacks]:
            if registered == event:
                callback(info)


@pytest.fixture
def notebook(monkeypatch):
    made = FakeKernel()
    monkeypatch.setattr(kernel, "get_ipython", lambda: made)
    yield made
    ShownViews._cells.clear()


def test_a_displayed_view_is_kept_until_its_cell_runs_again(notebook):
    notebook.run_cell("a")
    view = lk.CurvesView(Run())
    view._repr_mimebundle_()
    gone = weakref.ref(view)
    del view
    notebook.run_cell("b")
    gc.collect()
    assert gone() is not None
    notebook.run_cell("a")
    gc.collect()
    assert gone() is None
    assert not notebook.callbacks


def test_a_view_displayed_by_two_cells_is_kept_until_both_run_again(notebook):
    view = lk.CurvesView(Run())
    for cell in "ab":
        notebook.run_cell(cell)
        view._repr_mimebundle_()
    gone = weakref.ref(view)
    del view
    notebook.run_cell("a")
    gc.collect()
    assert gone() is not None
    notebook.run_cell("b")
    gc.collect()
    assert gone() is None


def test_a_displayed_view_is_freed_when_it_is_closed(notebook):
    notebook.run_cell("a")
    view = lk.CurvesView(Run())
    view._repr_mimebundle_()
    gone = weakref.ref(view)
    view.close()
    del view
    gc.collect()
    assert gone() is None
    assert not notebook.callbacks


@pytest.fixture
def sent(monkeypatch):
    """Return a list of the kinds and comms of all messages that are sent."""
    sent = []
    comm_type = type(lk.CurvesView(Run()).comm)
    own = comm_type.publish_msg

    def publish(comm, kind, *rest, **more):
        sent.append((kind, comm.comm_id))
        return own(comm, kind, *rest, **more)

    monkeypatch.setattr(comm_type, "publish_msg", publish)
    return sent


def test_a_finalized_view_sends_no_message_and_its_comm_is_closed_later(sent):
    first = lk.CurvesView(Run())
    id = first.model_id
    del first
    gc.collect()
    await_no_publisher()
    gc.collect()
    assert ("comm_close", id) not in sent
    lk.CurvesView(Run()).close()
    assert ("comm_close", id) in sent


def test_the_comm_of_a_finalized_view_is_closed_with_the_next_frame_of_another_run(sent):
    """As a page that is reloaded during a cell waits for the state of every open comm."""
    first, other = lk.CurvesView(Run()), lk.CurvesView(Run())
    id = first.model_id
    del first
    gc.collect()
    other.channel.publish()
    assert ("comm_close", id) in sent
    other.close()


def test_all_views_of_a_run_share_one_channel():
    run = Run()
    assert lk.CurvesView(run).channel is not None
    first, second = lk.CurvesView(run), lk.GraphView(run)
    assert first.channel is second.channel is RunChannel.of(run)
