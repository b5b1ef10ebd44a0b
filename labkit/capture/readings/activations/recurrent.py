"""Recomputes states and gates of recurrent layers over time, and the gradient norm of each step.

`nn.RNN`, `nn.LSTM` and `nn.GRU` compute all time steps at once, and return neither gates nor cell
states. They are recomputed for the first sequences of a call from the layer's inputs and weights,
with the formulas that PyTorch documents. The gradient with respect to a state has two parts: one
from the operations that use the output, which a hook on the output reads, and one through the later
time steps, which is computed from the same formulas.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat
from labkit.capture.readings.activations.recurrent_cells import Weights, cell_kind, cell_step

_MAX_TIMES = 256
_MAX_SEQUENCES = 8
_MAX_NUMBERS = 2**19
"""Maximum number of recomputed states, or of inputs: about 30 MB with all gates."""


@dataclass(eq=False)
class LayerCall:
    """The first sequences of one call of a recurrent layer.

    Attributes
    ----------
    module : RNNBase
    inputs : Tensor, shape (n_times, n_sequences, n_inputs)
    state, cell : Tensor, shape (n_layers, n_sequences, n_hidden)
        The initial states, in the forward direction.
    output_gradient : Tensor or None, shape (n_times, n_sequences, n_hidden)
        Gradient with respect to the layer's output; set in the backward pass.
    last_gradient : Tensor or None, shape (n_layers, n_sequences, n_hidden)
        Gradient with respect to the returned last states; set in the backward pass.
    whole : bool
        Whether all time steps were read; if not, gradients through later ones are unknown.
    versions : tuple of int
        Version of each weight at the call.
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
    def has_call_weights(self) -> bool:
        """Whether the layer's weights have not changed since the call."""
        return self.versions == weight_versions(self.module)


@dataclass(frozen=True, eq=False)
class Unrolled:
    """The states and gates of a recurrent module over time, with one list entry for each layer.

    Attributes
    ----------
    states : list of list of Tensor, each of shape (n_sequences, n_hidden)
    gates : list of list of list of Tensor
        Indexed by layer, time step and gate, in the order of `GATES`.
    """

    states: list[list[torch.Tensor]] = field(default_factory=list)
    gates: list[list[list[torch.Tensor]]] = field(default_factory=list)


def weight_versions(module: nn.Module) -> tuple[int, ...]:
    """Return the version of each weight of a module: the number of in-place changes."""
    return tuple(torch_compat.tensor_version(p) for p in module.parameters(recurse=False))


def read_call(
    module: nn.RNNBase, inputs: tuple[Any, ...]
) -> tuple[LayerCall, Callable[[torch.Tensor], torch.Tensor]] | None:
    """Return the first sequences of a call, and a function that selects them in the output.

    Only the forward direction of a bidirectional layer is read. None for layers with projections,
    and for packed sequences with initial states.
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

        select: Callable[[torch.Tensor], torch.Tensor] = longest
        times = select(given.data)
    else:
        select = _first_sequences(module, given.dim(), most_times, most_sequences)
        times = select(given)
    sequences = times.shape[1]
    zeros = times.new_zeros(module.num_layers, sequences, module.hidden_size)
    state, cell = zeros, zeros
    if len(inputs) > 1 and inputs[1] is not None:
        if packed:
            return None  # the states are in a different order
        given_states = inputs[1] if isinstance(inputs[1], (tuple, list)) else (inputs[1],)
        parts = [s if s.dim() == 3 else s[:, None] for s in given_states]  # noqa: PLR2004
        directions = 2 if module.bidirectional else 1
        state = parts[0][::directions, :sequences].detach()
        cell = parts[-1][::directions, :sequences].detach()
    kind = next(module.parameters()).dtype  # under autocast the inputs may have another dtype
    call = LayerCall(
        module,
        times.detach().to(kind).clone(),
        state.to(kind).clone(),
        cell.to(kind).clone(),
        whole=count <= most_times,
        versions=weight_versions(module),
    )
    return call, select


def _count_times(module: nn.RNNBase, given: torch.Tensor) -> int:
    return given.shape[1 if module.batch_first and given.dim() == 3 else 0]  # noqa: PLR2004


def _bounds(module: nn.RNNBase, count: int) -> tuple[int, int]:
    """Return the numbers of time steps and sequences to recompute, so that memory is bounded."""
    width = max(module.input_size, module.num_layers * module.hidden_size)
    times = max(1, min(_MAX_TIMES, count, _MAX_NUMBERS // width))
    return times, max(1, min(_MAX_SEQUENCES, _MAX_NUMBERS // (times * width)))


def _first_sequences(
    module: nn.RNNBase, dimensions: int, most_times: int, most_sequences: int
) -> Callable[[torch.Tensor], torch.Tensor]:
    def select(tensor: torch.Tensor) -> torch.Tensor:
        if dimensions == 2:  # noqa: PLR2004 - one sequence without a batch
            return tensor[:most_times, None]
        if module.batch_first:
            tensor = tensor[:most_sequences, :most_times].transpose(0, 1)
        return tensor[:most_times, :most_sequences]

    return select


def unroll(call: LayerCall) -> Unrolled:
    """Recompute the states and gates of each layer; with autograd if it is enabled.

    Dropout masks and the states of the backward direction are unknown. With either of them only the
    first layer is recomputed.
    """
    module, done = call.module, Unrolled()
    step = cell_step(module)
    layers = 1 if _has_unknown_layer_input(module) else module.num_layers
    inputs = list(call.inputs)
    for layer in range(layers):
        weights = _layer_weights(module, layer)
        state, cell = call.state[layer], call.cell[layer]
        states, gates = [], []
        for each in inputs:
            state, cell, gate_values = step(each, state, cell, weights)
            states.append(state)
            gates.append([*gate_values, cell] if cell_kind(module) == "LSTM" else gate_values)
        done.states.append(states)
        done.gates.append(gates)
        inputs = states
    return done


def time_gradients(call: LayerCall) -> torch.Tensor | None:
    """Return the norm of the loss's gradient with respect to each time step's state.

    Returns
    -------
    Tensor or None, shape (n_layers, n_times), dtype float32
        Over the first sequences; None if no gradient was recorded, if dropout between layers is
        unknown, or if the sequences are too long.
    """
    module = call.module
    if not call.whole or (call.output_gradient is None and call.last_gradient is None):
        return None
    if _has_unknown_layer_input(module) and module.num_layers > 1:
        return None
    call.inputs.requires_grad_()  # so that states have a history although weights are detached
    with torch.enable_grad():
        done = unroll(call)
    last = done.states[-1]
    roots, gradients = [], []
    if call.output_gradient is not None:
        roots.append(torch.stack(last))
        gradients.append(call.output_gradient.to(roots[0].dtype))
    if call.last_gradient is not None:
        roots.append(torch.stack([states[-1] for states in done.states]))
        gradients.append(call.last_gradient.to(roots[-1].dtype))
    every = [state for states in done.states for state in states]
    found = torch.autograd.grad(roots, every, gradients, allow_unused=True)
    norms = [
        torch.linalg.vector_norm(g) if g is not None else call.state.new_zeros(()) for g in found
    ]
    return torch.stack(norms).float().reshape(len(done.states), -1)


def _has_unknown_layer_input(module: nn.RNNBase) -> bool:
    """Return whether the input of the second layer differs from the states of the first one."""
    return module.bidirectional or bool(module.dropout and module.training)


def _layer_weights(module: nn.RNNBase, layer: int) -> Weights:
    def weight(name: str) -> torch.Tensor:
        return getattr(module, f"{name}_l{layer}").detach()  # type: ignore[no-any-return]

    biases = (weight("bias_ih"), weight("bias_hh")) if module.bias else (None, None)
    return (weight("weight_ih"), weight("weight_hh"), *biases)
