"""Records the calls of recurrent layers and cells in a sampled step, and makes their pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import torch
from torch import nn
from torch.utils.hooks import unserializable_hook

from labkit.capture.readings.activations import recurrent, recurrent_cells
from labkit.capture.readings.activations.pictures import DevicePicture
from labkit.capture.readings.activations.recurrent import LayerCall
from labkit.capture.readings.activations.statistics import FOR_UNITS, first_samples
from labkit.run.activations import MAX_VALUES, PictureKind

_MAX_UNITS = 64
_MIN_UNITS = 16
"""Number of units below which a picture rather ends at an earlier time step."""
_MAX_TIMES = 256
_MAX_LAYERS = 16
"""Maximum number of recurrent layers and cells that are read, to bound memory."""
_MAX_LAYERS_OF_GATES = 4
"""Maximum number of layers of one module whose gates are drawn."""
Hook = torch.utils.hooks.RemovableHandle


class RecurrentCalls:
    """Records the calls of recurrent layers and cells, and the gradients of their outputs."""

    def __init__(self) -> None:
        self._layers: dict[str, LayerCall] = {}
        self._cells: dict[str, _CellCalls] = {}
        self._hooks: list[Hook] = []
        self._drawn: set[str] = set()

    def add(self, module: nn.Module, path: str, inputs: Any, output: Any) -> None:
        """Record one call of a module, if it is a recurrent layer or cell."""
        known = path in self._layers or path in self._cells
        if not inputs or (not known and len(self._layers) + len(self._cells) >= _MAX_LAYERS):
            return  # hooks do not get keyword arguments; or too many layers
        if isinstance(module, nn.RNNBase):
            self._add_layer_call(module, path, inputs, output)
        elif isinstance(module, nn.RNNCellBase):
            calls = self._cells.get(path) or _CellCalls(module, self._hooks)
            calls.add(inputs, output)
            self._cells[path] = calls

    def layers(self, *, with_gradients: bool) -> tuple[str, ...]:
        """Return the paths of the layers that were called.

        Parameters
        ----------
        with_gradients : bool
            Whether to return only layers for which gradients have been recorded.
        """
        return tuple(
            path
            for path, call in self._layers.items()
            if not with_gradients
            or call.output_gradient is not None
            or call.last_gradient is not None
        )

    def layer_pictures(self, path: str) -> list[DevicePicture]:
        """Return the pictures of a layer at the first call; none if its weights have changed."""
        call = self._layers[path]
        if path in self._drawn or not call.has_call_weights:
            return []
        self._drawn.add(path)
        return list(_pictures_of_layer(call))

    def cells(self) -> tuple[str, ...]:
        """Return the paths of the cells that were called."""
        return tuple(self._cells)

    def cell_pictures(self, path: str) -> list[DevicePicture]:
        """Return the pictures of one cell's calls."""
        return list(self._cells[path].pictures())

    def clear(self) -> None:
        """Remove the hooks on tensors, and release every tensor."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._layers, self._cells, self._drawn = {}, {}, set()

    def _add_layer_call(self, module: nn.RNNBase, path: str, inputs: Any, output: Any) -> None:
        found = recurrent.read_call(module, inputs)
        if found is None or path in self._layers:
            return
        call, pick = found
        self._layers[path] = call
        states, last = output
        packed = isinstance(states, nn.utils.rnn.PackedSequence)
        states = states.data if packed else states
        last = last[0] if isinstance(last, (tuple, list)) else last
        count = call.inputs.shape[1]

        def record_output_gradient(gradient: torch.Tensor) -> None:
            with suppress(Exception):  # a fault here must not reach the user's backward
                part = pick(gradient.detach())[..., : module.hidden_size]
                call.output_gradient = part.clone()  # a view would refer to the whole gradient

        def record_last_gradient(gradient: torch.Tensor) -> None:
            with suppress(Exception):
                part = gradient.detach()
                part = part if part.dim() == 3 else part[:, None]  # noqa: PLR2004 - no batch
                call.last_gradient = part[:: 2 if module.bidirectional else 1, :count].clone()

        hook_on(states, record_output_gradient, self._hooks)
        if not packed:  # packed sequences end at different times
            hook_on(last, record_last_gradient, self._hooks)


def hook_on(tensor: torch.Tensor, hook: Callable[[torch.Tensor], None], hooks: list[Hook]) -> None:
    """Register a hook on a tensor's gradient, and append its handle to a list."""
    if tensor.requires_grad and not tensor.is_leaf:
        unserializable_hook(hook)  # type: ignore[no-untyped-call] # or torch.save would warn of it
        hooks.append(tensor.register_hook(hook))  # type: ignore[no-untyped-call]


def _pictures_of_layer(call: LayerCall) -> Iterator[DevicePicture]:
    with torch.no_grad():
        done = recurrent.unroll(call)
    kind = recurrent_cells.cell_kind(call.module) or ""
    names = tuple(f"layer {layer}" for layer in range(len(done.states)))
    states = torch.stack([torch.stack([s[0] for s in layer]) for layer in done.states])
    yield _picture_over_time("states", states, names)
    gate_names = recurrent_cells.GATES[kind]
    if gate_names:
        yield _gates_picture(done.gates, gate_names, several=call.module.num_layers > 1)
    norms = recurrent.time_gradients(call)
    if norms is not None:
        yield _gradient_over_time(norms, names)


def _gates_picture(
    gates: list[list[list[torch.Tensor]]], names: tuple[str, ...], *, several: bool
) -> DevicePicture:
    """Return a picture of the gates of each layer, those of one kind side by side.

    Parameters
    ----------
    gates : list of list of list of Tensor, each of shape (n_sequences, n_hidden)
        Indexed by layer, time step and gate.
    names : tuple of str
        The name of each gate.
    several : bool
        Whether the module has several layers, which are then named.
    """
    shown = gates[:_MAX_LAYERS_OF_GATES]
    panels = [
        torch.stack([moment[gate][0] for moment in layer])
        for gate in range(len(names))
        for layer in shown
    ]
    if several:
        names = tuple(f"layer {layer}: {name}" for name in names for layer in range(len(shown)))
    return _picture_over_time("gates", torch.stack(panels), names)


class _CellCalls:
    """The calls of one cell in one step."""

    def __init__(self, cell: nn.RNNCellBase, hooks: list[Hook]) -> None:
        self._cell = cell
        self._hooks = hooks
        self._states: list[torch.Tensor] = []
        self._gates: list[list[torch.Tensor]] = []
        self._norms: dict[int, torch.Tensor] = {}

    def add(self, inputs: Any, output: Any) -> None:
        if len(self._states) >= _MAX_TIMES:
            return
        number = len(self._states)
        state = output[0] if isinstance(output, (tuple, list)) else output
        gates = self._gates_of(inputs, state)
        self._states.append(_first_row(state.detach()).clone())
        self._gates.append(gates)

        def record_gradient(gradient: torch.Tensor) -> None:
            with suppress(Exception):  # a fault here must not reach the user's backward
                part = first_samples(gradient.detach(), FOR_UNITS)
                scale = (gradient.numel() / max(1, part.numel())) ** 0.5
                self._norms[number] = torch.linalg.vector_norm(part.float()) * scale

        hook_on(state, record_gradient, self._hooks)

    def _gates_of(self, inputs: Any, state: torch.Tensor) -> list[torch.Tensor]:
        """Compute the first sample's gates from the cell's inputs, each of shape (n_hidden,)."""
        kind = recurrent_cells.cell_kind(self._cell) or ""
        if not recurrent_cells.GATES[kind]:
            return []
        weights = recurrent_cells.cell_weights(self._cell)
        given = inputs[0].detach()
        given = _first_row(given)[None].to(weights[0].dtype)
        zero = given.new_zeros(1, self._cell.hidden_size)
        before = inputs[1] if len(inputs) > 1 and inputs[1] is not None else (zero, zero)
        parts = before if isinstance(before, (tuple, list)) else (before, before)
        rows = [_first_row(part.detach())[None].to(zero.dtype) for part in parts]
        _, cell, gates = recurrent_cells.cell_step(self._cell)(given, rows[0], rows[-1], weights)
        with_cell = [*gates, cell] if kind == "LSTM" else gates
        return [gate[0] for gate in with_cell]

    def pictures(self) -> Iterator[DevicePicture]:
        if not self._states:
            return
        yield _picture_over_time("states", torch.stack(self._states)[None], ("",))
        names = recurrent_cells.GATES[recurrent_cells.cell_kind(self._cell) or ""]
        if names:
            gates = [torch.stack([m[gate] for m in self._gates]) for gate in range(len(names))]
            yield _picture_over_time("gates", torch.stack(gates), names)
        if self._norms:
            zero = torch.zeros((), device=self._states[0].device)
            norms = [self._norms.get(number, zero) for number in range(len(self._states))]
            yield _gradient_over_time(torch.stack(norms)[None], ("",))


def _first_row(tensor: torch.Tensor) -> torch.Tensor:
    return tensor[0] if tensor.dim() > 1 else tensor


def _picture_over_time(
    kind: PictureKind, values: torch.Tensor, names: tuple[str, ...]
) -> DevicePicture:
    """Return a picture of values, shape (n_panels, n_times, n_units); columns are time steps."""
    room = MAX_VALUES // values.shape[0]
    least = min(_MIN_UNITS, values.shape[2])
    times = max(1, min(values.shape[1], room // least))
    units = max(least, min(_MAX_UNITS, values.shape[2], room // times))
    shown = values[:, :times, :units].transpose(1, 2)
    return DevicePicture(kind, shown, names, "unit", "time step", None, tuple(values.shape))


def _gradient_over_time(norms: torch.Tensor, names: tuple[str, ...]) -> DevicePicture:
    """Return a picture of gradient norms, shape (n_layers, n_times)."""
    return DevicePicture(
        "time_gradient", norms[:, None], names, "", "time step", None, tuple(norms.shape)
    )
