"""The claims that the chapters show for what they are, with real torch."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn


def net():
    """Return the network 784-128-10 of chapter 06."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def test_06_places_of_the_largest_input_are_no_labels_for_ten_classes():
    x = torch.rand(32, 784, generator=torch.Generator().manual_seed(0))
    labels = torch.max(x, 1)[1]
    assert labels.max() > 9
    with pytest.raises(IndexError, match="out of bounds"):
        F.cross_entropy(net()(x), labels)


def test_06_a_call_makes_no_modules():
    model = net()
    before = list(model.modules())
    outputs = [model(torch.rand(2, 784)) for _ in range(2)]
    assert list(model.modules()) == before
    assert not any(isinstance(output, nn.Module) for output in outputs)
    assert outputs[0].grad_fn is not outputs[1].grad_fn


def test_06_module_and_nn_module_are_one_class():
    assert torch.nn.Module is nn.Module is nn.modules.module.Module
    assert isinstance(nn.Linear(1, 1), nn.Module)


def test_06_a_second_softmax_keeps_the_loss_of_a_perfect_network_high():
    labels = torch.arange(10)
    logits = 100.0 * F.one_hot(labels).float()
    assert F.cross_entropy(logits, labels) < 1e-6
    assert F.cross_entropy(logits.softmax(dim=1), labels).item() == pytest.approx(1.4612, abs=1e-3)


def test_06_layers_in_a_list_are_not_registered():
    class Listed(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.hidden = kind([nn.Linear(784, 128), nn.Linear(128, 64)])
            self.out = nn.Linear(64, 10)

    found = [sum(p.numel() for p in Listed(kind).parameters()) for kind in (list, nn.ModuleList)]
    assert found == [650, 109_386]
