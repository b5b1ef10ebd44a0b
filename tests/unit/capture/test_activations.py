"""Statistics of activations, feature maps, and states of recurrent layers."""

import pickle

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import labkit as lk
from labkit.capture.readings.activations.recurrent import read_call, time_gradients, unroll


def one_step(model, loss_of, **options):
    """Watch one step of a loop and return the run."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, **options) as run:
        optimizer.zero_grad()
        loss_of().backward()
        optimizer.step()
    assert run.notices == ()
    return run


def value(run, name):
    """Return the only recorded value of a series."""
    (found,) = run.series(name)[1]
    return float(found)


class Pictures(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.relu = nn.ReLU()
        self.head = nn.Linear(4 * 6 * 6, 3)

    def forward(self, x):
        return self.head(self.relu(self.conv(x)).flatten(1))


def test_mean_standard_deviation_and_dead_fraction_match_the_module_output():
    torch.manual_seed(0)
    model, x = Pictures(), torch.randn(5, 1, 8, 8)
    nn.init.constant_(model.conv.bias[1:2].data, -100.0)
    before = model.conv(x).detach()
    run = one_step(model, lambda: F.cross_entropy(model(x), torch.arange(5) % 3))
    assert value(run, "act_mean/conv") == pytest.approx(before.mean().item(), rel=1e-5)
    assert value(run, "act_std/conv") == pytest.approx(before.std(correction=0).item(), rel=1e-4)
    assert value(run, "act_dead/relu") == 0.25
    assert run.series("act_dead/head")[0].tolist() == []  # a linear layer has no dead units


def test_saturation_is_measured_for_modules_and_for_functional_activations():
    class Bent(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(4, 4)
            self.tanh = nn.Tanh()
            self.outer = nn.Linear(4, 2)

        def forward(self, x):
            return self.outer(torch.sigmoid(self.inner(self.tanh(x))))

    model = Bent()
    nn.init.constant_(model.inner.weight, 50.0)
    x = torch.full((3, 4), 9.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with lk.watch(model, show=False) as run:
        for _ in range(4):
            optimizer.zero_grad()
            model(x).sum().backward()
            optimizer.step()
    assert run.series("act_saturated/tanh")[1][-1] == 1.0
    assert run.series("act_saturated/inner")[1][-1] == 1.0


def test_activation_gradient_norms_match_autograd():
    torch.manual_seed(0)
    model, x, y = Pictures(), torch.randn(5, 1, 8, 8), torch.arange(5) % 3
    hidden = model.relu(model.conv(x))
    expected = torch.autograd.grad(F.cross_entropy(model.head(hidden.flatten(1)), y), hidden)[0]
    run = one_step(model, lambda: F.cross_entropy(model(x), y))
    assert value(run, "act_grad/relu") == pytest.approx(expected.norm().item(), rel=1e-5)


def test_feature_maps_and_kernels_match_the_first_image():
    torch.manual_seed(0)
    model, x = Pictures(), torch.randn(5, 1, 8, 8)
    maps, kernels = model.conv(x)[0].detach(), model.conv.weight.detach()[:, 0].clone()
    run = one_step(model, lambda: F.cross_entropy(model(x), torch.arange(5) % 3))
    np.testing.assert_allclose(run.activations.at("conv", "maps").values, maps, rtol=1e-5)
    np.testing.assert_allclose(run.activations.at("conv", "kernels").values, kernels)


def test_large_feature_maps_are_downsampled():
    model = nn.Sequential(nn.Conv2d(3, 80, 3), nn.Flatten(), nn.Linear(80 * 98 * 98, 2))
    x = torch.randn(2, 3, 100, 100)
    run = one_step(model, lambda: model(x).sum())
    picture = run.activations.at("0", "maps")
    assert picture.values.nbytes <= 64_000
    assert picture.whole == (2, 80, 98, 98)


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
@pytest.mark.parametrize("options", [{}, {"num_layers": 2}, {"bias": False, "batch_first": True}])
def test_recomputed_states_match_the_recurrent_layer(kind, options):
    torch.manual_seed(0)
    layer = kind(3, 5, **options)
    x = torch.randn(4, 4, 3)
    output, _ = layer(x)
    taken, pick = read_call(layer, (x,))
    with torch.no_grad():
        done = unroll(taken)
    torch.testing.assert_close(torch.stack(done.states[-1]), pick(output))


def test_a_bidirectional_layer_shows_forward_states_and_their_gradients():
    class Both(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.GRU(3, 5, batch_first=True, bidirectional=True)
            self.head = nn.Linear(10, 1)

        def forward(self, x):
            return self.head(self.layer(x)[0]).mean(1)

    torch.manual_seed(0)
    model, x = Both(), torch.randn(4, 6, 3)
    states = model.layer(x)[0][0, :, :5].detach()
    cell = nn.GRUCell(3, 5)
    weights = {k.removesuffix("_l0"): v for k, v in model.layer.state_dict().items()}
    cell.load_state_dict({k: v for k, v in weights.items() if not k.endswith("_reverse")})
    own, state = [], None
    for moment in x.unbind(1):
        state = cell(moment, state)
        own.append(state)
    backward = model.layer(x)[0][..., 5:].detach()
    loss = model.head(torch.cat([torch.stack(own, 1), backward], -1)).mean(1).pow(2).mean()
    expected = [g.norm().item() for g in torch.autograd.grad(loss, own)]
    run = one_step(model, lambda: model(x).pow(2).mean())
    shown = run.activations.at("layer", "states").values[0]
    np.testing.assert_allclose(shown.T, states, rtol=1e-4, atol=1e-6)
    found = run.activations.at("layer", "time_gradient").values[0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-4)


def test_recomputation_starts_from_the_given_initial_state():
    torch.manual_seed(0)
    layer, x = nn.LSTM(3, 5), torch.randn(4, 2, 3)
    start = (torch.randn(1, 2, 5), torch.randn(1, 2, 5))
    output, _ = layer(x, start)
    taken, pick = read_call(layer, (x, start))
    with torch.no_grad():
        done = unroll(taken)
    torch.testing.assert_close(torch.stack(done.states[0]), pick(output))


def test_the_longest_packed_sequence_is_recomputed():
    torch.manual_seed(0)
    layer, x = nn.GRU(3, 5, batch_first=True), torch.randn(3, 6, 3)
    packed = pack_padded_sequence(x, [4, 6, 2], batch_first=True, enforce_sorted=False)
    output, _ = layer(packed)
    taken, pick = read_call(layer, (packed,))
    with torch.no_grad():
        done = unroll(taken)
    torch.testing.assert_close(torch.stack(done.states[0]), pick(output.data))


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_gradients_through_time_match_an_explicit_loop_of_cells(kind):
    torch.manual_seed(0)
    layer = kind(3, 5)
    cell = {nn.RNN: nn.RNNCell, nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell}[kind](3, 5)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in layer.state_dict().items()})
    x = torch.randn(6, 2, 3)
    states, state = [], None
    for moment in x:
        state = cell(moment, state)
        states.append(state[0] if isinstance(state, tuple) else state)
    loss = states[-1].pow(2).sum() + states[2].sum()
    expected = [g.norm() for g in torch.autograd.grad(loss, states)]
    output, _ = layer(x)
    taken, pick = read_call(layer, (x,))
    (gradient,) = torch.autograd.grad(output[-1].pow(2).sum() + output[2].sum(), output)
    taken.output_gradient = pick(gradient)
    torch.testing.assert_close(time_gradients(taken)[0], torch.stack(expected))


def test_a_loop_of_cells_has_states_and_gradients_for_each_time_step():
    class Cells(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.LSTMCell(2, 4)
            self.head = nn.Linear(4, 1)

        def forward(self, x):
            state = None
            for moment in x:
                state = self.cell(moment, state)
            return self.head(state[0])

    torch.manual_seed(0)
    model, x = Cells(), torch.randn(7, 3, 2)
    states, state = [], None
    for moment in x:
        state = model.cell(moment, state)
        states.append(state[0])
    gradients = torch.autograd.grad(model.head(states[-1]).pow(2).mean(), states)
    gradients = [gradient.norm().item() for gradient in gradients]
    run = one_step(model, lambda: model(x).pow(2).mean())
    shown = run.activations.at("cell", "states").values[0]
    np.testing.assert_allclose(shown[:, -1], states[-1][0].detach(), rtol=1e-5)
    assert run.activations.at("cell", "gates").panels[1] == "forget gate"
    found = run.activations.at("cell", "time_gradient").values[0, 0]
    np.testing.assert_allclose(found, gradients, rtol=1e-4)


def test_attention_weights_are_recorded_when_the_module_returns_them():
    attention = nn.MultiheadAttention(8, 2, batch_first=True)
    x = torch.randn(2, 5, 8)
    weights = attention(x, x, x)[1][0].detach()
    run = one_step(attention, lambda: attention(x, x, x)[0].sum() * 1.0)
    np.testing.assert_allclose(run.activations.at("", "attention").values[0], weights, rtol=1e-5)


@pytest.mark.parametrize(("cell", "gates"), [(nn.LSTM, 5), (nn.GRU, 3)])
def test_the_gates_of_all_layers_are_recorded_side_by_side(cell, gates):
    torch.manual_seed(0)
    model, x = cell(3, 48, num_layers=2, batch_first=True), torch.randn(2, 20, 3)
    run = one_step(model, lambda: model(x)[0].pow(2).mean())
    picture = run.activations.at("", "gates")
    assert picture.values.shape[0] == len(picture.panels) == 2 * gates
    assert picture.values.shape[2] == 20
    assert [name.split(": ")[0] for name in picture.panels[:2]] == ["layer 0", "layer 1"]
    assert len({name.split(": ")[1] for name in picture.panels}) == gates


def test_sampling_activations_leaves_no_hooks():
    model, x = Pictures(), torch.randn(5, 1, 8, 8)
    outputs = []
    model.conv.register_forward_hook(lambda module, inputs, output: outputs.append(output))
    run = one_step(model, lambda: F.cross_entropy(model(x), torch.arange(5) % 3))
    assert run.activations.total > 0
    assert "forward" in type(model).__dict__
    assert type(model).forward.__qualname__ == "Pictures.forward"
    assert not hasattr(type(model).forward, "__wrapped__")
    assert len(model.conv._forward_hooks) == 1


def test_feature_maps_of_a_chosen_input_do_not_change_training():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.Flatten(), nn.Linear(108, 2)
    )
    twin = pickle.loads(pickle.dumps(model))
    chosen, x = torch.randn(1, 1, 8, 8), torch.randn(6, 1, 8, 8)
    maps = model[0](chosen)[0].detach()
    torch.manual_seed(1)
    run = one_step(model, lambda: model(x).pow(2).mean(), activations=chosen)
    np.testing.assert_allclose(run.activations.at("0", "maps").values, maps, rtol=1e-5)
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(twin.parameters(), lr=0.1)
    twin(x).pow(2).mean().backward()
    optimizer.step()
    for ours, theirs in zip(model.state_dict().values(), twin.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs)
    assert all(module.training for module in model.modules())


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ("all", TypeError, "tuple of tensors, not str"),
        (torch.randn(2, 7), ValueError, r"shape \[2, 7\]"),
    ],
)
def test_an_invalid_activation_input_raises_when_the_watch_opens(given, error, says):
    with pytest.raises(error, match=says):
        lk.watch(nn.Linear(3, 1), show=False, activations=given)


def test_activations_can_be_switched_off():
    model = nn.Linear(3, 1)
    run = one_step(model, lambda: model(torch.ones(2, 3)).sum(), activations=False)
    assert not any(name.startswith("act_") for name in run.names())
    assert run.activations.subjects() == ()
