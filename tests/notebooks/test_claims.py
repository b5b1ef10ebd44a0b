"""The claims that the chapters correct, run as they are made."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import grad, vmap
from torch.utils.data import DataLoader, Dataset, TensorDataset

from labkit import learn


def test_a_tensor_is_not_an_array_with_gradients():
    """Chapter 01: a tensor is a NumPy array with gradients; an array just lacks them."""
    whole, point = np.ones(2, np.int32), np.ones(2, np.float32)
    assert (whole * point).dtype == np.float64
    assert (torch.from_numpy(whole) * torch.from_numpy(point)).dtype == torch.float32
    assert np.arange(3)[::-1].strides[0] < 0
    with pytest.raises(ValueError, match="step must be greater than zero"):
        torch.arange(3)[::-1]
    assert np.array([1, 2]).mean() == 1.5
    with pytest.raises(RuntimeError, match="dtype"):
        torch.tensor([1, 2]).mean()
    assert np.array([1.0, 2.0]).std() != torch.tensor([1.0, 2.0]).std().item()
    assert torch.ones(1, device="meta").device.type == "meta"


def test_a_function_of_autograd_is_no_module():
    """Chapter 02: `Function` is a Module."""
    assert not issubclass(torch.autograd.Function, nn.Module)
    layer = nn.Linear(1, 1)
    first, second = (layer(torch.ones(1, 1)).grad_fn for _ in range(2))
    assert first is not second
    assert not isinstance(first, nn.Module)


def test_a_gradient_is_not_computed_again_when_something_changes():
    """Chapter 02: the gradient of a node is recomputed when a dependency changes."""
    w = torch.tensor(3.0, requires_grad=True)
    loss = w**2
    loss.backward()
    with torch.no_grad():
        w.fill_(100.0)
    assert (loss.item(), w.grad.item()) == (9.0, 6.0)


def test_a_dynamic_graph_follows_the_data_and_keeps_what_it_needs():
    """Chapter 02: dynamic graphs make training faster. They make it flexible, and cost memory."""

    def boxes(start):
        value, count = torch.tensor(start, requires_grad=True), 0
        while value > 1:
            value, count = value / 2, count + 1
        found, box = 0, value.grad_fn
        while box is not None and box.name() == "DivBackward0":
            found, box = found + 1, box.next_functions[0][0]
        assert found == count
        return found

    assert [boxes(3.0), boxes(50.0), boxes(1000.0)] == [2, 6, 10]
    kept = []
    x = torch.ones(8, 8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda each: kept.append(each) or each, id):
        (x * x).sum()
        assert kept
        kept.clear()
        with torch.no_grad():
            (x * x).sum()
    assert not kept


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


def test_linear_regression_takes_any_number_of_features_and_outputs():
    """Chapter 03: linear regression has one-dimensional input and output."""
    torch.manual_seed(0)
    x, truth = torch.randn(50, 10), torch.randn(11, 3)
    y = torch.cat([x, torch.ones(50, 1)], dim=1) @ truth
    model = nn.Linear(10, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(500):
        optimizer.zero_grad()
        F.mse_loss(model(x), y).backward()
        optimizer.step()
    assert torch.allclose(model.weight, truth[:10].T, atol=1e-2)
    assert torch.allclose(model.bias, truth[10], atol=1e-2)


def test_neither_a_dataset_nor_a_loader_is_a_module():
    """Chapter 05: a DataLoader, or a Dataset, is a Module."""
    dataset = TensorDataset(torch.zeros(3, 2))
    assert isinstance(dataset, Dataset)
    for each in (dataset, DataLoader(dataset)):
        assert not isinstance(each, nn.Module)
        assert not hasattr(each, "parameters")


def test_a_loader_deals_out_the_whole_dataset():
    """Chapter 05: a DataLoader splits the data into training, validation and test sets."""
    loader = DataLoader(TensorDataset(torch.arange(100)), batch_size=10, shuffle=True)
    for _ in range(2):
        assert sorted(index for (batch,) in loader for index in batch.tolist()) == [*range(100)]


def test_a_grid_of_images_does_not_show_a_model():
    """Chapter 08: `make_grid` shows a model."""
    images = learn.digits().x_train[:8]
    layer = nn.Conv2d(1, 4, 3)
    grid, kernels = (learn.tile_picture(each).svg for each in (images, layer.weight))
    F.relu(layer(images)).mean().backward()
    with torch.no_grad():
        layer.weight -= layer.weight.grad
    assert learn.tile_picture(images).svg == grid
    assert learn.tile_picture(layer.weight).svg != kernels
