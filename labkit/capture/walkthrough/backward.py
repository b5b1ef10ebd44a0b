"""The gradients of a backward pass, node by node, in the order of execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.thread_calls import Link

_FREED = (
    "this graph has been used up: backward was called on it without retain_graph=True, which frees "
    "what the derivatives need."
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
    """The total gradient of a leaf, after its last part has arrived."""

    node: AutogradNode
    gradient: torch.Tensor


def run_backward(
    root: torch.Tensor,
    order: Sequence[AutogradNode],
    links: Sequence[Link],
    *,
    again: str,
) -> list[NodeGradients | LeafGradient]:
    """Run the backward pass and return its gradients in order, without changes to `.grad`.

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

    Raises
    ------
    RuntimeError
        If the graph was freed before, or if a part of it does not support `torch.autograd.grad`.
    """
    passed: list[NodeGradients] = []
    waiting: dict[AutogradNode, tuple[torch.Tensor | None, ...]] = {}
    leaves = [node for node in order if torch_compat.is_leaf(node)]

    def before(node: AutogradNode) -> Callable[[tuple[torch.Tensor | None, ...]], None]:
        def note(incoming: tuple[torch.Tensor | None, ...]) -> None:
            waiting[node] = tuple(map(_copied, incoming))

        return note

    def after(node: AutogradNode) -> Callable[..., None]:
        def note(outgoing: tuple[torch.Tensor | None, ...], _: object) -> None:
            kept = tuple(map(_copied, outgoing))
            passed.append(NodeGradients(node, waiting.pop(node, ()), kept))

        return note

    with ExitStack() as hooks:
        for node in order:
            if not torch_compat.is_leaf(node):
                hooks.callback(node.register_prehook(before(node)).remove)
                hooks.callback(node.register_hook(after(node)).remove)
        variables = [node.variable for node in leaves]  # type: ignore[attr-defined]
        try:
            grads = torch.autograd.grad(root, variables, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            if "second time" in str(error) or "freed" in str(error):
                raise RuntimeError(f"{_FREED} {again}") from error
            if "use_reentrant" in str(error):
                raise RuntimeError(_REENTRANT) from error
            raise
    return _with_leaves(passed, dict(zip(leaves, grads, strict=True)), links)


def _copied(gradient: torch.Tensor | None) -> torch.Tensor | None:
    """Return a copy of a gradient; None if it cannot be copied."""
    try:
        return None if gradient is None else gradient.detach().clone()
    except Exception:  # noqa: BLE001 - the classes of user-defined tensors may raise anything
        return None


def _with_leaves(
    passed: Sequence[NodeGradients],
    grads: dict[AutogradNode, torch.Tensor | None],
    links: Sequence[Link],
) -> list[NodeGradients | LeafGradient]:
    """Insert each leaf after the node that computed the last part of its gradient."""
    parts = Counter(source for source, _ in dict.fromkeys((source, to) for source, _, to in links))
    events: list[NodeGradients | LeafGradient] = []
    for each in passed:
        events.append(each)
        for source in dict.fromkeys(source for source, _ in each.node.next_functions):
            if source is None or source not in grads:
                continue
            parts[source] -= 1
            gradient = grads[source]
            if parts[source] == 0 and gradient is not None:
                events.append(LeafGradient(source, gradient.detach()))
    return events
