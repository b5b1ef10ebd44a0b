"""States and gates of recurrent layers over time, and gradient norms of each time step.

`nn.RNN`, `nn.LSTM` and `nn.GRU` compute all time steps at once and return neither gates nor cell
states. Both follow from the layer's own input and weights of this very pass, so they are computed
again for its first sequences, by the formulas that PyTorch documents for each module. The gradient
with respect to a state has two parts: one from what uses the output, which a hook on the output
reads, and one through the later time steps, which follows from the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat

_MAX_TIMES = 256
_MAX_SEQUENCES = 8
_MAX_NUMBERS = 2**19
"""States of all layers, or inputs, that are computed again at most: about 30 MB with all gates."""
GATES = {
    "LSTM": ("input gate", "forget gate", "candidate", "output gate", "cell state"),
    "GRU": ("reset gate", "update gate", "candidate"),
    "RNN": (),
}

Weights = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None]
"""Weights of the input and of the state, with their biases."""
Cell = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor, Weights],
    tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]],
]
"""A time step's formula.

Its arguments are input (B, I), state (B, H), cell state (B, H) and weights; it returns state, cell
state and gates.
"""


def cell_kind(module: nn.Module) -> str | None:
    """Return ``"RNN"``, ``"LSTM"`` or ``"GRU"`` for such a layer or cell, None for others."""
    if isinstance(module, (nn.LSTM, nn.LSTMCell)):
        return "LSTM"
    if isinstance(module, (nn.GRU, nn.GRUCell)):
        return "GRU"
    return "RNN" if isinstance(module, (nn.RNN, nn.RNNCell)) else None


def cell_step(module: nn.Module) -> Cell:
    """Return the formula of one time step."""
    kind = cell_kind(module)
    if kind == "LSTM":
        return _lstm
    if kind == "GRU":
        return _gru
    return _relu if getattr(module, "nonlinearity", "tanh") == "relu" else _tanh


def cell_weights(cell: nn.RNNCellBase) -> Weights:
    """Return a cell's weights."""
    biases = cell.bias_ih, cell.bias_hh
    first, second = (None if bias is None else bias.detach() for bias in biases)
    return (cell.weight_ih.detach(), cell.weight_hh.detach(), first, second)


@dataclass(eq=False)
class Pass:
    """One call of a recurrent layer, the first sequences of it.

    Attributes
    ----------
    module : RNNBase
    inputs : Tensor, shape (n_times, n_sequences, n_inputs)
    state, cell : Tensor, shape (n_layers, n_sequences, n_hidden)
        The initial ones, in the forward direction.
    output_gradient : Tensor or None, shape (n_times, n_sequences, n_hidden)
        Set in the backward pass; the part that comes from what uses the output.
    last_gradient : Tensor or None, shape (n_layers, n_sequences, n_hidden)
        The same for the last states that the layer returns.
    whole : bool
        Whether all time steps were read; else gradients through later ones are unknown.
    versions : tuple of int
        How often each weight had been changed in place before the call.
    """

    module: nn.RNNBase
    inputs: torch.Tensor
    state: torch.Tensor
    cell: torch.Tensor
    output_gradient: torch.Tensor | None = None
    last_gradient: torch.Tensor | None = None
    whole: bool = True
    versions: tuple[int, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the layer's weights are still those of the call."""
        return self.versions == weight_versions(self.module)


@dataclass(frozen=True, eq=False)
class Unrolled:
    """A recurrent layer over time, one list entry a layer.

    Attributes
    ----------
    states : list of list of Tensor, each of shape (n_sequences, n_hidden)
    gates : list of list of list of Tensor
        By layer, time step and gate, as `GATES` names them.
    """

    states: list[list[torch.Tensor]] = field(default_factory=list)
    gates: list[list[list[torch.Tensor]]] = field(default_factory=list)


def weight_versions(module: nn.Module) -> tuple[int, ...]:
    """Return how often each weight of a module was changed in place."""
    return tuple(torch_compat.tensor_version(p) for p in module.parameters(recurse=False))


def take(
    module: nn.RNNBase, inputs: tuple[Any, ...]
) -> tuple[Pass, Callable[[torch.Tensor], torch.Tensor]] | None:
    """Return one call's first sequences, and a function that picks the same out of its output.

    Of a bidirectional layer the forward direction is read. None for layers with projections, and
    for packed sequences with given states.
    """
    if module.proj_size:
        return None
    given = inputs[0]
    packed = isinstance(given, nn.utils.rnn.PackedSequence)
    count = len(given.batch_sizes) if packed else _count_times(module, given)
    most_times, most_sequences = _bounds(module, count)
    if packed:
        counts = given.batch_sizes
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)[:-1]])[:most_times]
        starts = starts.to(given.data.device)

        def longest(data: torch.Tensor) -> torch.Tensor:
            return data[starts][:, None]

        pick: Callable[[torch.Tensor], torch.Tensor] = longest
        times = pick(given.data)
    else:
        pick = _first_sequences(module, given.dim(), most_times, most_sequences)
        times = pick(given)
    sequences = times.shape[1]
    zeros = times.new_zeros(module.num_layers, sequences, module.hidden_size)
    state, cell = zeros, zeros
    if len(inputs) > 1 and inputs[1] is not None:
        if packed:
            return None  # the order of the states is another one
        given_states = inputs[1] if isinstance(inputs[1], (tuple, list)) else (inputs[1],)
        parts = [s if s.dim() == 3 else s[:, None] for s in given_states]  # noqa: PLR2004
        directions = 2 if module.bidirectional else 1
        state = parts[0][::directions, :sequences].detach()
        cell = parts[-1][::directions, :sequences].detach()
    kind = next(module.parameters()).dtype  # under autocast the inputs may be of another one
    taken = Pass(
        module,
        times.detach().to(kind).clone(),
        state.to(kind).clone(),
        cell.to(kind).clone(),
        whole=count <= most_times,
        versions=weight_versions(module),
    )
    return taken, pick


def _count_times(module: nn.RNNBase, given: torch.Tensor) -> int:
    return given.shape[1 if module.batch_first and given.dim() == 3 else 0]  # noqa: PLR2004


def _bounds(module: nn.RNNBase, count: int) -> tuple[int, int]:
    """Return how many time steps and sequences are computed again, so that memory is bounded."""
    width = max(module.input_size, module.num_layers * module.hidden_size)
    times = max(1, min(_MAX_TIMES, count, _MAX_NUMBERS // width))
    return times, max(1, min(_MAX_SEQUENCES, _MAX_NUMBERS // (times * width)))


def _first_sequences(
    module: nn.RNNBase, dimensions: int, most_times: int, most_sequences: int
) -> Callable[[torch.Tensor], torch.Tensor]:
    def pick(tensor: torch.Tensor) -> torch.Tensor:
        if dimensions == 2:  # noqa: PLR2004 - one sequence without a batch
            return tensor[:most_times, None]
        if module.batch_first:
            tensor = tensor[:most_sequences, :most_times].transpose(0, 1)
        return tensor[:most_times, :most_sequences]

    return pick


def unroll(taken: Pass) -> Unrolled:
    """Compute states and gates of each layer again; with autograd, if that is enabled.

    Dropout masks and the states of the backward direction are unknown, so with either of them only
    the first layer is computed.
    """
    module, done = taken.module, Unrolled()
    step = cell_step(module)
    layers = 1 if _hides_layers(module) else module.num_layers
    inputs = list(taken.inputs)
    for layer in range(layers):
        weights = _layer_weights(module, layer)
        state, cell = taken.state[layer], taken.cell[layer]
        states, gates = [], []
        for each in inputs:
            state, cell, opened = step(each, state, cell, weights)
            states.append(state)
            gates.append([*opened, cell] if step is _lstm else opened)
        done.states.append(states)
        done.gates.append(gates)
        inputs = states
    return done


def time_gradients(taken: Pass) -> torch.Tensor | None:
    """Return the norm of the loss's gradient with respect to each time step's state.

    Returns
    -------
    Tensor or None, shape (n_layers, n_times), dtype float32
        Over the first sequences; None where no gradient was recorded, dropout between layers is
        unknown, or the sequences are too long.
    """
    module = taken.module
    if not taken.whole or (taken.output_gradient is None and taken.last_gradient is None):
        return None
    if _hides_layers(module) and module.num_layers > 1:
        return None
    taken.inputs.requires_grad_()  # so that states have a history though weights are detached
    with torch.enable_grad():
        done = unroll(taken)
    last = done.states[-1]
    roots, gradients = [], []
    if taken.output_gradient is not None:
        roots.append(torch.stack(last))
        gradients.append(taken.output_gradient.to(roots[0].dtype))
    if taken.last_gradient is not None:
        roots.append(torch.stack([states[-1] for states in done.states]))
        gradients.append(taken.last_gradient.to(roots[-1].dtype))
    every = [state for states in done.states for state in states]
    found = torch.autograd.grad(roots, every, gradients, allow_unused=True)
    norms = [
        torch.linalg.vector_norm(g) if g is not None else taken.state.new_zeros(()) for g in found
    ]
    return torch.stack(norms).float().reshape(len(done.states), -1)


def _hides_layers(module: nn.RNNBase) -> bool:
    """Return whether the input of the second layer is not just the states of the first one."""
    return module.bidirectional or bool(module.dropout and module.training)


def _layer_weights(module: nn.RNNBase, layer: int) -> Weights:
    def weight(name: str) -> torch.Tensor:
        return getattr(module, f"{name}_l{layer}").detach()  # type: ignore[no-any-return]

    biases = (weight("bias_ih"), weight("bias_hh")) if module.bias else (None, None)
    return (weight("weight_ih"), weight("weight_hh"), *biases)


def _sums(x: torch.Tensor, h: torch.Tensor, w: Weights) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the sums over the input and over the state, (B, n_gates * H) each."""
    return nn.functional.linear(x, w[0], w[2]), nn.functional.linear(h, w[1], w[3])


def _tanh(
    x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, w: Weights
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    from_input, from_state = _sums(x, h, w)
    return torch.tanh(from_input + from_state), c, []


def _relu(
    x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, w: Weights
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    from_input, from_state = _sums(x, h, w)
    return torch.relu(from_input + from_state), c, []


def _lstm(
    x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, w: Weights
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Equations of `torch.nn.LSTM`: gates in the order input, forget, candidate, output."""
    from_input, from_state = _sums(x, h, w)
    i, f, g, o = (from_input + from_state).chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    cell = f * c + i * g
    return o * torch.tanh(cell), cell, [i, f, g, o]


def _gru(
    x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, w: Weights
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Equations of `torch.nn.GRU`: gates in the order reset, update, candidate."""
    from_input, from_state = _sums(x, h, w)
    (ri, zi, ni), (rh, zh, nh) = from_input.chunk(3, dim=-1), from_state.chunk(3, dim=-1)
    r, z = torch.sigmoid(ri + rh), torch.sigmoid(zi + zh)
    n = torch.tanh(ni + r * nh)
    return (1 - z) * n + z * h, c, [r, z, n]
