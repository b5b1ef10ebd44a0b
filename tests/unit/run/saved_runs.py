"""Runs with everything in them, for the tests of their files."""

import numpy as np

from labkit.run import (
    ComputationGraph,
    Edge,
    Finding,
    Incident,
    ModelFacts,
    ModuleCall,
    Node,
    Notice,
    Run,
    Source,
)
from labkit.run.activations import Picture
from labkit.run.inspection import Inspection, Sample
from labkit.run.model_input import ModelInput
from labkit.run.run_setup import GroupSetup


def small_graph(step=1):
    nodes = (
        Node("/x:0", "input", "x", "", (8, 4), "float32"),
        Node("fc#1/weight:0", "parameter", "weight", "fc#1", (2, 4), parameters=("fc.weight",)),
        Node("fc#1/addmm:0", "op", "addmm", "fc#1", (8, 2), source=Source("train.py", 7)),
    )
    edges = (Edge(nodes[0].id, nodes[2].id, (8, 4)), Edge(nodes[1].id, nodes[2].id, (2, 4)))
    return ComputationGraph(
        nodes, edges, (ModuleCall("fc#1", "fc", 1, "Linear", None, 10, seconds=1e-4),), step=step
    )


def full_run(steps=300, name="demo"):
    """Return a run with something in every part, not ended."""
    run = Run(name)
    fill(run, steps)
    return run


def fill(run, steps=300):
    """Record something in every part of a run."""
    rng = np.random.default_rng(0)
    run.describe_model(ModelFacts("cpu", 10, 8, ("fc.bias",)))
    run.config, run.note = {"width": 64, "rates": [0.1, 0.01]}, "a wider head"
    run.environment = {"python": "3.11"}
    run.describe_setup({"": "Net"}, ["float32"], "MSELoss")
    run.add_group_setups([GroupSetup("0", "SGD", {"lr": "0.1"})])
    run.begin()
    run.begin_epoch(100)
    for step in range(1, steps + 1):
        run.advance_to(step)
        run.add_table("loss", "loss", ["loss"]).append(step, [1 / step])
        run.add_table("lr/0", "lr", ["0"]).append(step, [0.1])
        if step % 7 == 0:
            run.add_table("grad_norm", "grad_norm", ["fc.weight", "fc.bias"]).append(
                step, rng.normal(size=2).astype(np.float32)
            )
        if step % 100 == 0:
            run.log(accuracy=step / steps, prompt=f"text {step}", picture=np.zeros((8, 8, 3)))
            run.histograms.add("grad/fc.weight", step, np.arange(40, dtype=np.float32))
            run.histograms.add("act/fc", step, np.arange(40, dtype=np.float32), (-1.0, 2.0))
            run.activations.add(
                Picture(
                    "fc",
                    "units",
                    step,
                    rng.normal(size=(1, 8, 2)).astype(np.float32),
                    ("fc",),
                    "sample",
                    "unit",
                    silent=(1,),
                    whole=(8, 2),
                    given=ModelInput(
                        "tokens", np.ones((1, 1, 3), np.float32), (3,), ("a", "b", "c")
                    ),
                )
            )
        run.record_time(step)
    run.add_graph(small_graph(), 1)
    run.add_table("act_mean", "act_mean", ["fc"]).append(steps, [float("nan")])
    finding = Finding("plateau", "warning", "The loss does not fall.", ("fc",), (1, 200), "?", ())
    run.findings_log.rules = ("plateau",)
    run.findings_log.record([finding], {}, 200, 3.0)
    run._findings = (finding,)
    run.event_log.add(40, "lr", "0", 0.1, 0.01, text="rate lowered", schedule="scale")
    run.add_incident(
        Incident(
            120,
            "spike",
            "the batch has labels of another kind",
            indices=(3, 1),
            random_state=np.arange(8, dtype=np.uint8),
            history={
                "loss": (("loss",), np.arange(3), np.ones((3, 1), np.float32)),
            },
        )
    )
    weights = Sample(np.linspace(-1, 1, 8, dtype=np.float32), (2, 4), "float32", whole=True)
    run.final_values = {"fc.weight": Inspection(weights.statistics(), None, reason="the end")}
    run.add_notice("graph", "Switched off.")


def assert_equal_runs(read, run):
    """Assert that a loaded run has all that another run has in memory."""
    assert read.names() == run.names()
    for name in run.names():
        for found, recorded in zip(read.series(name), run.series(name), strict=True):
            np.testing.assert_array_equal(found, recorded)
    for table in run.tables:
        assert read.tables[table].names == run.tables[table].names
        assert read.tables[table].kind == run.tables[table].kind
    assert [graph.to_json() for graph in read.graphs] == [graph.to_json() for graph in run.graphs]
    assert read.graph_history == run.graph_history
    assert read.findings == run.findings
    assert read.findings_history == run.findings_history
    assert [event.text for event in read.events] == [event.text for event in run.events]
    assert read.epochs.begun.knots() == run.epochs.begun.knots()
    assert read.step_times.knots() == run.step_times.knots()
    assert read.model == run.model
    assert read.setup == run.setup
    assert (read.config, read.note) == (run.config, run.note)
    assert (read.name, read.id, read.steps, read.epoch) == (run.name, run.id, run.steps, run.epoch)
    assert Notice("graph", "Switched off.") in read.notices
    for name in run.histograms.names():
        a, b = read.histograms.read(name), run.histograms.read(name)
        np.testing.assert_array_equal(a.steps, b.steps)
        np.testing.assert_array_equal(a.counts, b.counts)
        np.testing.assert_array_equal(a.edges, b.edges)
    assert read.activations.subjects() == run.activations.subjects()
    for subject in run.activations.subjects():
        assert read.activations.steps(*subject) == run.activations.steps(*subject)
        a, b = read.activations.at(*subject), run.activations.at(*subject)
        np.testing.assert_array_equal(a.values, b.values)
        assert (a.panels, a.silent, a.whole) == (b.panels, b.silent, b.whole)
        assert (a.given.form, a.given.tokens) == (b.given.form, b.given.tokens)
        np.testing.assert_array_equal(a.given.values, b.given.values)
    assert read.sample_log.series() == run.sample_log.series()
    for series in run.sample_log.series():
        assert read.logged_samples(series.name) == run.logged_samples(series.name)
    assert read.incident == run.incident
    np.testing.assert_array_equal(read.incident.random_state, run.incident.random_state)
    for table, (labels, steps, values) in run.incident.history.items():
        assert read.incident.history[table][0] == labels
        np.testing.assert_array_equal(read.incident.history[table][1], steps)
        np.testing.assert_array_equal(read.incident.history[table][2], values)
    assert read.final_values.keys() == run.final_values.keys()
    for name, values in run.final_values.items():
        found = read.final_values[name]
        assert found.reason == values.reason
        assert found.value.mean == values.value.mean
        np.testing.assert_array_equal(found.value.counts, values.value.counts)
