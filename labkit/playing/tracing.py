"""Which `nn.Linear` of a module gets the outputs of which others.

The module is called once, and the graph that autograd records of that call is followed from the
inputs of each linear layer backwards. As long as each operation computes each number from numbers
at the same place, unit i of one layer is input i of the next. Where an operation mixes units, such
as `torch.cat`, the connection is not known, and the operation is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

_SHAPES = {"View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Clone", "Alias"}
"""Operations that leave all numbers in their order."""
_PER_NUMBER = _SHAPES | {
    *("Relu", "Tanh", "Sigmoid", "Gelu", "Elu", "Celu", "Silu", "LeakyRelu", "Softplus", "Mish"),
    *("Hardtanh", "Hardsigmoid", "Hardswish", "LogSigmoid", "Softshrink", "Hardshrink"),
    *("Threshold", "PreluKernel", "NativeBatchNorm", "NativeDropout", "RreluWithNoise", "ToCopy"),
    *("Abs", "Sin", "Cos", "Tan", "Exp", "Expm1", "Log", "Log1P", "Sqrt", "Rsqrt", "Reciprocal"),
    *("Pow", "Neg", "Erf", "Atan", "Clamp", "ClampMin", "ClampMax", "Maximum", "Minimum", "Where"),
    *("Add", "Sub", "Rsub", "Mul", "Div", "Addcmul", "Lerp"),
}
"""Operations that compute each number from those at the same place, in evaluation mode."""
_LEAF = "torch::autograd::AccumulateGrad"
_WRITTEN = {
    "Cat": "torch.cat",
    "NativeLayerNorm": "a LayerNorm",
    "Mm": "a matrix product",
    "Addmm": "a matrix product",
    "Bmm": "a matrix product",
    "Slice": "an index",
    "Select": "an index",
    "Index": "an index",
}


@contextmanager
def calls_seen(
    linears: Iterable[nn.Linear], rows: int, see: Callable[[nn.Linear, Tensor, Tensor], None]
) -> Iterator[None]:
    """Call a function with each linear layer that is called, its inputs and its outputs.

    Calls whose outputs are not a matrix with so many rows, one for each point, are left out.
    """

    def hook(linear: Any, positional: Any, named: dict[str, Any], outputs: Any) -> None:
        if outputs.dim() == 2 and len(outputs) == rows:  # noqa: PLR2004
            see(linear, positional[0] if positional else named["input"], outputs)

    handles = [each.register_forward_hook(hook, with_kwargs=True) for each in linears]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@dataclass(frozen=True)
class Origin:
    """From what a tensor is computed.

    Attributes
    ----------
    columns : tuple of int
        Number by number from these, in increasing order: 0 for the inputs of the model, n for the
        n-th call of a linear layer. Empty if that is not known.
    operations : tuple of str
        The operations on the way, without those that only change the shape; if nothing is known,
        the one that mixes units.
    """

    columns: tuple[int, ...]
    operations: tuple[str, ...]


@dataclass(frozen=True)
class Trace:
    """The calls of linear layers, with the origins of their inputs and of the model's outputs.

    `operation` is the last one before the outputs that does more than to change their shape.
    """

    linears: tuple[nn.Linear, ...]
    origins: tuple[Origin, ...]
    output: Origin
    outputs: int
    operation: str


def linears_in(model: nn.Module) -> list[nn.Linear]:
    """Return all linear layers of a module."""
    return [each for each in model.modules() if isinstance(each, nn.Linear)]


def traced(model: nn.Module, inputs: Tensor) -> Trace:
    """Call a module, which has to be in evaluation mode, and return what its call was."""
    with torch.enable_grad():
        start = inputs.clone().requires_grad_().clone()
        known: dict[Any, int] = {start.grad_fn: 0}
        widths = [inputs.shape[1]]
        begun: list[tuple[nn.Linear, Any]] = []

        def see(linear: nn.Linear, given: Tensor, returned: Tensor) -> None:
            # At once, as an operation in place would replace the node of the outputs.
            begun.append((linear, given.grad_fn))
            widths.append(linear.out_features)
            known.setdefault(returned.grad_fn, len(begun))

        with calls_seen(linears_in(model), len(inputs), see):
            outputs = model(start)
    known.pop(None, None)
    origins = []
    for linear, node in begun:
        origin = _origin(node, known)
        fits = all(widths[column] == linear.in_features for column in origin.columns)
        origins.append(origin if fits else Origin((), ("another number of units",)))
    output = _origin(outputs.grad_fn, known)
    width = outputs.numel() // len(inputs)
    if any(widths[column] != width for column in output.columns):
        output = Origin((), ("another number of units",))
    linears = tuple(linear for linear, _ in begun)
    return Trace(linears, tuple(origins), output, width, _last_operation(outputs.grad_fn))


def _last_operation(node: Any) -> str:
    while node is not None and (name := _name(node)) in _SHAPES and node.next_functions:
        node = node.next_functions[0][0]
    return "" if node is None else _written(name)


def _origin(node: Any, known: dict[Any, int]) -> Origin:
    """Follow the graph backwards to what is known."""
    columns: set[int] = set()
    operations: dict[str, None] = {}
    seen, left = set(), [node]
    while left:
        node = left.pop()
        if node is None:
            continue
        if node in known:
            columns.add(known[node])
            continue
        name = _name(node)
        if node in seen or name == _LEAF:
            continue
        seen.add(node)
        if name not in _PER_NUMBER:
            return Origin((), (_written(name),))
        if name not in _SHAPES:
            operations[_written(name)] = None
        left += [each for each, _ in node.next_functions]
    if not columns:
        return Origin((), ("something without a gradient",))
    return Origin(tuple(sorted(columns)), tuple(reversed(operations)))


def _name(node: Any) -> str:
    """Return the name of what was done, as autograd calls it."""
    return re.sub(r"Backward\d*$", "", node.name())


def _written(name: str) -> str:
    """Return the name of an operation as it is written in code."""
    if name in _WRITTEN:
        return _WRITTEN[name]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.removeprefix("Native")).lower()
