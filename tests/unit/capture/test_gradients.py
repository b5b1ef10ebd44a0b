"""Statistics of gradients: norms before clipping, cosine, noise scale, histograms."""

import gc
import weakref

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch


def loop(model, *, steps=8, clip=None, parts=1, scaler=None):
    """Train with the whole budget; return the run and the gradients of each step."""
    x, y = batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    seen = []
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(steps):
            optimizer.zero_grad()
            passes = []
            for rows in torch.arange(len(x)).chunk(parts):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                (loss if scaler is None else scaler.scale(loss)).backward()
                passes.append(model.fc1.weight.grad.clone())
            seen.append(passes)
            if scaler is not None:
                scaler.unscale_(optimizer)
            if clip is not None:
                nn.utils.clip_grad_norm_(model.parameters(), clip)
            optimizer.step() if scaler is None else scaler.step(optimizer)
            if scaler is not None:
                scaler.update()
    assert run.notices == ()
    return run, seen


def by_step(run, name):
    """Return a series as a mapping of steps to values."""
    steps, values = run.series(name)
    return dict(zip(steps.tolist(), values.tolist(), strict=True))


def test_norms_before_and_after_clipping_are_both_recorded():
    torch.manual_seed(0)
    run, seen = loop(Net(), clip=0.01)
    before = by_step(run, "grad_norm_unclipped/fc1.weight")
    after = by_step(run, "grad_norm/fc1.weight")
    assert set(before) >= {4, 8}
    for step, norm in before.items():
        assert norm == pytest.approx(seen[step - 1][-1].norm().item(), rel=1e-5)
        assert after[step] <= 0.0101


def test_norms_before_clipping_are_unscaled():
    torch.manual_seed(0)
    run, seen = loop(Net(), clip=0.01, scaler=torch.amp.GradScaler("cpu", init_scale=256.0))
    before = by_step(run, "grad_norm_unclipped/fc1.weight")
    assert before
    for step, norm in before.items():
        assert norm == pytest.approx(seen[step - 1][-1].norm().item() / 256, rel=1e-4)


def test_without_clipping_there_are_no_unclipped_norms():
    run, _ = loop(Net())
    assert "grad_norm_unclipped/fc1.weight" not in run.names()


def test_grad_cosine_is_the_similarity_with_the_gradient_of_the_step_before():
    torch.manual_seed(0)
    run, seen = loop(Net())
    found = by_step(run, "grad_cosine/fc1.weight")
    assert found
    for step, cosine in found.items():
        pair = [seen[number][-1].flatten() for number in (step - 2, step - 1)]
        assert cosine == pytest.approx(F.cosine_similarity(*pair, dim=0).item(), abs=1e-5)


def test_grad_noise_is_computed_from_the_backward_passes_of_a_step():
    torch.manual_seed(0)
    run, seen = loop(Net(), parts=4, steps=40)
    found = by_step(run, "grad_noise/fc1.weight")
    assert found
    for step, scale in found.items():
        sums = torch.stack([torch.zeros_like(seen[0][0]), *seen[step - 1]])
        each = (sums[1:] - sums[:-1]).flatten(1)
        total_variance = each.var(dim=0, correction=1).sum()
        signal = each.mean(0).pow(2).sum() - total_variance / 4
        if signal > 0:
            assert scale == pytest.approx((total_variance / signal).item(), rel=1e-3)
        else:
            assert np.isnan(scale)


def test_even_bins_range_from_the_minimum_to_the_maximum():
    torch.manual_seed(0)
    run, seen = loop(Net())
    histogram = run.histograms.read("grad_linear/fc1.weight")
    for step, edges, counts in zip(histogram.steps, histogram.edges, histogram.counts, strict=True):
        gradient = seen[step - 1][-1]
        assert edges[[0, -1]] == pytest.approx([gradient.min().item(), gradient.max().item()])
        expected, _ = np.histogram(gradient.numpy(), bins=40)
        assert counts.sum() == gradient.numel()
        # A value at an edge may be counted in either bin.
        assert np.abs(counts - expected).sum() <= 2


def test_zeros_and_non_finite_values_are_fractions_of_all_elements():
    class Half(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(8))

        def forward(self, x):
            return (self.weight[:4] * x).sum()

    model = Half()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        optimizer.zero_grad()
        model(torch.tensor([1.0, 1.0, float("nan"), 1.0])).backward()
        optimizer.step()
    assert run.series("grad_zeros/weight")[1].tolist() == [0.5]
    assert run.series("grad_not_finite/weight")[1].tolist() == [0.125]


def test_steps_skipped_by_a_scaler_are_listed_in_the_state():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    with lk.watch(model, show=False) as run:
        for number in range(8):
            optimizer.zero_grad()
            factor = float("inf") if number == 4 else 1.0
            scaler.scale(F.cross_entropy(model(x), y) * factor).backward()
            scaler.step(optimizer)
            scaler.update()
    assert run.steps == 7
    assert run.state().skipped == (5,)


class Token:
    """An object referenced by a graph node only."""


class Marked(torch.autograd.Function):
    """Returns its input; its node references a `Token`."""

    @staticmethod
    def forward(ctx, x, tokens):
        ctx.token = Token()
        tokens.append(weakref.ref(ctx.token))
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.clone(), None


@pytest.mark.filterwarnings("ignore:Using backward")
@pytest.mark.parametrize("parts", [1, 2])
def test_reading_gradients_that_have_a_graph_does_not_retain_the_graph(parts):
    """After `backward(create_graph=True)`, all is recorded and the graph is freed."""
    torch.manual_seed(0)
    model, (x, y), tokens, seen = Net(), batch(), [], {}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False, budget=1.0)
    for step in range(1, 9):
        for rows in torch.arange(len(x)).chunk(parts):
            hidden = Marked.apply(F.relu(model.fc1(x[rows])), tokens)
            loss = F.cross_entropy(model.fc2(hidden), y[rows])
            loss.backward(create_graph=True)
        assert model.fc2.weight.grad.requires_grad
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        seen[step] = model.fc2.weight.grad.detach().norm().item()
        optimizer.step()
        optimizer.zero_grad()
        del loss, hidden
        gc.collect()
        assert not any(token() for token in tokens)
        if step == 4:
            assert len(run.series("loss")[0]) == step
    run.close()
    assert run.closed
    assert run.notices == ()
    norms = by_step(run, "grad_norm/fc2.weight")
    assert norms == pytest.approx({step: seen[step] for step in norms}, rel=1e-5)
    kinds = {name.partition("/")[0] for name in run.names()}
    assert kinds >= {"grad_norm", "grad_norm_unclipped", "update_ratio", "grad_cosine"}


def test_a_learning_rate_that_requires_grad_is_recorded():
    """A learning rate that requires grad, as of hypergradient methods."""
    torch.manual_seed(0)
    model, (x, y) = Net(), batch()
    rate = torch.tensor(0.25, requires_grad=True)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer.param_groups[0]["lr"] = rate
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert run.notices == ()
    assert by_step(run, "lr/0") == dict.fromkeys(range(1, 21), 0.25)
