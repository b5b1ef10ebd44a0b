"""The pictures and texts of views in saved notebooks."""

from xml.etree import ElementTree

import numpy as np
import pytest

from labkit.run import ComputationGraph, Run
from labkit.run.activations import Picture
from labkit.run.finding import Finding
from labkit.run.graph.parts import ModuleCall
from labkit.views.still import run_picture
from labkit.views.still.panel_colours import panel_colours

KINDS = [
    *("dashboard", "curves", "gradients", "graph", "activations", "findings", "layers"),
    *("samples", "controls"),
]
HOSTILE = '<script>alert("1")</script>&\x07\ud800\u202e漢字' * 3
SVG = "{http://www.w3.org/2000/svg}"


def texts(source):
    """Return the texts of a picture, which must be well-formed."""
    return [each.text for each in ElementTree.fromstring(source).iter(f"{SVG}text")]


def lines(source):
    return sum(1 for _ in ElementTree.fromstring(source).iter(f"{SVG}polyline"))


def recorded(name="demo", layers=("conv", "head"), steps=40):
    run = Run(name)
    run.add_table("loss", "loss", ["loss"])
    run.add_table("grad_norm", "grad_norm", [f"{layer}.weight" for layer in layers])
    for step in range(1, steps + 1):
        run.advance_to(step)
        run.tables["loss"].append(step, 1 / step)
        run.tables["grad_norm"].append(step, [10.0 ** -(step % 5)] * len(layers))
    return run


def with_findings(run, *findings):
    run._findings = findings
    return run


def finding(severity, message, **more):
    return Finding("rule", severity, message, (), (1, 2), "The cause.", ("Try this.",), **more)


def test_the_dashboard_has_metrics_norms_findings_and_graph():
    run = with_findings(recorded(), finding("hint", "A hint."), finding("error", "It is broken."))
    run.log(accuracy=0.25)
    run.add_graph(ComputationGraph((), (), (ModuleCall("conv#1", "conv", 1, "Conv2d", None, 9),)))
    source = run_picture.svg(run, "dashboard")
    found = texts(source)
    assert found[0] == "demo"
    assert "40 steps" in found[1]
    assert {"loss", "last 0.025, min 0.025, max 1", "accuracy", "conv", "head"} <= set(found)
    assert found.index("It is broken.") < found.index("A hint.")
    assert "Computation graph" in found
    assert lines(source) == 2


def test_the_text_has_the_same():
    run = with_findings(recorded(), finding("error", "It is broken."))
    text = run_picture.text(run)
    assert "loss: 1 at step 1, 0.025 at step 40, min 0.025, max 1" in text
    assert "error: It is broken." in text
    assert "conv  1" in text


def test_each_view_has_a_picture_of_its_own():
    run = recorded()
    run.activations.add(
        Picture("conv", "maps", 7, np.ones((2, 3, 3), np.float32), ("0", "1"), "height", "width")
    )
    run.add_graph(ComputationGraph((), (), (ModuleCall("conv#1", "conv", 1, "Conv2d", None, 9),)))
    pictures = {kind: run_picture.svg(run, kind) for kind in KINDS}
    assert len(set(pictures.values())) == len(KINDS) - 1  # controls have the curves
    assert "Gradient norms by layer" in texts(pictures["gradients"])
    assert "Feature maps of conv, step 7" in texts(pictures["activations"])
    assert {"Conv2d", "9"} <= set(texts(pictures["layers"]))
    assert "None." in texts(pictures["findings"])


def test_signed_maps_have_zero_in_the_middle_of_their_scale_as_in_the_page():
    run = recorded()
    maps = np.array([[[-1.0, 0.5]]], dtype=np.float32)
    run.activations.add(Picture("conv", "maps", 7, maps, ("0",), "height", "width"))
    assert "-1 (blue) over 0 (white) to 1 (orange)" in texts(run_picture.svg(run, "activations"))


def test_gates_and_cell_state_have_scales_of_their_own():
    gate, candidate, state = (
        np.full((1, 2, 2), value, dtype=np.float32) for value in (0.5, -0.5, -40.0)
    )
    names = ("input gate", "candidate", "cell state")
    values = np.concatenate([gate, candidate, state])
    colours = panel_colours(Picture("lstm", "gates", 7, values, names, "unit", "time step"))
    assert [(each.low, each.high) for each in colours] == [(0, 1), (-1, 1), (-40, 40)]


def test_what_is_too_large_for_the_dashboard_is_named():
    run = recorded()
    noise = np.random.default_rng(0).random((256, 256, 3))
    run.log(large=noise, small=np.zeros((4, 4)), **{f"text{place}": "x" for place in range(5)})
    found = texts(run_picture.svg(run, "dashboard"))
    assert "small, step 40" in found
    assert "Not in this picture: large (image), text4 (text)" in found


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_without_anything_has_a_picture(kind):
    assert texts(run_picture.svg(Run("empty"), kind))[0] == "empty"


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_names_are_text_and_pictures_stay_small(kind):
    layers = [f"{HOSTILE}{place}" for place in range(300)]
    run = with_findings(recorded(HOSTILE, layers), *[finding("error", HOSTILE * 1000)] * 40)
    run.log(**{f"{HOSTILE}{place}": np.nan for place in range(50)}, text=HOSTILE * 1000)
    calls = [ModuleCall(f"{name}#1", name, 1, HOSTILE * 100, None, 9) for name in layers]
    run.add_graph(ComputationGraph((), (), tuple(calls)))
    source = run_picture.svg(run, kind)
    assert not list(ElementTree.fromstring(source).iter(f"{SVG}script"))
    assert len(source) < 200_000
    text = run_picture.text(run)
    assert len(text) < 50_000
    text.encode()


def test_values_that_are_not_finite_break_the_curve_and_are_counted():
    run = Run("demo")
    run.add_table("loss", "loss", ["loss"])
    for step, value in enumerate([3.0, 2.0, np.nan, np.inf, 1.0, 0.5], start=1):
        run.advance_to(step)
        run.tables["loss"].append(step, value)
    source = run_picture.svg(run, "curves")
    assert "last 0.5, min 0.5, max 3, 2 not finite" in texts(source)
    assert lines(source) == 2


def test_a_long_run_has_a_small_picture():
    source = run_picture.svg(recorded(steps=20_000), "dashboard")
    assert len(source) < 60_000


def test_layers_of_large_models_are_grouped():
    layers = [f"encoder.layers.{place}.{part}" for place in range(12) for part in "abc"]
    found = texts(run_picture.svg(recorded(layers=layers), "gradients"))
    assert "encoder.layers.11" in found
    assert "encoder.layers.11.a" not in found


def test_a_revision_changes_with_what_is_recorded():
    run = recorded()
    before = run_picture.revision(run)
    assert run_picture.revision(run) == before
    run.log(accuracy=1.0)
    assert run_picture.revision(run) != before
