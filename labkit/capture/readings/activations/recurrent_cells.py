"""The formulas of one time step of `nn.RNN`, `nn.LSTM` and `nn.GRU`, as PyTorch documents them."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

GATES = {
    "LSTM": ("input gate", "forget gate", "candidate", "output gate", "cell state"),
    "GRU": ("reset gate", "update gate", "candidate"),
    "RNN": (),
}

Weights = tuple[torch.Tensor, torch.Tensor, torch.Tensor | None, torch.Tensor | None]
"""The weights of input and state, and their biases."""
Cell = Callable[
    [torch.Tensor, torch.Tensor, torch.Tensor, Weights],
    tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]],
]
"""The formula of one time step.

Its arguments are input (B, I), state (B, H), cell state (B, H) and weights. It returns the new
state, the new cell state and the gates.
"""


def cell_kind(module: nn.Module) -> str | None:
    """Return ``"RNN"``, ``"LSTM"`` or ``"GRU"`` for a recurrent layer or cell, None for others."""
    if isinstance(module, (nn.LSTM, nn.LSTMCell)):
        return "LSTM"
    if isinstance(module, (nn.GRU, nn.GRUCell)):
        return "GRU"
    return "RNN" if isinstance(module, (nn.RNN, nn.RNNCell)) else None


def cell_step(module: nn.Module) -> Cell:
    """Return the formula of one time step of a recurrent layer or cell."""
    kind = cell_kind(module)
    if kind == "LSTM":
        return _lstm
    if kind == "GRU":
        return _gru
    return _relu if getattr(module, "nonlinearity", "tanh") == "relu" else _tanh


def cell_weights(cell: nn.RNNCellBase) -> Weights:
    """Return the detached weights of a cell."""
    biases = cell.bias_ih, cell.bias_hh
    first, second = (None if bias is None else bias.detach() for bias in biases)
    return (cell.weight_ih.detach(), cell.weight_hh.detach(), first, second)


def _sums(x: torch.Tensor, h: torch.Tensor, w: Weights) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the linear maps of input and state, each of shape (B, n_gates * H)."""
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
    """Compute the equations of `torch.nn.LSTM`: input, forget, candidate and output gate."""
    from_input, from_state = _sums(x, h, w)
    i, f, g, o = (from_input + from_state).chunk(4, dim=-1)
    i, f, g, o = torch.sigmoid(i), torch.sigmoid(f), torch.tanh(g), torch.sigmoid(o)
    cell = f * c + i * g
    return o * torch.tanh(cell), cell, [i, f, g, o]


def _gru(
    x: torch.Tensor, h: torch.Tensor, c: torch.Tensor, w: Weights
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Compute the equations of `torch.nn.GRU`: reset gate, update gate and candidate."""
    from_input, from_state = _sums(x, h, w)
    (ri, zi, ni), (rh, zh, nh) = from_input.chunk(3, dim=-1), from_state.chunk(3, dim=-1)
    r, z = torch.sigmoid(ri + rh), torch.sigmoid(zi + zh)
    n = torch.tanh(ni + r * nh)
    return (1 - z) * n + z * h, c, [r, z, n]
