"""Histograms, zeros and non-finite fractions of gradients, compared with numpy."""

import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk

VALUES = {
    "many": np.random.default_rng(0).normal(size=70_000) * 1e-3,
    "few": np.array([-1.0, 1.0, 3.0, 0.0]),
    "odd": np.array([np.nan, np.inf, 0.0, 1.0, -np.inf, 1.0]),
    "zeros": np.zeros(5),
    "broken": np.full(3, np.nan),
    "alike": np.full(6, 0.25),
    "far": np.array([-3e38, 3e38, 1.0, 1e-40]),
}


class GivenGradients(nn.Module):
    """A model whose gradients are its inputs."""

    def __init__(self, dtype):
        super().__init__()
        for name, values in VALUES.items():
            setattr(self, name, nn.Parameter(torch.zeros(len(values), dtype=dtype)))

    def forward(self, gradients):
        products = [(getattr(self, name) * value).sum() for name, value in gradients.items()]
        return torch.stack(products).sum()


@pytest.fixture(scope="module", params=[torch.float32, torch.float64])
def recorded(request):
    """The gradients, and a run that recorded them."""
    model = GivenGradients(request.param)
    gradients = {
        name: torch.from_numpy(values.astype(np.float32)).to(request.param)
        for name, values in VALUES.items()
    }
    with lk.watch(model, show=False) as run:
        model(gradients).backward()
        torch.optim.SGD(model.parameters(), lr=0.0).step()
    return {name: values.float().numpy() for name, values in gradients.items()}, run


@pytest.mark.parametrize("name", VALUES)
def test_counts_of_both_histograms_match_numpy(name, recorded):
    gradients, run = recorded
    values = gradients[name]
    finite = values[np.isfinite(values)].astype(np.float64)
    magnitudes, even = (
        run.histograms.read(f"grad/{name}"),
        run.histograms.read(f"grad_linear/{name}"),
    )
    counted = np.histogram(np.abs(finite[finite != 0]), magnitudes.edges)[0]
    assert magnitudes.counts[-1].tolist() == counted.tolist()
    assert even.counts[-1].sum() == len(finite)
    if len(finite) and finite.max() > finite.min():
        assert even.edges[-1][[0, -1]].tolist() == [finite.min(), finite.max()]
    if name == "many":  # a value at an edge may be rounded to either side
        expected = np.histogram(finite, even.edges[-1])[0]
        assert np.abs(even.counts[-1] - expected).max() <= 3


@pytest.mark.parametrize("name", VALUES)
def test_the_fractions_of_zeros_and_of_non_finite_values_are_recorded(name, recorded):
    gradients, run = recorded
    values = gradients[name]
    assert run.series(f"grad_zeros/{name}")[1][-1] == pytest.approx(np.mean(values == 0))
    broken = np.mean(~np.isfinite(values))
    assert run.series(f"grad_not_finite/{name}")[1][-1] == pytest.approx(broken)
