"""The claims that the chapters correct, run as they are made."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import grad, vmap


def test_rounded_values_of_a_line_are_no_labels_for_the_binary_cross_entropy():
    """Chapter 04: labels `round(2x + 1 + noise)` will do for `BCELoss`."""
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(100, 1, generator=generator)
    labels = (2 * x + 1 + 0.1 * torch.randn(100, 1, generator=generator)).round()
    assert labels.unique().tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(RuntimeError, match="target should be between 0 and 1"):
        nn.BCELoss()(torch.sigmoid(x), labels)
    confident = nn.BCEWithLogitsLoss()(torch.full_like(x, 100.0), labels)
    more_confident = nn.BCEWithLogitsLoss()(torch.full_like(x, 200.0), labels)
    assert more_confident < confident < 0  # no check, and no lowest loss


def surprise(parameters, x):
    """The negative log-likelihood of a normal model with (mu, log_sigma), without a constant."""
    mu, log_sigma = parameters
    return 0.5 * ((x - mu) / log_sigma.exp()) ** 2 + log_sigma


def test_the_gradient_of_autograd_is_not_the_natural_gradient():
    """It depends on the unit; divided by the Fisher information it does not."""
    generator = torch.Generator().manual_seed(0)
    metres = (1.7 + 0.1 * torch.randn(1000, generator=generator)).double()
    plain, natural = [], []
    for unit in (1.0, 100.0):
        parameters = torch.tensor([1.5 * unit, 0.1 * unit]).double()
        parameters[1] = parameters[1].log()
        leaf = parameters.clone().requires_grad_()
        vmap(surprise, in_dims=(None, 0))(leaf, metres * unit).mean().backward()
        noise = torch.randn(20_000, generator=torch.Generator().manual_seed(1)).double()
        invented = parameters[0] + parameters[1].exp() * noise
        scores = vmap(grad(surprise), in_dims=(None, 0))(parameters, invented)
        fisher = scores.T @ scores / len(scores)
        plain.append((leaf.grad[0] / unit).item())
        natural.append((torch.linalg.solve(fisher, leaf.grad)[0] / unit).item())
    assert abs(plain[0] / plain[1] - 10_000) < 1
    assert abs(natural[0] / natural[1] - 1) < 1e-6


def net():
    """Return the network 784-128-10 of chapter 06."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def test_places_of_the_largest_input_are_no_labels_for_ten_classes():
    """Chapter 06: `cross_entropy(y, max(x, 1)[1])` has labels for 784 inputs and 10 classes."""
    x = torch.rand(32, 784, generator=torch.Generator().manual_seed(0))
    labels = torch.max(x, 1)[1]
    assert labels.max() > 9
    with pytest.raises(IndexError, match="out of bounds"):
        F.cross_entropy(net()(x), labels)


def test_a_call_makes_no_modules():
    """Chapter 06: calling a Module makes a new Module for each output of a layer."""
    model = net()
    before = list(model.modules())
    outputs = [model(torch.rand(2, 784)) for _ in range(2)]
    assert list(model.modules()) == before
    assert not any(isinstance(output, nn.Module) for output in outputs)
    assert outputs[0].grad_fn is not outputs[1].grad_fn


def test_module_and_nn_module_are_one_class():
    """Chapter 06: `Module` and `nn.Module` differ."""
    assert torch.nn.Module is nn.Module is nn.modules.module.Module
    assert isinstance(nn.Linear(1, 1), nn.Module)


def test_a_second_softmax_keeps_the_loss_of_a_perfect_network_high():
    """Chapter 06: a softmax before `cross_entropy` does no harm."""
    labels = torch.arange(10)
    logits = 100.0 * F.one_hot(labels).float()
    assert F.cross_entropy(logits, labels) < 1e-6
    assert F.cross_entropy(logits.softmax(dim=1), labels).item() == pytest.approx(1.4612, abs=1e-3)


def test_layers_in_a_list_are_not_registered():
    """Chapter 06: layers in a list are trained, because `forward` uses them."""

    class Listed(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.hidden = kind([nn.Linear(784, 128), nn.Linear(128, 64)])
            self.out = nn.Linear(64, 10)

    found = [sum(p.numel() for p in Listed(kind).parameters()) for kind in (list, nn.ModuleList)]
    assert found == [650, 109_386]
