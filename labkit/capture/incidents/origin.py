"""Finds the first operation of a graph whose result is not finite, from saved tensors.

Nothing is recomputed. Autograd saves inputs and results of many operations for the backward pass,
each with the node that created it, so for most nodes it is known whether the result is finite. The
origin is between the last finite and the first non-finite results. If there are several operations
between them, it is the first that can create such a value and whose input is evidence that it did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.elements import in_pieces
from labkit.capture.graph.autograd_traversal import MOST_NODES, collect
from labkit.capture.parameters import ParameterTable


@dataclass(frozen=True, eq=False)
class NonFiniteOrigin:
    """The origin of non-finite values.

    Attributes
    ----------
    node : Node of autograd or None
        None if the graph did not create them.
    reason : str
        A clause that follows the name of the operation, or a sentence if there is no node.
    parameters : tuple of str
        Parameters that were not finite before the step.
    """

    node: AutogradNode | None
    reason: str
    parameters: tuple[str, ...] = ()


def find_origin(
    roots: Sequence[torch.Tensor], table: ParameterTable
) -> tuple[NonFiniteOrigin | None, list[AutogradNode]]:
    """Return the origin of non-finite values, and the graph's nodes in the order of creation.

    To be called before backward, which frees the saved tensors.
    """
    starts = [root.grad_fn for root in roots if root.grad_fn is not None]
    found, _ = collect(starts, MOST_NODES)
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
    saved: dict[AutogradNode, dict[str, torch.Tensor]] = {}
    for node in order:
        saved[node] = torch_compat.saved_values(node)
        for name, value in saved[node].items():
            creator = value.grad_fn
            if creator is None:
                if not is_finite(value) and not value.requires_grad and name != "result":
                    return NonFiniteOrigin(None, _from_outside(value)), order
            elif creator in finite or creator in saved or creator is node:
                finite[creator] = finite.get(creator, True) and is_finite(value)
    for start in starts:
        finite[start] = False
    return _first_operation(order, finite, saved), order


def saved_inputs(roots: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Return the saved tensors of a graph that were not computed in it, before they are freed."""
    found, _ = collect([root.grad_fn for root in roots if root.grad_fn is not None], MOST_NODES)
    values = (value for node in found for value in torch_compat.saved_values(node).values())
    return [value for value in values if value.grad_fn is None and not value.requires_grad]


def _first_operation(
    order: Sequence[AutogradNode],
    finite: Mapping[AutogradNode, bool],
    saved: Mapping[AutogradNode, Mapping[str, torch.Tensor]],
) -> NonFiniteOrigin | None:
    first_bad = next((node for node in order if finite.get(node) is False), None)
    if first_bad is None:
        return None
    between, waiting = {first_bad}, [first_bad]
    while waiting:
        for source, _ in waiting.pop().next_functions:
            if source is None or source in finite or source in between:
                continue
            if source in saved:
                between.add(source)
                waiting.append(source)
    candidates = [node for node in order if node in between]
    for node in candidates:
        reason = _evidence_of(node, saved[node])
        if reason:
            return NonFiniteOrigin(node, reason)
    capable = next((node for node in candidates if _name(node) in _EVIDENCE), first_bad)
    return NonFiniteOrigin(capable, "gave a result that is not finite")


def _evidence_of(node: AutogradNode, saved: Mapping[str, torch.Tensor]) -> str | None:
    """Return evidence in a node's input or result that it is the origin; None if there is none."""
    find_evidence = _EVIDENCE.get(_name(node))
    if find_evidence is None:
        return None
    try:
        return find_evidence(saved)
    except (KeyError, RuntimeError):
        return None


def _name(node: AutogradNode) -> str:
    return (
        node.name().removeprefix("torch::autograd::").rstrip("0123456789").removesuffix("Backward")
    )


def is_finite(tensor: torch.Tensor) -> bool:
    """Return whether no value is NaN or infinite; synchronizes with the tensor's device."""
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
    def find_evidence(saved: Mapping[str, torch.Tensor]) -> str | None:
        lowest = saved["self"].min().item()
        return f"{words} (the lowest is {lowest:.4g})" if lowest <= 0 else None

    return find_evidence


def _divisor(saved: Mapping[str, torch.Tensor]) -> str | None:
    zeros = int((saved["other"] == 0).sum())
    count = f"{zeros:,} zero{'s' if zeros != 1 else ''}"
    return f"was divided by {count}" if zeros else None


def _result(words: str) -> Callable[[Mapping[str, torch.Tensor]], str | None]:
    def find_evidence(saved: Mapping[str, torch.Tensor]) -> str | None:
        return None if is_finite(saved["result"]) else words

    return find_evidence


def _power(saved: Mapping[str, torch.Tensor]) -> str | None:
    lowest = saved["self"].min().item()
    return f"was taken of numbers down to {lowest:.4g}" if lowest <= 0 else None


def _beyond_one(saved: Mapping[str, torch.Tensor]) -> str | None:
    low, high = torch.aminmax(saved["self"].detach())
    largest = max(-low.item(), high.item())
    return f"was taken of numbers beyond 1 (up to {largest:.4g})" if largest >= 1 else None


_LOG_OF = "was taken of numbers that are not positive"
_EVIDENCE: Mapping[str, Callable[[Mapping[str, torch.Tensor]], str | None]] = {
    "Log": _positive(_LOG_OF),
    "Log2": _positive(_LOG_OF),
    "Log10": _positive(_LOG_OF),
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
"""Functions that find evidence of a non-finite result, by the name of the node."""
