"""Torch's formulas for floating point operations, by the operators that dispatch modes get."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Any

import torch
from torch.autograd.graph import Node

_PRODUCTS = {"mm": 0, "bmm": 0, "addmm": 1, "baddbmm": 1}
"""The matrix products, and the place of their first factor."""
_CONVOLUTION = "convolution"
_ATTENTION = (
    "_scaled_dot_product_flash_attention",
    "_scaled_dot_product_efficient_attention",
    "_scaled_dot_product_cudnn_attention",
    "_scaled_dot_product_flash_attention_for_cpu",
)
_CUSTOM: type = torch.autograd.function.BackwardCFunction
_FOR_CPU = "_for_cpu"
_APPLY = getattr(getattr(torch.autograd.Function.apply, "__func__", None), "__code__", None)


@dataclass(frozen=True)
class CountedCall:
    """The floating point operations of one call of an operator.

    Attributes
    ----------
    forward : int
    backward : callable
        Takes which of the node's inputs require a gradient. Returns the floating point operations
        of the backward pass; None if torch has no formula.
    """

    forward: int
    backward: Callable[[Sequence[bool]], int | None]


@functools.lru_cache(maxsize=1)
def _formulas() -> Mapping[Any, Callable[..., int]]:
    """Return torch's formulas by operator; empty where this version of torch has none."""
    try:
        from torch.utils.flop_counter import flop_registry
    except ImportError:
        return {}
    return flop_registry


def counted_call(
    func: Any, args: Sequence[Any], named: Mapping[str, Any], result: Any
) -> CountedCall | None:
    """Return the floating point operations of a call; None if torch has no formula."""
    packet = getattr(func, "_overloadpacket", None)
    name = getattr(packet, "__name__", "")
    formula = _formulas().get(packet) or _formulas().get(_for_accelerators(name))
    if formula is None:
        return None
    forward = int(formula(*args, **named, out_val=result))
    if name in _PRODUCTS:
        factors = slice(_PRODUCTS[name], _PRODUCTS[name] + 2)
        return CountedCall(forward, lambda needed: forward * sum(needed[factors]))
    shapes = [tuple(each.shape) if isinstance(each, torch.Tensor) else each for each in args]
    first = result[0] if isinstance(result, (tuple, list)) else result
    made = tuple(first.shape)
    if name == _CONVOLUTION:
        return CountedCall(forward, lambda needed: _convolution_backward(made, shapes, needed))
    if name in _ATTENTION:
        return CountedCall(forward, lambda needed: _attention_backward(name, made, shapes, needed))
    return CountedCall(forward, lambda needed: None if any(needed) else 0)


def _for_accelerators(name: str) -> Any:
    """Return the operator for accelerators of an operator for the CPU; None if there is none.

    Torch has the same kernel for the CPU under another name, without a formula.
    """
    if not name.endswith(_FOR_CPU):
        return None
    return getattr(torch.ops.aten, name.removesuffix(_FOR_CPU), None)


def _convolution_backward(
    made: tuple[int, ...], shapes: Sequence[Any], needed: Sequence[bool]
) -> int | None:
    formula = _formulas().get(torch.ops.aten.convolution_backward)
    if formula is None:
        return None
    given, weight = shapes[:2]
    results = (given, weight, None)
    return int(formula(made, *shapes, list(needed[:3]), out_val=results))


def _attention_backward(
    name: str, made: tuple[int, ...], shapes: Sequence[Any], needed: Sequence[bool]
) -> int | None:
    operator = getattr(torch.ops.aten, f"{name.removesuffix(_FOR_CPU)}_backward", None)
    formula = _formulas().get(operator)
    if formula is None:
        return None
    return int(formula(made, *shapes[:3])) if any(needed[:3]) else 0


def counts_nothing(func: Any) -> bool:
    """Return whether an operator is elementwise, a reduction or a view, by torch's own tags."""
    tags = getattr(func, "tags", ())
    named = (getattr(torch.Tag, name, None) for name in ("pointwise", "reduction"))
    if any(tag in tags for tag in named if tag is not None):
        return True
    schema = getattr(func, "_schema", None)
    return schema is not None and any(
        argument.alias_info is not None and not argument.alias_info.is_write
        for argument in schema.arguments
    )


def applied_function() -> tuple[FrameType | None, Node | None]:
    """Return the frame that applies a custom function, and the node of the function.

    Of nested functions, the outermost. The node is None if `forward` does not get a context.
    """
    frame, below = inspect.currentframe(), None
    found: tuple[FrameType | None, Node | None] = None, None
    while frame is not None:
        if frame.f_code is _APPLY:
            found = frame, None if below is None else _context(below)
        frame, below = frame.f_back, frame
    return found


def _context(forward: FrameType) -> Node | None:
    """Return the first argument of a function under way, if it is the node of a function."""
    names = forward.f_code.co_varnames
    value: Any = forward.f_locals.get(names[0]) if names else None
    if type(value) is tuple and value:
        value = value[0]  # a decorator gets all arguments in a tuple
    return value if issubclass(type(value), _CUSTOM) else None
