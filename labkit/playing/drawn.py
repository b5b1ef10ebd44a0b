"""What is drawn of a network: its linear layers, with the numbers that each unit gives.

A row of linear layers and activations is computed layer by layer. Of any other module the calls of
its linear layers are seen while it computes the output; how they are connected is in their trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from labkit.playing.networks import evaluation_mode, is_elementwise, modules_in_a_row
from labkit.playing.tracing import Origin, Trace, calls_seen, traced
from labkit.run.error_text import described

MAX_DRAWN = 12
"""Number of units of a layer, and of weights of a unit, that are drawn; of more, the first ones."""
_MAX_LAYERS = 8
INPUTS = 0
"""The column of the inputs; the layers have the columns from 1 on."""


@dataclass(frozen=True)
class Layer:
    """A linear layer as it is drawn.

    Attributes
    ----------
    linear : Linear or None
        None for outputs that are computed in another way.
    units : int
    path : str
        The layer as code, of exported programs or of the model.
    source : int or None
        The column whose units are its inputs; None if that is not known.
    note : str
        What one has to know of it that is not drawn, as sentences.
    """

    linear: nn.Linear | None
    units: int
    path: str
    source: int | None
    note: str = ""

    @property
    def drawn(self) -> tuple[int, int]:
        """Numbers of units and of weights of each that are drawn."""
        inputs = 0 if self.linear is None else self.linear.in_features
        return min(self.units, MAX_DRAWN), min(inputs, MAX_DRAWN)


class Row:
    """Linear layers, each with the activations that follow it."""

    def __init__(self, parts: Sequence[tuple[Layer, tuple[nn.Module, ...]]]) -> None:
        self._parts = parts
        self.layers = tuple(layer for layer, _ in parts)

    def values(self, inputs: Tensor, *, with_outputs: bool) -> list[Tensor]:
        """Return what the units of each layer give, those of the last one if they are asked for."""
        values = []
        for layer, activations in self._parts if with_outputs else self._parts[:-1]:
            assert layer.linear is not None
            inputs = layer.linear(inputs)
            for activation in activations:
                inputs = activation(inputs)
            values.append(inputs)
        return values


class Traced:
    """A module of any kind, whose linear layers are seen as it calls them."""

    def __init__(self, model: nn.Module, trace: Trace, names: dict[nn.Module, str]) -> None:
        self._model = model
        self._linears = set(trace.linears)
        self._calls = len(trace.linears)
        columns = [_source(origin) for origin in trace.origins]
        self._next = [
            next((call for call, source in enumerate(columns) if source == column), None)
            for column in range(1, self._calls + 1)
        ]
        """For each call the one whose inputs are its outputs, if there is one."""
        paths = [names[linear] for linear in trace.linears]
        self.layers = tuple(
            Layer(linear, linear.out_features, path, _source(origin), _note(origin, paths, before))
            for before, (linear, path, origin) in enumerate(
                zip(trace.linears, paths, trace.origins, strict=True)
            )
        )
        shown = [
            layer if follower is not None else _with(layer, _UNFOLLOWED)
            for layer, follower in zip(self.layers[:-1], self._next[:-1], strict=True)
        ]
        self.layers = (*shown, *_last(self.layers[-1], trace, paths))

    def values(self, inputs: Tensor, *, with_outputs: bool) -> list[Tensor]:
        """Return what the units of each layer give, and the outputs if they are asked for.

        If the model calls its layers in another way than before, these are NaN.
        """
        seen: list[tuple[Tensor, Tensor]] = []

        def see(_: nn.Linear, given: Tensor, returned: Tensor) -> None:
            seen.append((given, returned))

        with calls_seen(self._linears, len(inputs), see), evaluation_mode(self._model):
            outputs = self._model(inputs).reshape(len(inputs), -1)
        values = []
        for column, layer in enumerate(self.layers[:-1]):
            follower = self._next[column]
            value = None
            if len(seen) == self._calls:
                value = seen[column][1] if follower is None else seen[follower][0]
            if value is None or value.shape != (len(inputs), layer.units):
                value = torch.full((len(inputs), layer.units), torch.nan)
            values.append(value.float())
        return [*values, outputs] if with_outputs else values


_UNFOLLOWED = "Its pictures show the outputs of this layer itself."


def drawn_network(model: nn.Module, inputs: Tensor) -> Row | Traced | str:
    """Return a network as it is drawn, or a sentence that says why it is not.

    Parameters
    ----------
    model : Module
    inputs : Tensor, shape (n, features)
        With which a model that is not a row is called once.
    """
    row = _row_of(model)
    if row is not None:
        return row if len(row.layers) <= _MAX_LAYERS + 1 else _too_many(len(row.layers) - 1)
    try:
        with evaluation_mode(model):
            trace = traced(model, inputs)
    except Exception as error:  # noqa: BLE001 - a model of the user's
        return f"The units are not drawn, as the model could not be followed: {described(error)}"
    if not trace.linears:
        return "There are no units to draw: the model calls no nn.Linear with a row for each point."
    network = Traced(model, trace, _paths(model))
    hidden = len(network.layers) - 1
    return _too_many(hidden) if hidden > _MAX_LAYERS else network


def _too_many(hidden: int) -> str:
    return (
        f"The units are not drawn: there is room for {_MAX_LAYERS} hidden layers, and the model "
        f"has {hidden}."
    )


def _row_of(model: nn.Module) -> Row | None:
    """Return a row of linear layers, each followed by activations; None for any other module."""
    parts: list[tuple[Layer, tuple[nn.Module, ...]]] = []
    for place, module in enumerate(modules_in_a_row(model) or ()):
        if type(module) is nn.Linear:
            layer = Layer(module, module.out_features, f"model[{place}]", len(parts))
            parts.append((layer, ()))
        elif is_elementwise(module) and parts:
            parts[-1] = (parts[-1][0], (*parts[-1][1], module))
        else:
            return None
    return Row(parts) if parts else None


# ── the layers of a trace ────────────────────────────────────────────────────────────────────────


def _paths(model: nn.Module) -> dict[nn.Module, str]:
    """Return each module of a model as code."""
    return {
        module: "model" + "".join(_step(part) for part in name.split(".") if part)
        for name, module in model.named_modules()
    }


def _step(name: str) -> str:
    if name.isdigit():
        return f"[{name}]"
    return f".{name}" if name.isidentifier() else f".get_submodule({name!r})"


def _source(origin: Origin) -> int | None:
    """Return the last column from which a tensor is computed number by number."""
    return origin.columns[-1] if origin.columns else None


def _note(origin: Origin, paths: Sequence[str], before: int) -> str:
    """Return what has to be said of the inputs of a layer; `before` is the column before it."""
    if not origin.columns:
        return (
            f"Its inputs are not drawn as lines: before them comes {origin.operations[0]}, which "
            "does not lead from one unit to one input. Select a unit to see its weights."
        )
    names = [_called(column, paths) for column in origin.columns]
    if origin.columns[-1] != before:
        return (
            f"It is connected to {' and '.join(names)}, not to the column before it, so that no "
            "lines are drawn. Select a unit to see its weights."
        )
    if len(names) > 1:
        return (
            f"Each input is computed from units of {' and '.join(names)} at the same place "
            f"({', '.join(origin.operations)}); the pictures of {names[-1]} show the result."
        )
    return ""


def _called(column: int, paths: Sequence[str]) -> str:
    return "the inputs" if column == INPUTS else paths[column - 1].removeprefix("model.")


def _last(layer: Layer, trace: Trace, paths: Sequence[str]) -> tuple[Layer, ...]:
    """Return the last layer if it gives the outputs, else also a column for the outputs."""
    output = trace.output
    if output.columns == (len(paths),):
        if output.operations:
            return (_with(layer, f"The output is {', '.join(output.operations)} of this."),)
        return (layer,)
    if len(output.columns) == 1:
        note = f"The output is computed from {_called(output.columns[0], paths)}"
    elif output.columns:
        note = "The output is computed from " + " and ".join(
            _called(column, paths) for column in output.columns
        )
    else:
        note = "How the output is computed from the units is not known"
    note += f" ({', '.join(output.operations)})." if output.operations else "."
    return _with(layer, _UNFOLLOWED), Layer(None, trace.outputs, "", None, note)


def _with(layer: Layer, note: str) -> Layer:
    return replace(layer, note=f"{layer.note} {note}".strip())
