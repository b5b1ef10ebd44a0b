"""Graphs of unusual code are those that autograd builds, and looking changes nothing."""

from collections import Counter

import pytest
import torch
from torch import nn

import labkit as lk

from .unusual_code import FUNCTIONS, Failing, Of, Scaled, Stateful, X, generator_states

pytestmark = pytest.mark.filterwarnings("ignore")

NOT_WALKED = {"reentrant checkpoint": "use_reentrant"}
"""Functions that PyTorch refuses to walk, with a word of the refusal."""


def backward_names(outputs):
    """Return the names of the nodes behind some tensors, from autograd itself."""
    waiting = [each.grad_fn for each in outputs if each.grad_fn is not None]
    seen = set(waiting)
    while waiting:
        for source, _ in waiting.pop().next_functions:
            if source is not None and source not in seen:
                seen.add(source)
                waiting.append(source)
    return Counter(node.name().rpartition("::")[2] for node in seen)


def shown_names(graph):
    return Counter(node.backward for node in graph.nodes if node.backward is not None)


def without_views(names):
    """Leave out operations that PyTorch chooses by whether the results of operations are read."""
    return Counter(
        {k: n for k, n in names.items() if k not in ("ViewBackward0", "ReshapeAliasBackward0")}
    )


def outputs_of(result):
    return result if isinstance(result, (tuple, list)) else [result]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_graph_is_that_of_autograd_and_the_model_still_works(name):
    model = Of(FUNCTIONS[name])
    before = [each.detach().clone() for each in outputs_of(model(X))]
    expected = backward_names(outputs_of(model(X)))
    assert shown_names(lk.graph.capture(model, X)) == expected
    assert without_views(shown_names(lk.graph(model, X).graph)) == without_views(expected)
    with lk.graph.record() as recording:
        result = model(X)
    assert not expected - shown_names(recording.graph)
    assert shown_names(lk.graph.capture(result)) == expected
    walk_it(name, lambda: sum(each.abs().sum() for each in outputs_of(model(X))))
    after = outputs_of(model(X))
    assert backward_names(after) == expected
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))


def walk_it(name, loss):
    for target in (loss, loss()):
        if name in NOT_WALKED:
            with pytest.raises(RuntimeError, match=NOT_WALKED[name]):
                lk.stepper.walk(target)
        else:
            assert lk.stepper.walk(target).events


@pytest.mark.parametrize("look", ["graph", "capture", "stepper"])
@pytest.mark.parametrize("kind", [Stateful, Failing])
def test_everything_that_a_call_changes_is_restored(kind, look):
    model = kind()
    before, generators = model.state(), generator_states()
    looks = {
        "graph": lambda: lk.graph(model, X),
        "capture": lambda: lk.graph.capture(model, X),
        "stepper": lambda: lk.stepper.walk(lambda: model(X).sum()),
    }
    if kind is Failing:
        with pytest.raises(ValueError, match="in the middle"):
            looks[look]()
    else:
        looks[look]()
    assert generator_states() == generators
    after = model.state()
    assert {key: after[key] for key in after if after[key] != before[key]} == {}


def test_a_subclass_with_functions_is_not_called_more_often():
    model = Of(FUNCTIONS["subclass with functions"])
    Scaled.calls = 0
    model(X)
    plain, Scaled.calls = Scaled.calls, 0
    lk.graph.capture(model, X)
    assert Scaled.calls == plain


def test_a_lazy_model_is_lazy_again():
    model = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d(), nn.LazyLinear(1))
    graph = lk.graph.capture(model, X)
    assert {n.parameters[0] for n in graph.nodes if n.parameters} >= {"0.weight", "1.weight"}
    assert [type(layer).__name__ for layer in model] == [
        "LazyLinear",
        "LazyBatchNorm1d",
        "LazyLinear",
    ]
    assert all(nn.parameter.is_lazy(parameter) for parameter in model.parameters())
    torch.manual_seed(0)
    first = model(X)
    torch.manual_seed(0)
    plain = nn.Sequential(nn.LazyLinear(4), nn.LazyBatchNorm1d(), nn.LazyLinear(1))
    assert torch.equal(first, plain(X))
