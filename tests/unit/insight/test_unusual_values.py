"""Rules on zeros, infinities, NaN and missing values raise no errors and no false findings."""

import warnings
from collections import deque

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import labkit as lk
from labkit.insight import RuleEvaluator
from labkit.insight.evidence import Evidence
from labkit.run import ComputationGraph, Edge, ModuleCall, Node, Run
from labkit.run.activations import Picture
from labkit.run.observations import (
    Frequency,
    FrozenNorm,
    InputScale,
    LabelShares,
    LossInput,
    Prediction,
)
from labkit.run.series.kinds import SAMPLED_KINDS

LAYERS = tuple(f"layer{number}" for number in range(6))
UNUSUAL = st.sampled_from(
    [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-42, 1e-38, 3e38, -1.0, 0.5, 1.0, 90.0]
)
SIZES = st.sampled_from([(0, 4), (4, 0), (3, 3), (1, 1)])


def graph_of(sizes, classes):
    """Return a graph of consecutive layers, some with an empty weight."""
    nodes, edges, before = [], [], None
    for layer, size in zip(LAYERS, sizes, strict=True):
        weight = Node(
            f"{layer}/w", "parameter", "parameter", f"{layer}#1", size, parameters=(layer,)
        )
        made = Node(f"{layer}/op", "op", "addmm", f"{layer}#1", (4, 4))
        edges.append(Edge(weight.id, made.id))
        if before is not None:
            edges.append(Edge(before, made.id))
        nodes += [weight, made]
        before = made.id
    nodes.append(Node("loss", "op", "logsoftmax", "", (4, classes)))
    edges.append(Edge(before, "loss"))
    calls = tuple(ModuleCall(f"{layer}#1", layer, 1, "Linear", None, 1) for layer in LAYERS)
    return ComputationGraph(tuple(nodes), tuple(edges), calls, step=1)


def add_observations(run, data, steps):
    """Add observations of the loss and the parameters, with unusual values."""
    observed = run.observations
    for step in (1, 2, 3):
        numbers = [data.draw(UNUSUAL) for _ in range(5)]
        for shape in ((0,), (3,), (3, 1), None):
            observed.loss_inputs.append(
                LossInput(
                    step,
                    data.draw(st.sampled_from(["mse_loss", "nll_loss", "cross_entropy"])),
                    shape,
                    data.draw(st.sampled_from([None, (3, 3), (0, 0)])),
                    data.draw(st.sampled_from([None, "softmax", "tanh"])),
                    data.draw(st.sampled_from([None, 0, -1, 1])),
                    data.draw(st.sampled_from([None, 1, 3])),
                    (numbers[0], numbers[1]),
                    (numbers[2], numbers[3]),
                    numbers[4],
                )
            )
        observed.labels.append(LabelShares(step, 2, 1, *numbers[:3], 4))
        norms = observed.frozen_norms.setdefault(LAYERS[0], deque())
        norms.append(FrozenNorm(step, *numbers[:2]))
    observed.equal_units[LAYERS[1]] = steps
    observed.stale_gradients[LAYERS[0]] = Frequency(3, data.draw(st.sampled_from([3, 30])))
    observed.stale_parameters["a"] = Frequency(3, data.draw(st.sampled_from([3, 30])), 3)
    observed.stale_parameters["b"] = Frequency(0, data.draw(st.sampled_from([0, 3])))
    observed.trained_in_eval = Frequency(3, 3, data.draw(st.sampled_from([0, 3])), 1)
    observed.mode_dependent = data.draw(st.sampled_from([(), LAYERS]))
    observed.unregistered = data.draw(st.sampled_from([(), (("", (1,)), ("a", (2, 3)))]))
    observed.passes_before_first_step = data.draw(st.sampled_from([0, 500]))


def run_of(data, steps):
    """Return a run whose series have unusual values."""
    run = Run()
    run.advance_to(steps)
    at = np.linspace(1, steps, data.draw(st.integers(1, 8)), dtype=int)
    at = np.unique(at)
    for id, kind, names in (
        ("loss", "loss", ["loss"]),
        ("lr", "lr", ["0"]),
        ("metric/val_loss", "metric", ["val_loss"]),
        ("metric/val_acc", "metric", ["val_acc"]),
        *((kind, kind, LAYERS) for kind in sorted(SAMPLED_KINDS)),
    ):
        if data.draw(st.booleans()):
            width = len(names)
            row = st.lists(UNUSUAL, min_size=width, max_size=width) | UNUSUAL.map(
                lambda v, n=width: [v] * n
            )
            run.recorder.table(id, kind, names).extend(at, [data.draw(row) for _ in at])
    run.add_graph(
        graph_of([data.draw(SIZES) for _ in LAYERS], data.draw(st.sampled_from([0, 1, 2, 10]))), 1
    )
    values = np.full((1, 1, 10), data.draw(UNUSUAL), np.float32)
    for step in (1, 2, 3):
        run.activations.add(Picture("rnn", "time_gradient", step, values, ("h",), "", "time step"))
        run.observations.inputs.append(
            InputScale(step, (1,), *[data.draw(UNUSUAL) for _ in range(4)])
        )
    for _ in range(4):
        run.observations.predictions.append(
            Prediction(steps, data.draw(st.integers(0, 10)), 0, 1.0, 4)
        )
    add_observations(run, data, steps)
    run.observations.weight_decay = data.draw(st.sampled_from([0.0, 0.1]))
    run.observations.batches = data.draw(st.sampled_from([0, 20]))
    run.observations.loading_ns = waited_ns = data.draw(st.sampled_from([0, 10**9]))
    run.cost_totals.add_steps(loop_ns=waited_ns, watching_ns=0)
    return run


@settings(max_examples=150, deadline=None)
@given(data=st.data(), steps=st.sampled_from([1, 50, 400]))
def test_no_rule_raises_or_warns_on_any_values(data, steps):
    run = run_of(data, steps)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RuleEvaluator().evaluate(run)
    assert run.notices == ()


def recorded(weights, gradients, loss=1.0):
    run = Run()
    tables = {kind: run.add_table(kind, kind, ["w"]) for kind in ("grad_norm", "weight_norm")}
    curve = run.add_table("loss", "loss", ["loss"])
    for step, gradient in enumerate(gradients, 1):
        curve.append(step, loss)
        tables["grad_norm"].append(step, [gradient])
        tables["weight_norm"].append(step, [weights])
    run.advance_to(len(gradients))
    return run


def test_zero_weights_neither_trigger_nor_disable_exploding_gradients():
    evaluator, run = RuleEvaluator(), recorded(0.0, [0.5] * 8)
    assert [finding.rule for finding in evaluator.evaluate(run)] == []
    assert run.notices == ()
    for step in range(9, 40):
        run.recorder.table("weight_norm", "weight_norm", ["w"]).append(step, [0.1])
        run.recorder.table("grad_norm", "grad_norm", ["w"]).append(step, [5e3])
    run.advance_to(40)
    assert [finding.rule for finding in evaluator.evaluate(run)] == ["exploding-gradients"]


@pytest.mark.parametrize(("end", "found"), [(1.1, []), (4.0, ["exploding-gradients"])])
def test_gradients_of_adversaries_explode_only_if_a_loss_rises(end, found):
    run = Run()
    norms = run.add_table("grad_norm", "grad_norm", ["w"])
    for step, part in enumerate(np.linspace(0, 1, 400), 1):
        for name, loss in (("G", 0.7), ("D", 1 + (end - 1) * part)):
            run.add_table(f"loss/{name}", "loss", [f"loss/{name}"]).append(step, loss)
        norms.append(step, [0.05 * 10_000**part])
    run.advance_to(400)
    assert [finding.rule for finding in RuleEvaluator().evaluate(run)] == found


def test_a_gradient_that_starts_at_zero_is_not_exploding():
    assert RuleEvaluator().evaluate(recorded(0.1, [0.0, *[0.5] * 8])) == ()


@pytest.mark.parametrize("parts", [0.0, 0.25])
def test_a_missing_gradient_norm_is_not_a_non_finite_gradient(parts):
    run = Run()
    for step in range(1, 9):
        run.add_table("loss", "loss", ["loss"]).append(step, 1.0)
        norms = run.add_table("grad_norm", "grad_norm", ["a", "b"])
        norms.append(step, [0.5, 0.5 if step % 2 else np.nan])
        run.add_table("grad_not_finite", "grad_not_finite", ["a", "b"]).append(step, [0.0, parts])
    run.advance_to(8)
    found = RuleEvaluator().evaluate(run)
    assert [finding.where for finding in found] == ([("b",)] if parts else [])


@pytest.mark.parametrize("rows", [100, 1000, 4096])
def test_parameters_sampled_in_turn_all_appear_in_the_evidence(rows):
    run = Run()
    norms = run.add_table("grad_norm", "grad_norm", list("abcd"))
    for step in range(1, rows + 1):
        norms.append(step, [1.0 if step % 4 == turn else np.nan for turn in range(4)])
    table = Evidence(run).table("grad_norm")
    assert np.isfinite(table.values).any(axis=0).all()
    assert table.steps[-1] == rows
    assert (np.diff(table.steps) > 0).all()


def test_non_finite_gradients_are_found_at_their_first_step():
    run = Run()
    for step in range(1, 9):
        run.add_table("loss", "loss", ["loss"]).append(step, 1.0)
        row = [np.nan, np.inf if step >= 7 else 0.5, 0.5]
        run.add_table("grad_norm", "grad_norm", ["a", "b", "c"]).append(step, row)
    run.advance_to(8)
    (found,) = RuleEvaluator().evaluate(run)
    assert (found.where, found.steps, found.series) == (("b",), (7, 8), ("grad_norm/b",))


def test_empty_rows_cause_no_findings():
    run = Run()
    for step in range(1, 9):
        run.add_table("loss", "loss", ["loss"]).append(step, 1.0)
        row = [np.nan] * 2 if step % 2 else [0.5] * 2
        run.add_table("grad_norm", "grad_norm", ["a", "b"]).append(step, row)
    run.advance_to(8)
    assert RuleEvaluator().evaluate(run) == ()


def test_an_all_zero_model_disables_no_rule():
    model = torch.nn.Linear(3, 1)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with lk.watch(model, show=False) as run:
        for _ in range(60):
            optimizer.zero_grad()
            (model(torch.ones(4, 3)) - 1).pow(2).mean().backward()
            optimizer.step()
        assert "exploding-gradients" not in [finding.rule for finding in run.findings]
    assert run.notices == ()
