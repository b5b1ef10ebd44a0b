"""The gradients of a backward pass, node by node, in the order of execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.thread_calls import Link
from labkit.run.error_text import text_of

_FREED = (
    "this graph has been used up: backward was called on it without retain_graph=True, which frees "
    "what the derivatives need."
)
_COMPILED = (
    "a part of this graph was compiled by torch.compile in a way that allows a single backward "
    "pass, which the stepper leaves to you. Use lk.stepper(lambda: ...), which computes the loss "
    "itself."
)
_REENTRANT = (
    "a part of this graph is checkpointed with use_reentrant=True, and PyTorch allows no "
    "torch.autograd.grad there, by which the stepper walks. Use use_reentrant=False."
)


@dataclass(frozen=True)
class NodeGradients:
    """The incoming and outgoing gradients of a node; None for gradients that do not exist."""

    node: AutogradNode
    incoming: tuple[torch.Tensor | None, ...]
    outgoing: tuple[torch.Tensor | None, ...]


@dataclass(frozen=True)
class LeafGradient:
    """The total gradient of a leaf, after its last part has arrived, and its ``.grad`` before."""

    node: AutogradNode
    gradient: torch.Tensor
    before: torch.Tensor | None


def run_backward(
    root: torch.Tensor,
    order: Sequence[AutogradNode],
    links: Sequence[Link],
    *,
    again: str,
    retain: bool = True,
    accumulate: bool = False,
) -> list[NodeGradients | LeafGradient]:
    """Run the backward pass and return its gradients in order.

    Parameters
    ----------
    root : Tensor
        The loss, with one element.
    order : sequence of Node
        All nodes of its graph.
    links : sequence of (source, number of its result, target)
        All edges of its graph.
    again : str
        Advice for the error message if the graph was freed before.
    retain : bool
        Whether the graph can be used again afterwards.
    accumulate : bool
        Whether to add the gradients to the ``.grad`` of the leaves, like ``root.backward()``.

    Raises
    ------
    RuntimeError
        If the graph was freed before, or if a part of it does not support `torch.autograd.grad`.
    """
    leaves = [node for node in order if torch_compat.is_leaf(node)]
    with torch_compat.without_modes():
        variables = [node.variable for node in leaves]  # type: ignore[attr-defined]
        before = [each.grad for each in variables]
    if accumulate:
        before = list(map(_copied, before))
    observed = _ObservedPass()
    with ExitStack() as hooks:
        observed.attach(order, hooks, with_leaves=accumulate)
        try:
            if accumulate:
                root.backward(retain_graph=retain)  # type: ignore[no-untyped-call]
            else:
                found = torch.autograd.grad(root, variables, retain_graph=retain, allow_unused=True)
                observed.arrived = dict(zip(leaves, found, strict=True))
        except RuntimeError as error:
            refusal = _refusal(text_of(error), again)
            if refusal is None:
                raise
            raise RuntimeError(refusal) from error
    totals = {
        node: LeafGradient(node, gradient, former)
        for node, former in zip(leaves, before, strict=True)
        if (gradient := observed.arrived.get(node)) is not None
    }
    return _with_leaves(observed.passed, totals, links)


class _ObservedPass:
    """The gradients of a backward pass, recorded by hooks.

    Attributes
    ----------
    passed : list of NodeGradients
        In the order of execution.
    arrived : dict of Node to Tensor or None
        The total gradients of the leaves.
    """

    def __init__(self) -> None:
        self.passed: list[NodeGradients] = []
        self.arrived: dict[AutogradNode, torch.Tensor | None] = {}
        self._waiting: dict[AutogradNode, tuple[torch.Tensor | None, ...]] = {}

    def attach(self, nodes: Iterable[AutogradNode], hooks: ExitStack, *, with_leaves: bool) -> None:
        """Register hooks until `hooks` is closed; of leaves only where that is asked for."""
        for node in nodes:
            if not torch_compat.is_leaf(node):
                hooks.callback(node.register_prehook(self._before(node)).remove)
                hooks.callback(node.register_hook(self._after(node)).remove)
            elif with_leaves:
                hooks.callback(node.register_prehook(self._at_leaf(node)).remove)

    def _before(self, node: AutogradNode) -> Callable[[tuple[torch.Tensor | None, ...]], None]:
        def note(incoming: tuple[torch.Tensor | None, ...]) -> None:
            self._waiting[node] = tuple(map(_copied, incoming))

        return note

    def _after(self, node: AutogradNode) -> Callable[..., None]:
        def note(outgoing: tuple[torch.Tensor | None, ...], _: object) -> None:
            kept = tuple(map(_copied, outgoing))
            self.passed.append(NodeGradients(node, self._waiting.pop(node, ()), kept))

        return note

    def _at_leaf(self, node: AutogradNode) -> Callable[[tuple[torch.Tensor | None, ...]], None]:
        def note(incoming: tuple[torch.Tensor | None, ...]) -> None:
            self.arrived[node] = _copied(incoming[0])

        return note


def _refusal(text: str, again: str) -> str | None:
    """Return an explanation of an error of torch; None of an error of other code."""
    if "donated buffers" in text:
        return _COMPILED
    if "second time" in text or "freed" in text:
        return f"{_FREED} {again}"
    return _REENTRANT if "use_reentrant" in text else None


def _copied(gradient: torch.Tensor | None) -> torch.Tensor | None:
    """Return a copy of a gradient; None if it cannot be copied."""
    return None if gradient is None else torch_compat.copy_of(gradient)


def _with_leaves(
    passed: Sequence[NodeGradients],
    totals: dict[AutogradNode, LeafGradient],
    links: Sequence[Link],
) -> list[NodeGradients | LeafGradient]:
    """Insert each leaf after the node that computed the last part of its gradient."""
    parts = Counter(source for source, _ in dict.fromkeys((source, to) for source, _, to in links))
    events: list[NodeGradients | LeafGradient] = []
    for each in passed:
        events.append(each)
        for source in dict.fromkeys(source for source, _ in each.node.next_functions):
            if source is None or source not in totals:
                continue
            parts[source] -= 1
            if parts[source] == 0:
                events.append(totals[source])
    return events
