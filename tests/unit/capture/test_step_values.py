"""Norms, histograms and rates of a step, and reading them while the loop runs."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch, train


def test_gradient_norms_are_those_at_the_optimizer_step():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = {}
    with lk.watch(model, show=False, budget=1.0) as run:
        for step in range(1, 11):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            seen[step] = model.fc1.weight.grad.norm().item()
            optimizer.step()
    steps, values = run.series("grad_norm/fc1.weight")
    assert len(steps) >= 1
    np.testing.assert_allclose(values, [seen[step] for step in steps], rtol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_norms_are_complete_and_correct_whenever_the_run_is_read(dtype):
    model, (x, y) = Net().to(dtype), batch()
    x = x.to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    seen, readings = {}, [0]
    with lk.watch(model, show=False) as run:
        for step in range(1, 301):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            seen[step] = model.fc1.weight.grad.norm().item()
            optimizer.step()
            if step % 100 == 0:
                steps, values = run.series("grad_norm/fc1.weight")
                assert len(steps) > readings[-1]
                np.testing.assert_allclose(values, [seen[step] for step in steps], rtol=1e-5)
                readings.append(len(steps))
    steps, values = run.series("grad_norm/fc1.weight")
    assert len(steps) >= readings[-1] >= 30
    np.testing.assert_allclose(values, [seen[step] for step in steps], rtol=1e-5)


def test_weight_norm_and_update_ratio_match_the_step():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        before = model.fc2.weight.detach().clone()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    after = model.fc2.weight.detach()
    steps, norms = run.series("weight_norm/fc2.weight")
    assert steps.tolist() == [1]
    assert norms[0] == pytest.approx(after.norm().item(), rel=1e-5)
    ratio = ((after - before).norm() / after.norm()).item()
    assert run.series("update_ratio/fc2.weight")[1][0] == pytest.approx(ratio, rel=1e-4)


def test_histograms_count_every_nonzero_gradient_element_once():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=3)
    histogram = run.histograms.read("grad/fc2.weight")
    assert histogram.counts[0].sum() == (model.fc2.weight.grad != 0).sum().item()
    assert len(histogram.edges) == histogram.counts.shape[1] + 1


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_all_losses_of_an_accelerator_are_recorded_at_the_end():
    model = Net().cuda()
    x, y = (tensor.cuda() for tensor in batch())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(50):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses.append(loss.detach())
    np.testing.assert_allclose(run.series("loss")[1], torch.stack(losses).cpu(), rtol=1e-5)
    assert run.device.startswith("cuda:0 (")


def test_all_completed_steps_can_be_read_between_steps():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for step in range(1, 101):
            optimizer.param_groups[0]["lr"] = 1.0 / step
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            assert run.steps == step
            run.log(step_number=step)
            steps, values = run.series("loss")
            assert steps[-1] == step
            assert values[-1] == pytest.approx(loss.item(), rel=1e-6)
    assert run.series("lr/0")[1].tolist() == pytest.approx([1.0 / n for n in range(1, 101)])
    logged_at, numbers = run.series("step_number")
    assert logged_at.tolist() == numbers.tolist()


def test_gradient_norms_are_sampled_when_the_run_is_read_at_every_step():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1e-9) as run:
        for _ in range(2000):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            run.log(twice=2 * loss.item())
            assert run.series("loss")[0][-1] == run.steps
    gaps = np.diff([*run.series("grad_norm/fc1.weight")[0], run.steps])
    assert gaps.max() <= 128
