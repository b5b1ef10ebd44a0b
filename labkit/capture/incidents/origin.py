"""Finds the first operation of a graph whose result is not finite, from what autograd kept.

Nothing is computed again. Autograd keeps inputs and results of many operations for the backward
pass, each with the node that made it; so the results of most nodes are known to be finite or not.
Between the last that are and the first that are not stands the culprit. Where several operations
stand there, it is the first that can make such a value and whose input shows that it did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.elements import in_pieces
from labkit.capture.graph.autograd_walk import collect
from labkit.capture.parameters import ParameterTable


@dataclass(frozen=True, eq=False)
class NonFiniteOrigin:
    """Where values that are not finite began.

    Attributes
    ----------
    node : autograd's node or None
        None where they came in from outside.
    why : str
        A clause that goes on after the operation's name, or a whole sentence without a node.
    parameters : tuple of str
        Parameters that were not finite before the step already.
    """

    node: AutogradNode | None
    why: str
    parameters: tuple[str, ...] = ()


def find_origin(
    roots: Sequence[torch.Tensor], table: ParameterTable
) -> tuple[NonFiniteOrigin | None, list[AutogradNode]]:
    """Return where values that are not finite began, and the graph's nodes in their order.

    Must be called before backward, which frees what shows it.
    """
    starts = [root.grad_fn for root in roots if root.grad_fn is not None]
    found, _ = collect(starts)
    order = sorted(
        (node for node in found if not torch_compat.is_leaf(node)), key=torch_compat.node_sequence
    )
    leaves = {id(node.variable) for node in found if torch_compat.is_leaf(node)}  # type: ignore[attr-defined]
    bad = tuple(
        entry.names[0]
        for entry in table.watched
        if (parameter := entry.parameter()) is not None
        and id(parameter) in leaves
        and not is_finite(parameter)
    )
    if bad:
        return NonFiniteOrigin(None, "", bad), order
    finite: dict[AutogradNode, bool] = {}
    kept: dict[AutogradNode, dict[str, torch.Tensor]] = {}
    for node in order:
        kept[node] = torch_compat.kept_values(node)
        for name, value in kept[node].items():
            maker = value.grad_fn
            if maker is None:
                if not is_finite(value) and not value.requires_grad and name != "result":
                    return NonFiniteOrigin(None, _from_outside(value)), order
            elif maker in finite or maker in kept or maker is node:
                finite[maker] = finite.get(maker, True) and is_finite(value)
    for start in starts:
        finite[start] = False
    return _first(order, finite, kept), order


def inputs_kept(roots: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return what a graph keeps of tensors that came in from outside, before it is freed."""
    found, _ = collect([root.grad_fn for root in roots if root.grad_fn is not None])
    values = (value for node in found for value in torch_compat.kept_values(node).values())
    return [value for value in values if value.grad_fn is None and not value.requires_grad]


def _first(
    order: Sequence[AutogradNode],
    finite: Mapping[AutogradNode, bool],
    kept: Mapping[AutogradNode, Mapping[str, torch.Tensor]],
) -> NonFiniteOrigin | None:
    first_bad = next((node for node in order if finite.get(node) is False), None)
    if first_bad is None:
        return None
    between, waiting = {first_bad}, [first_bad]
    while waiting:
        for source, _ in waiting.pop().next_functions:
            if source is None or source in finite or source in between:
                continue
            if source in kept:
                between.add(source)
                waiting.append(source)
    candidates = [node for node in order if node in between]
    for node in candidates:
        why = _shown(node, kept[node])
        if why:
            return NonFiniteOrigin(node, why)
    able = next((node for node in candidates if _name(node) in _EVIDENCE), first_bad)
    return NonFiniteOrigin(able, "gave a result that is not finite")


def _shown(node: AutogradNode, kept: Mapping[str, torch.Tensor]) -> str | None:
    """Return what in a node's own input or result shows that it is the culprit."""
    look = _EVIDENCE.get(_name(node))
    if look is None:
        return None
    try:
        return look(kept)
    except (KeyError, RuntimeError):
        return None


def _name(node: AutogradNode) -> str:
    return (
        node.name().removeprefix("torch::autograd::").rstrip("0123456789").removesuffix("Backward")
    )


def is_finite(tensor: torch.Tensor) -> bool:
    """Return whether no value is NaN or infinite; waits for the tensor's device."""
    numbers = tensor.is_floating_point() or tensor.is_complex()
    if not numbers or tensor.is_meta or not torch_compat.holds_values(tensor):
        return True
    values = tensor.detach()
    values = values if values.layout is torch.strided else values.to_dense()
    return all(bool(torch.isfinite(piece).all()) for piece in in_pieces(values))


def _from_outside(value: torch.Tensor) -> str:
    pieces = list(in_pieces(value.detach()))
    count = sum(int((~torch.isfinite(piece)).sum()) for piece in pieces)
    what = "NaN" if any(bool(torch.isnan(piece).any()) for piece in pieces) else "infinite"
    return (
        f"the data are not finite: a tensor of shape {list(value.shape)} that came in from outside "
        f"holds {count:,} {what} value{'s' if count != 1 else ''}"
    )


def _positive(words: str) -> Callable[[Mapping[str, torch.Tensor]], str | None]:
    def look(kept: Mapping[str, torch.Tensor]) -> str | None:
        lowest = kept["self"].min().item()
        return f"{words} (the lowest is {lowest:.4g})" if lowest <= 0 else None

    return look


def _divisor(kept: Mapping[str, torch.Tensor]) -> str | None:
    zeros = int((kept["other"] == 0).sum())
    count = f"{zeros:,} zero{'s' if zeros != 1 else ''}"
    return f"was divided by {count}" if zeros else None


def _result(words: str) -> Callable[[Mapping[str, torch.Tensor]], str | None]:
    def look(kept: Mapping[str, torch.Tensor]) -> str | None:
        return None if is_finite(kept["result"]) else words

    return look


def _power(kept: Mapping[str, torch.Tensor]) -> str | None:
    lowest = kept["self"].min().item()
    return f"was taken of numbers down to {lowest:.4g}" if lowest <= 0 else None


def _beyond_one(kept: Mapping[str, torch.Tensor]) -> str | None:
    low, high = torch.aminmax(kept["self"].detach())
    largest = max(-low.item(), high.item())
    return f"was taken of numbers beyond 1 (up to {largest:.4g})" if largest >= 1 else None


_OF_LOG = "was taken of numbers that are not positive"
_EVIDENCE: Mapping[str, Callable[[Mapping[str, torch.Tensor]], str | None]] = {
    "Log": _positive(_OF_LOG),
    "Log2": _positive(_OF_LOG),
    "Log10": _positive(_OF_LOG),
    "Log1P": _result("was taken of numbers that are not above -1"),
    "Div": _divisor,
    "Reciprocal": _result("was taken of zero"),
    "Sqrt": _result("was taken of negative numbers"),
    "Rsqrt": _result("was taken of numbers that are not positive"),
    "Exp": _result("overflowed: its input was too large"),
    "Pow": _power,
    "Acos": _beyond_one,
    "Asin": _beyond_one,
    "Atanh": _beyond_one,
}
"""What shows that an operation made a value that is not finite, by the name of its node."""
