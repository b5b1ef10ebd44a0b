"""The gradients of a backward pass, node by node, in the order in which autograd ran them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

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
class Passed:
    """What one node was given and what it gave on; gradients are None where there is none."""

    node: AutogradNode
    incoming: tuple[torch.Tensor | None, ...]
    outgoing: tuple[torch.Tensor | None, ...]


@dataclass(frozen=True)
class Gathered:
    """The whole gradient of a leaf, when its last part had come."""

    node: AutogradNode
    gradient: torch.Tensor


def run_backward(
    root: torch.Tensor,
    order: Sequence[AutogradNode],
    links: Sequence[Link],
    *,
    again: str,
) -> list[Passed | Gathered]:
    """Run the backward pass and return what happened; no `.grad` is touched.

    Parameters
    ----------
    root : Tensor
        The loss, one number.
    order : sequence of Node
        All nodes of its graph.
    links : sequence of (source, target)
        All edges of its graph.
    again : str
        What to do where the graph was used up before.

    Raises
    ------
    RuntimeError
        If the graph was used up before, or a part of it cannot be walked.
    """
    passed: list[Passed] = []
    waiting: dict[AutogradNode, tuple[torch.Tensor | None, ...]] = {}
    leaves = [node for node in order if hasattr(node, "variable")]

    def before(node: AutogradNode) -> Callable[[tuple[torch.Tensor | None, ...]], None]:
        def note(incoming: tuple[torch.Tensor | None, ...]) -> None:
            waiting[node] = tuple(None if g is None else g.detach().clone() for g in incoming)

        return note

    def after(node: AutogradNode) -> Callable[..., None]:
        def note(outgoing: tuple[torch.Tensor | None, ...], _: object) -> None:
            kept = tuple(None if g is None else g.detach().clone() for g in outgoing)
            passed.append(Passed(node, waiting.pop(node, ()), kept))

        return note

    with ExitStack() as hooks:
        for node in order:
            if not hasattr(node, "variable"):
                hooks.callback(node.register_prehook(before(node)).remove)
                hooks.callback(node.register_hook(after(node)).remove)
        variables = [node.variable for node in leaves]
        try:
            grads = torch.autograd.grad(root, variables, retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            if "second time" in str(error) or "freed" in str(error):
                raise RuntimeError(f"{_FREED} {again}") from error
            if "use_reentrant" in str(error):
                raise RuntimeError(_REENTRANT) from error
            raise
    return _with_leaves(passed, dict(zip(leaves, grads, strict=True)), links)


def _with_leaves(
    passed: Sequence[Passed],
    grads: dict[AutogradNode, torch.Tensor | None],
    links: Sequence[Link],
) -> list[Passed | Gathered]:
    """Put each leaf where its last gradient came."""
    parts = Counter(source for source, _ in dict.fromkeys(links))
    events: list[Passed | Gathered] = []
    for each in passed:
        events.append(each)
        for source in dict.fromkeys(source for source, _ in each.node.next_functions):
            if source is None or source not in grads:
                continue
            parts[source] -= 1
            gradient = grads[source]
            if parts[source] == 0 and gradient is not None:
                events.append(Gathered(source, gradient.detach()))
    return events
