"""`lk.compare`: its arguments, its channels, its static picture, and what closing leaves."""

import gc
import weakref
import xml.etree.ElementTree as ET

import pytest

import labkit as lk
from labkit.run import Run
from labkit.run.run_setup import GroupSetup
from labkit.views.channel import RunChannel


def recorded(name, optimizer="SGD", steps=100):
    run = Run(name)
    table = run.add_table("loss", "loss", ["loss"])
    for step in range(1, steps + 1):
        table.append(step, 1.0 / step)
    run.advance_to(steps)
    run.add_group_setups([GroupSetup("0", optimizer, {"lr": "0.1"})])
    run.close()
    return run


@pytest.mark.parametrize(
    ("runs", "names", "chosen"),
    [
        ([Run("a"), Run("b")], None, ["a", "b"]),
        ([Run("a"), Run("a"), Run("a (2)")], None, ["a", "a (3)", "a (2)"]),
        ([Run("a"), Run("b")], ["SGD", "Adam"], ["SGD", "Adam"]),
        ([{"SGD": Run("a"), "Adam": Run("b")}], None, ["SGD", "Adam"]),
    ],
)
def test_runs_have_unique_names(runs, names, chosen):
    comparison = lk.compare(*runs, names=names)
    assert comparison.names == chosen
    comparison.close()


run = Run("a")


@pytest.mark.parametrize(
    ("runs", "names", "error", "text"),
    [
        ([], None, ValueError, "2 to 8 runs, not 0"),
        ([Run()], None, ValueError, "2 to 8 runs, not 1"),
        ([Run() for _ in range(9)], None, ValueError, "not 9"),
        ([run, run], None, ValueError, "'a' twice"),
        ([run, "b"], None, TypeError, "not str"),
        ([[run, Run()]], None, TypeError, "not list"),
        ([run, Run()], ["x"], ValueError, "1 names for 2 runs"),
        ([run, Run()], "xy", TypeError, "one text"),
        ([run, Run()], ["x", 2], TypeError, "not int"),
        ([{"x": run, 2: Run()}], None, TypeError, "not int"),
        ([{"x": run, "y": Run()}], ["x", "y"], TypeError, "one of the two"),
    ],
)
def test_a_bad_argument_fails_with_an_example(runs, names, error, text):
    with pytest.raises(error, match=text) as raised:
        lk.compare(*runs, names=names)
    assert "lk.compare(" in str(raised.value)


def test_the_view_has_the_channel_of_each_run():
    runs = [recorded("a"), recorded("b")]
    comparison = lk.compare(*runs)
    assert comparison.channel is comparison.channels[0]
    assert [channel.run_id for channel in comparison.channels] == [run.id for run in runs]
    comparison.close()
    assert all(
        RunChannel._of_runs[run.id].comm is None for run in runs if run.id in RunChannel._of_runs
    )


def test_a_run_that_is_shown_elsewhere_keeps_its_channel():
    runs = [recorded("a"), recorded("b")]
    curves = lk.CurvesView(runs[0])
    comparison = lk.compare(*runs)
    comparison.close()
    assert curves.channel.comm is not None
    curves.close()


def test_runs_are_freed_with_the_last_reference():
    runs = [recorded("a"), recorded("b")]
    comparison = lk.compare(*runs)
    gone = [weakref.ref(each) for each in (*runs, comparison, *comparison.channels)]
    del runs, comparison
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


def test_the_static_form_has_a_line_per_run_and_what_differs():
    names = ["<b>one</b>", "two"]
    comparison = lk.compare(recorded("a"), recorded("b", "Adam", 200), names=names)
    bundle, _ = comparison._repr_mimebundle_()
    picture = ET.fromstring(bundle["image/svg+xml"])
    assert sum(element.tag.endswith("polyline") for element in picture.iter()) == 2
    words = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert {"<b>one</b>", "optimizer", "SGD", "Adam"} <= set(words)
    assert "lr" not in words
    lines = bundle["text/plain"].splitlines()
    assert lines[2].split() == ["optimizer", "SGD", "Adam"]
    assert any(line.split() == ["steps", "100", "200"] for line in lines)
    comparison.close()


def test_the_static_form_has_the_axis_of_the_runs_that_do_not_explode():
    wild = recorded("wild")
    wild.tables["loss"].append(wild.steps + 1, 1e37)
    comparison = lk.compare(recorded("calm"), wild)
    source = comparison._repr_mimebundle_()[0]["image/svg+xml"]
    words = [element.text for element in ET.fromstring(source).iter()]
    assert any((word or "").startswith("wild reaches 1e+37: beyond") for word in words)
    assert words.count("1e+37") == 1  # in the table, not at the axis
    comparison.close()


def test_runs_without_a_loss_have_a_picture():
    comparison = lk.compare(Run("a"), Run("b"))
    bundle, _ = comparison._repr_mimebundle_()
    ET.fromstring(bundle["image/svg+xml"])
    assert "No loss" in bundle["image/svg+xml"]
    comparison.close()
