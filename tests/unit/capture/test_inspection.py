"""A parameter's values can be asked for: now, of a graph alone, and of a run."""

from __future__ import annotations

import gc

import numpy as np
import torch
from torch import nn

import labkit as lk
from labkit.run.inspection import inspect


def test_a_graph_alone_reads_the_values_of_its_parameters():
    model = nn.Linear(3, 2)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, float("inf")]]))
    view = lk.graph(model, torch.ones(1, 3))
    found = inspect(view.run, "weight")
    assert found is not None
    assert found.gradient is None
    value = found.value
    assert value is not None
    assert (value.shape, value.dtype, value.zeros, value.not_finite) == ((2, 3), "float32", 1, 1)
    assert (value.minimum, value.maximum, value.mean) == (0.0, 4.0, 2.0)
    assert value.counts.sum() == 5
    assert len(value.edges) == len(value.counts) + 1


def test_the_gradient_is_told_once_there_is_one():
    model = nn.Linear(3, 1)
    loss = model(torch.ones(2, 3)).sum()
    view = lk.graph(loss)
    loss.backward()
    found = inspect(view.run, "weight")
    assert found is not None
    assert found.gradient is not None
    assert (found.gradient.minimum, found.gradient.maximum) == (2.0, 2.0)


def test_nothing_is_told_of_what_is_gone_or_unknown():
    model = nn.Linear(3, 1)
    view = lk.graph(model, torch.ones(1, 3))
    assert inspect(view.run, "no_such") is None
    del model
    gc.collect()
    assert inspect(view.run, "weight") is None


def test_a_run_tells_a_cleared_gradient_by_what_it_sampled():
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            model(torch.ones(4, 3)).square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    found = inspect(run, "weight")
    assert found is not None
    assert found.value is not None
    assert np.isclose(found.value.mean, model.weight.mean().item())
    assert found.gradient is not None
    assert found.gradient.step is not None


def test_a_models_graph_tells_what_its_operations_returned():
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    x = torch.randn(5, 3)
    view = lk.graph(model, x)
    found = inspect(view.run, "1#1/relu:0")
    assert found is not None
    assert found.value is not None
    assert found.value.shape == (5, 2)
    assert np.isclose(found.value.mean, model(x).mean().item())
    assert found.value.sampled is None


def test_of_a_large_result_a_sample_is_read():
    view = lk.graph(nn.Sequential(nn.Linear(1, 1000)), torch.randn(500, 1))
    found = inspect(view.run, "0#1/addmm:0")
    assert found is not None
    assert found.value is not None
    assert found.value.sampled is not None
    assert found.value.sampled == found.value.counts.sum() < 500_000
