"""Finds the node of a graph whose backward raised."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.source_lines import is_users
from labkit.capture.graph.tracebacks import custom_node, frames_of, roots_of_backward
from labkit.run.error_text import text_of

_OF_HOOK = "hook '"
"""Start of the error about a hook on a tensor that returned an invalid gradient."""


@dataclass
class FailedNode:
    """The node whose backward raised.

    Attributes
    ----------
    node : Node
    saved : Tensor or None
        The saved tensor that could not be read, if the error is about one.
    """

    node: AutogradNode
    saved: torch.Tensor | None = None


class BackwardOrder:
    """Records the node that a backward pass runs, between creation and `stop`.

    Attributes
    ----------
    last : Node or None
        The node that ran last.
    """

    def __init__(self, nodes: Iterable[AutogradNode]) -> None:
        self.last: AutogradNode | None = None
        self._handles = [
            node.register_prehook(self._noted(node))
            for node in nodes
            if not torch_compat.is_leaf(node)
        ]

    def stop(self) -> None:
        """Remove the hooks."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def _noted(self, node: AutogradNode) -> Callable[[object], None]:
        def note(_: object) -> None:
            self.last = node

        return note


def failed_node(
    error: BaseException, nodes: Sequence[AutogradNode], last: AutogradNode | None = None
) -> FailedNode | None:
    """Return the node of a graph whose backward raised an error; None if it is unknown.

    Parameters
    ----------
    error : BaseException
    nodes : sequence of Node
        The graph's nodes.
    last : Node, optional
        The node that ran last.
    """
    for frame, _ in reversed(frames_of(error)):
        custom = custom_node(frame)
        if custom is not None:
            return FailedNode(custom)
        if roots_of_backward(frame) is not None:
            break
        if is_users(frame.f_code):  # a hook on a tensor raised, before its node ran
            last = None
    text = _without_advice(text_of(error))
    if text.startswith(_OF_HOOK):
        last = None
    # Backward runs the newest of the nodes that are ready.
    for node in sorted(nodes, key=torch_compat.node_sequence, reverse=True):
        if torch_compat.is_leaf(node) or (last is not None and node is not last):
            continue
        unreadable = torch_compat.error_of_saved(node)
        if unreadable is not None and _without_advice(unreadable[0]) == text:
            return FailedNode(node, unreadable[1])
    return None if last is None else FailedNode(last)


def _without_advice(text: str) -> str:
    return text.partition(" Hint: ")[0]
