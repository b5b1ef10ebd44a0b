"""The loss of a backward pass, and the parameters that the pass reaches.

The usual loss, a single real number on the CPU, is read by `tensors.item()` written out in two
other places, `fast_path.FastPath.run_pass` and `pass_calls.PassCalls.before_pass`, as a call of
`loss_of` would slow down a fast loop.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence

import torch
from torch.autograd.graph import Node

from labkit.capture import torch_compat
from labkit.capture.hooks import discovery
from labkit.capture.parameters import ParameterTable, Watched

_MAX_VISITED = 5_000
_MAX_SEARCHES = 8
_MAX_RESULTS = 64
_MAX_NODES = 64
"""Nodes that are searched: there are few operations between a root and a loss module's result."""
MULTIPLICATION_NODE_TYPE = type((torch.zeros((), requires_grad=True) * torch.ones(())).grad_fn)

Loss = float | torch.Tensor | None
"""A number, a tensor on a device that is not read yet, or None if a pass has no loss."""


def roots_of(tensors: object) -> list[torch.Tensor]:
    """Return the tensors that `torch.autograd.backward` was called with."""
    if isinstance(tensors, torch.Tensor):
        return [tensors]
    if isinstance(tensors, Iterable):
        return [item for item in tensors if isinstance(item, torch.Tensor)]
    return []


def reached_by(
    roots: Sequence[torch.Tensor], table: ParameterTable, max_count: int | None = None
) -> list[Watched]:
    """Return the watched parameters that a backward pass from some roots reaches.

    Parameters
    ----------
    roots : sequence of Tensor
    table : ParameterTable
    max_count : int, optional
        Maximum number of parameters to return; usually a few nodes are visited before the first.
    """
    waiting = [root.grad_fn for root in roots if root.grad_fn is not None]
    seen = set(waiting)
    found: list[Watched] = []
    while waiting and len(seen) < _MAX_VISITED:
        node = waiting.pop()
        variable = getattr(node, "variable", None)
        if variable is not None:
            entry = table.find(variable)
            if entry is not None:
                found.append(entry)
                if max_count is not None and len(found) >= max_count:
                    break
            continue
        for source, _ in node.next_functions:
            if source is not None and source not in seen:
                seen.add(source)
                waiting.append(source)
    return found


def loss_of(roots: Sequence[torch.Tensor], scale: torch.Tensor | None) -> Loss:
    """Return the sum of the scalar roots, divided by the factor of a gradient scaler.

    None if no root is a single real number, as when a gradient was given for a vector.
    """
    total: Loss = None
    for root in roots:
        if root.numel() != 1 or root.is_complex() or root.is_meta:
            continue
        if root.is_cpu:
            value: float | torch.Tensor = root.item()
            if scale is not None:
                factor = scale.item()  # 0 after very many skipped updates
                value = value / factor if factor else math.nan
        else:
            # Copied, as the user may change the loss in place before it is read.
            value = root.detach().reshape(()).to(torch.float32, copy=True)
            if scale is not None:
                value = value / scale
        total = value if total is None else total + value
    return total


class LossModuleResults:
    """The newest results of a loss module, for the backward passes that go through them.

    A result is identified by the sequence number of its node, so that there is no reference to the
    result or its graph.
    """

    def __init__(self) -> None:
        self._waiting: dict[int, Loss] = {}

    def add(self, results: Sequence[torch.Tensor]) -> None:
        """Record the results of one call."""
        node = next((each.grad_fn for each in results if each.grad_fn is not None), None)
        value = loss_of(results, None)
        if node is None or value is None:
            return
        self._waiting[torch_compat.node_sequence(node)] = value
        while len(self._waiting) > _MAX_RESULTS:
            del self._waiting[next(iter(self._waiting))]

    def take(self, roots: Sequence[torch.Tensor]) -> Loss:
        """Remove the results that a pass from some roots goes through; return their sum."""
        total: Loss = None
        nodes = [root.grad_fn for root in roots]
        seen: set[Node] = set()
        while nodes and len(seen) < _MAX_NODES and self._waiting:
            node = nodes.pop(0)
            if node is None or node in seen:
                continue
            seen.add(node)
            value = self._waiting.pop(torch_compat.node_sequence(node), None)
            if value is not None:
                total = value if total is None else total + value
            else:
                nodes += [source for source, _ in node.next_functions]
        return total

    def newest(self) -> Loss:
        """Return the newest result that no pass went through, None if there is none; drop all."""
        value = next(reversed(self._waiting.values()), None)
        self._waiting.clear()
        return value

    def clear(self) -> None:
        """Drop all results."""
        self._waiting.clear()


class ScaleFinder:
    """Finds the factor by which a gradient scaler has multiplied a loss."""

    def __init__(self) -> None:
        self._scalers: list[Callable[[], torch.amp.GradScaler | None]] = []
        self._searched_for: set[int] = set()

    @property
    def found(self) -> bool:
        """Whether the loop uses a gradient scaler."""
        return bool(self._scalers)

    @property
    def may_be_used(self) -> bool:
        """Whether scalers were found, or few searches for them were made."""
        return self.found or len(self._searched_for) < _MAX_SEARCHES

    def factor(self, roots: Sequence[torch.Tensor]) -> torch.Tensor | None:
        """Return the factor in some roots, None if there is none; to be called before backward.

        Each tensor that multiplies a loss leads to one search for scalers.
        """
        for root in roots:
            for number in torch_compat.factors_of(root):
                place = number.data_ptr()
                if place not in self._searched_for and len(self._searched_for) < _MAX_SEARCHES:
                    self._searched_for.add(place)
                    self._scalers += discovery.references_to_scalers(number)
        for reference in self._scalers:
            scaler = reference()
            factor = None if scaler is None else torch_compat.scaler_factor(scaler)
            if factor is not None and any(torch_compat.multiplied_by(r, factor) for r in roots):
                return factor
        return None
