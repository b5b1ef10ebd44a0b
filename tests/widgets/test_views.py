"""Static pictures and texts of views, and the form of the dashboard."""

import xml.etree.ElementTree as ET

import pytest
import torch

import labkit as lk
from labkit.run import ComputationGraph, Edge, Node, Run
from labkit.views import GraphView
from labkit.views.still import run_picture as pictures


def recorded(name="demo"):
    run = Run(name)
    table = run.add_table("loss", "loss", ["loss"])
    for step in range(1, 200):
        table.append(step, 1.0 / step)
    run.advance_to(199)
    return run


def test_the_picture_of_a_run_is_valid_svg_with_a_loss_curve():
    picture = ET.fromstring(pictures.svg(recorded(), "dashboard"))
    lines = [element for element in picture.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 1
    assert len(lines[0].attrib["points"].split()) == 199


@pytest.mark.parametrize("kind", ["dashboard", "graph"])
def test_names_are_escaped_in_pictures(kind):
    picture = pictures.svg(recorded('<script>alert(1)</script>&"'), kind)
    assert "<script>" not in picture
    ET.fromstring(picture)


@pytest.mark.parametrize("values", [[], [float("nan")] * 3])
def test_an_empty_run_is_drawn_as_a_message(values):
    run = Run("empty")
    table = run.add_table("loss", "loss", ["loss"])
    for step, value in enumerate(values):
        table.append(step, value)
    picture = pictures.svg(run, "curves")
    ET.fromstring(picture)
    assert "recorded" in picture


def test_the_text_form_has_the_steps_and_losses():
    text = pictures.text(recorded())
    assert "199 steps" in text
    assert "loss: 1 at step 1, 0.005025 at step 199" in text


def chain(length):
    nodes = tuple(Node(f"/op{n}:0", "op", f"op<{n}>", "", (2, 3)) for n in range(length))
    links = tuple(Edge(f"/op{n}:0", f"/op{n + 1}:0") for n in range(length - 1))
    skip = (Edge("/op0:0", f"/op{length - 1}:0"),)
    return ComputationGraph(nodes, links + skip, ())


def texts(picture, tag):
    found = [element for element in ET.fromstring(picture).iter() if element.tag.endswith(tag)]
    return [element for element in found if element.get("class") != "g"]  # the background


def test_a_graph_picture_has_a_level_per_node():
    picture = pictures.svg(GraphView(chain(5)).run, "graph")
    assert len(texts(picture, "rect")) == 5
    boxes = [(float(box.attrib["x"]), float(box.attrib["width"])) for box in texts(picture, "rect")]
    levels = {box.attrib["y"] for box in texts(picture, "rect")}
    assert len(levels) == len(boxes)  # one node per level
    assert "op&lt;3&gt;" in picture
    # Four short edges, and one long edge drawn as four parts beside the nodes between.
    assert len([path for path in texts(picture, "path") if "C" in path.attrib["d"]]) == 4 + 4


def test_a_large_graph_is_drawn_as_an_outline():
    picture = pictures.svg(GraphView(chain(200)).run, "graph")
    assert not texts(picture, "rect")
    assert "op&lt;3&gt;" in picture


@pytest.mark.parametrize(
    ("show", "form"), [(True, None), ("dashboard", "whole"), ("compact", "compact")]
)
def test_watch_shows_the_dashboard_in_a_form(show, form, monkeypatch):
    shown = []
    monkeypatch.setattr("labkit.views.notebook.display", lambda view, **_: shown.append(view))
    lk.watch(torch.nn.Linear(2, 1), show=show).close()
    assert [(view.kind, view.get_state()["form"]) for view in shown] == [("dashboard", form)]
    shown[0].close()


def test_a_form_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"not 'small'.*form='compact'"):
        lk.Dashboard(recorded(), form="small")


def test_the_text_of_a_run_can_be_sent_whatever_its_names_contain():
    run = recorded("bad\ud800 name\x1b[31m")
    run.log(**{"metric\udc01": 1.0})
    text = pictures.text(run)
    assert text.startswith("labkit: bad name[31m: ")
    assert "metric: 1" in text
    text.encode()
