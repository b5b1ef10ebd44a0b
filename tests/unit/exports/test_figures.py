"""Figures of plotly: what they show, by which names, and what is refused."""

import json
import math
import subprocess
import sys

import numpy as np
import plotly.graph_objects as go
import pytest

from labkit.exports import figures
from labkit.run import Finding, Run
from labkit.run.graph.computation_graph import ComputationGraph

from .recorded import HOSTILE, recorded_run, small_graph


@pytest.fixture(scope="module")
def run():
    return recorded_run()


def test_a_metric_has_its_validation_metric_in_the_same_figure(run):
    figure = run.figure("accuracy")
    assert isinstance(figure, go.Figure)
    assert [trace.name for trace in figure.data] == ["accuracy", "val_accuracy"]
    steps, values = run.series("val_accuracy")
    assert figure.data[1].x.tolist() == steps.tolist()
    assert figure.data[1].y.tolist() == values.tolist()


def test_without_a_name_all_curves_have_panels_with_a_common_axis(run):
    figure = run.figure()
    assert [trace.yaxis for trace in figure.data] == ["y", "y2", "y2", "y3", "y4", "y4"]
    assert {trace.xaxis for trace in figure.data} == {None}
    assert figure.layout.hovermode == "x unified"
    titles = [note.text for note in figure.layout.annotations if note.text.startswith("<b>")]
    assert titles == ["<b>loss</b>", "<b>accuracy</b>", "<b>f1</b>", "<b>learning rate</b>"]


def test_several_names_become_panels(run):
    assert len(run.figure(["loss", "lr", "grad_norm/b.weight"]).data) == 4


@pytest.mark.parametrize("name", figures.names(recorded_run()))
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_listed_name_has_a_figure(run, name, theme):
    figure = run.figure(name, theme=theme)
    assert figure.data
    assert json.loads(figure.to_json())["layout"]["title"]["text"].startswith("<b>demo")


def test_the_names_are_listed(run):
    assert figures.names(run) == [
        "loss",
        "accuracy",
        "f1",
        "lr",
        "grad_norm",
        "grad_cosine",
        "histograms",
        "histograms/a.weight",
        "histograms/a.bias",
        "activations/conv/maps",
        "activations/conv/gates",
    ]


def test_an_unknown_name_fails_with_what_there_is(run):
    with pytest.raises(KeyError, match=r"no figure 'los'; there is: 'loss', 'accuracy'"):
        run.figure("los")
    with pytest.raises(KeyError, match="nothing yet"):
        Run("empty").figure("loss")
    with pytest.raises(KeyError, match="no curves yet"):
        Run("empty").figure()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"name": "loss", "x": "hour"}, "none of"),
        ({"name": "loss", "theme": "blue"}, "neither"),
        ({"name": "loss", "theme": ["light"]}, "neither"),
        ({"name": "loss", "kind": "lines"}, "without a kind"),
        ({"name": "grad_norm", "kind": "ridge"}, "'heat map', 'lines'"),
        ({"name": "loss", "smoothing": 2}, "from 0 to 1"),
        ({"name": "loss", "smoothing": "much"}, "from 0 to 1"),
        ({"name": ["loss", "grad_norm"]}, "panels of curves"),
        ({"name": []}, "panels of curves"),
    ],
)
def test_other_bad_arguments_fail_at_once(run, arguments, text):
    with pytest.raises(ValueError, match=text):
        run.figure(**arguments)


def test_a_step_is_a_whole_number(run):
    with pytest.raises(TypeError, match="no whole number"):
        run.figure("histograms", step="last")


def test_a_name_is_a_text(run):
    with pytest.raises(TypeError, match="a name or a list of names, not int"):
        run.figure(3)


def test_the_axis_may_be_epochs_or_time(run):
    epochs = run.figure("loss", x="epoch")
    assert epochs.data[0].x[[0, 19]].tolist() == [0.05, 1.0]
    assert epochs.data[0].customdata[0] == 1  # the step is in the tooltip
    minutes = run.figure("loss", x="time")
    assert minutes.layout.xaxis.title.text == "time (min)"
    assert minutes.data[0].x[-1] == pytest.approx(40)
    with pytest.raises(ValueError, match="epochs of the steps of the run 'demo' are not known"):
        unknown = Run("demo")
        unknown.log(accuracy=1)
        unknown.figure("accuracy", x="epoch")


def test_a_logarithmic_axis_and_a_moving_average(run):
    figure = run.figure("loss", log=True, smoothing=1.0)
    assert figure.layout.yaxis.type == "log"
    recorded, average = figure.data
    assert recorded.opacity < 1
    assert average.customdata.tolist() == recorded.y.tolist()
    assert average.y[-1] > recorded.y[-1]


def test_cells_of_a_heat_map_have_the_largest_value_of_their_steps(run):
    heat_map = run.figure("grad_norm").data[0]
    assert heat_map.z.shape == (3, 39)
    assert heat_map.z[0, 0] == pytest.approx(math.log10(1.0))
    assert heat_map.z[2, 1] == heat_map.z[2, 0]  # step 2 was not read
    assert heat_map.customdata[1, 2].tolist() == ["a.bias", 3, "0.03333"]
    assert run.figure("grad_norm").layout.yaxis.autorange == "reversed"


def test_a_family_may_be_lines(run):
    figure = run.figure("grad_norm", kind="lines")
    assert [trace.name for trace in figure.data] == ["a.weight", "a.bias", "b.weight"]
    assert figure.layout.yaxis.type == "log"
    assert run.figure("grad_cosine", kind="lines").layout.yaxis.type is None


def test_values_that_are_no_number_are_marked(run):
    diverged = Run("demo")
    diverged.add_table("loss", "loss", ["loss"]).extend([1, 2, 3, 4], [1, math.nan, 2, math.inf])
    figure = diverged.figure("loss")
    texts = [note.hovertext for note in figure.layout.annotations if note.hovertext]
    assert texts == ["loss is NaN at step 2", "loss is ∞ at step 4"]
    assert np.isnan(figure.data[0].y).tolist() == [False, True, False, True]
    table = diverged.add_table("grad_norm", "grad_norm", ["w"])
    table.extend([1, 2, 3], [[1.0], [0.0], [math.inf]])
    names = [trace.name for trace in diverged.figure("grad_norm").data]
    assert names == [None, "NaN or ∞", "0"]


def test_findings_and_changes_are_marked_unless_not_wanted(run):
    marked = recorded_run()
    marked._findings = (
        Finding("plateau", "warning", "It does not fall.", (), (5, 9), "", (), ("loss",)),
        Finding("tiny", "hint", "A hint.", (), (5, 9), "", (), ("loss",)),
    )
    notes = [note.text for note in marked.figure("loss").layout.annotations]
    assert "plateau" in notes
    assert "tiny" not in notes
    assert "▲" in notes
    assert "plateau" not in [note.text for note in marked.figure("lr").layout.annotations]
    assert len(marked.figure("loss", marks=False).layout.annotations) == 1


def test_histograms_at_a_step_and_over_the_steps(run):
    assert [trace.name for trace in run.figure("histograms", step=12).data] == [
        "a.weight",
        "a.bias",
    ]
    assert "step 10" in run.figure("histograms", step=12).layout.title.text
    heat_map = run.figure("histograms/a.bias").data[0]
    assert np.nansum(heat_map.z, axis=0).tolist() == pytest.approx([1, 1, 1])
    assert len(run.figure("histograms/a.bias", kind="ridge").data) == 3


def test_panels_of_a_picture_share_colours_and_those_of_gates_do_not(run):
    maps = run.figure("activations/conv")
    assert {(trace.zmin, trace.zmax) for trace in maps.data} == {(-1.0, 1.0)}
    assert "candidate dead" in [note.text for note in maps.layout.annotations]
    gates = run.figure("activations/conv/gates")
    assert [(trace.zmin, trace.zmax) for trace in gates.data][:2] == [(0, 1), (-1, 1)]


def test_a_graph_has_a_box_for_each_module_and_tooltips():
    graph = small_graph()
    figure = graph.figure(depth=1)
    assert len(figure.layout.shapes) == 3
    about = dict(zip(figure.data[2].text, figure.data[2].customdata, strict=True))
    (first,) = [text for key, text in about.items() if key.startswith("a ")]
    assert first.split("<br>")[:4] == [
        "<b>a</b>",
        "Linear",
        "6 parameters",
        "24 B saved for backward",
    ]
    unfolded = graph.figure()
    assert len(unfolded.layout.shapes) == 4
    assert any("2\N{MULTIPLICATION SIGN}3 float32" in text for text in unfolded.data[2].customdata)
    assert "a.weight" in unfolded.data[2].customdata[0]


def test_a_graph_that_cannot_be_drawn_says_why():
    with pytest.raises(ValueError, match="no loss"):
        ComputationGraph((), (), (), reason="no loss has a graph").figure()
    with pytest.raises(ValueError, match="depth=0"):
        small_graph().figure(depth=0)


def test_names_are_data():
    run = Run(HOSTILE)
    run.add_table("metric/x", "metric", [HOSTILE]).extend([1, 2], [1.0, 2.0])
    run.add_table("grad_norm", "grad_norm", [HOSTILE, "x" * 10**6]).extend([1], [[1.0, 2.0]])
    run.event_log.add(1, "freeze", "a", text=HOSTILE)
    for figure in (
        run.figure(HOSTILE),
        run.figure("grad_norm"),
        run.figure("grad_norm", kind="lines"),
    ):
        text = figure.to_json()
        assert "<img" not in text
        assert "\\u0007" not in text
        assert "$" not in text
        assert len(text) < 30_000
        assert not any(HOSTILE[-12:] in (trace.hovertemplate or "") for trace in figure.data)


def test_the_look_can_be_replaced(run):
    figure = run.figure("loss", theme="dark")
    assert figure.layout.template.layout.paper_bgcolor == "#1b1b1b"
    assert figure.layout.paper_bgcolor is None
    both = go.Figure(layout={"template": figures.template("dark")})
    both.add_traces(figure.data)
    assert len(both.data) == 1


def test_without_plotly_the_error_says_what_to_install():
    program = (
        "import sys; sys.modules['plotly'] = None\n"
        "from labkit.run import Run\n"
        "try: Run().figure()\n"
        "except ImportError as error: print(error)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "pip install plotly" in answer.stdout
