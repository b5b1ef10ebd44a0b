"""Outputs of notebooks that a program executes, and what nbconvert makes of them."""

import base64
import itertools
import json
import re

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from labkit.run import Run
from labkit.views import saved_output
from labkit.views.saved_output import VIEW_MIME_TYPE
from labkit.views.views import CurvesView, Dashboard

SETUP = """
import torch
import labkit as lk
%load_ext labkit

model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Linear(4, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

def train(steps):
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()
"""
OPEN = "run = lk.watch(model)\ntrain(40)"
LATER = "train(10)"
INTERRUPTED = """
lk.watch(model, name="interrupted")
train(5)
raise KeyboardInterrupt
"""
BACKGROUND = '%%train\nwith lk.watch(model, name="background"):\n    train(20)'
VIEWS = "display(lk.GradientView(run))\nlk.graph(model, torch.ones(1, 3))"


@pytest.fixture(scope="module")
def book():
    """A notebook that was executed without a page, after one more cell has trained."""
    cells = [SETUP, OPEN, VIEWS, LATER, BACKGROUND, INTERRUPTED]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    NotebookClient(book, timeout=120, allow_errors=True).execute()
    return book


def views(book, cell):
    """Return the outputs of a cell that are views of labkit."""
    outputs = book.cells[cell].outputs
    return [output.data for output in outputs if VIEW_MIME_TYPE in output.get("data", {})]


def test_an_open_run_has_its_last_step_after_later_cells(book):
    (dashboard,) = views(book, 1)
    assert "50 steps" in dashboard["text/plain"]
    assert "50 steps on cpu" in dashboard["image/svg+xml"]
    assert "Computation graph" in dashboard["image/svg+xml"]


def test_views_of_earlier_cells_are_up_to_date(book):
    gradients, graph = views(book, 2)
    assert "50 steps" in gradients["image/svg+xml"]
    assert "Linear" in graph["text/plain"]


def test_interrupted_and_background_runs_are_up_to_date(book):
    assert any("20 steps" in view["text/plain"] for view in views(book, 4))
    (interrupted,) = views(book, 5)
    assert "5 steps" in interrupted["text/plain"]


def test_outputs_are_small(book):
    sizes = [
        len(json.dumps(view)) for number in range(len(book.cells)) for view in views(book, number)
    ]
    assert len(sizes) >= 5
    assert max(sizes) < 200_000


def test_outputs_name_their_widgets():
    run = Run("demo")
    view = CurvesView(run)
    data, _ = view._repr_mimebundle_()
    widget = data["application/vnd.jupyter.widget-view+json"]
    assert data[VIEW_MIME_TYPE] == {"model_id": widget["model_id"]} == {"model_id": view.model_id}
    view.close()


def test_nbconvert_shows_the_pictures_of_a_notebook_that_it_has_executed(book):
    html, _ = HTMLExporter().from_notebook_node(nbformat.from_dict(book))
    pictures = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
    drawn = [base64.b64decode(picture).decode() for picture in pictures]
    shown = sum('class="labkit-picture"' in source for source in drawn)
    assert shown >= 5, len(pictures)
    assert "model not found" not in html


@pytest.fixture
def published(monkeypatch):
    messages = []

    def publish(data, metadata, *, transient, update):
        messages.append((transient["display_id"], update, data))

    monkeypatch.setattr(saved_output, "publish_display_data", publish)
    return messages


def test_an_update_is_published_only_for_new_contents(published):
    run = Run("demo")
    view = CurvesView(run)
    view.update_picture()
    assert published == []
    view._ipython_display_()
    view.update_picture()
    assert [update for _, update, _ in published] == [False]
    run.log(accuracy=0.5)
    view.update_picture()
    view.update_picture()
    assert [(id, update) for id, update, _ in published] == [
        (view.model_id, False),
        (view.model_id, True),
    ]
    assert "accuracy" in published[-1][2]["text/plain"]
    view.close()
    run.log(accuracy=0.6)
    view.update_picture()
    assert len(published) == 2


def test_a_terminal_is_not_updated_as_it_would_print_everything_again(published, monkeypatch):
    monkeypatch.setattr(saved_output.kernel, "is_terminal", lambda: True)
    run = Run("demo")
    view = CurvesView(run)
    view._ipython_display_()
    run.log(accuracy=0.5)
    view.update_picture()
    assert len(published) == 1
    view.close()


def test_updates_during_a_run_come_at_growing_intervals(published, monkeypatch):
    now = 0.0
    monkeypatch.setattr(saved_output.time, "monotonic", lambda: now)
    run = Run("demo")
    view = Dashboard(run)
    view._ipython_display_()
    moments = []
    for second in range(1, 3600):
        now = float(second)
        run.log(accuracy=0.5)
        before = len(published)
        view.update_picture_if_due()
        if len(published) > before:
            moments.append(second)
    assert moments[0] <= 6
    assert len(moments) < 20
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    assert gaps == sorted(gaps)
    assert max(gaps) <= 601
    view.close()


def test_cells_beside_a_run_in_the_background_update_its_picture_rarely(published, monkeypatch):
    now, status = 0.0, "running"
    monkeypatch.setattr(saved_output.time, "monotonic", lambda: now)
    monkeypatch.setattr(Run, "status", property(lambda _: status))
    run = Run("demo")
    view = CurvesView(run)
    view._ipython_display_()
    for moment, expected in [(1.0, 1), (6.0, 2), (7.0, 2)]:
        now = moment
        run.log(accuracy=moment)
        view.cell_ended()
        assert len(published) == expected
    status = "idle"
    view.cell_ended()
    assert len(published) == 3
    view.close()


def test_the_last_picture_wins_over_one_that_another_thread_draws_later(published, monkeypatch):
    run = Run("demo")
    view = CurvesView(run)
    view._ipython_display_()
    run.log(accuracy=0.5)
    draw = view._picture

    def draw_while_the_run_ends():
        drawn = draw()
        monkeypatch.setattr(view, "_picture", draw)
        run.close()
        view.update_picture()
        return drawn

    monkeypatch.setattr(view, "_picture", draw_while_the_run_ends)
    view.update_picture()
    assert run.status in published[-1][2]["text/plain"]
    view.close()


def test_a_picture_that_cannot_be_drawn_is_a_text(published, monkeypatch):
    view = CurvesView(Run("demo"))
    monkeypatch.setattr(view, "_picture", lambda: 1 / 0)
    view._ipython_display_()
    data = published[0][2]
    assert "no picture could be drawn" in data["text/plain"]
    assert VIEW_MIME_TYPE in data
    view.close()
