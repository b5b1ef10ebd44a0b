"""Module calls on other threads than the recorder's, as in data-parallel training.

Each thread numbers its autograd nodes independently, so the numbers of two threads cannot be
compared. The nodes of a call on another thread are found from its results instead.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.intervals import Interval

Link = tuple[AutogradNode, int, AutogradNode]
"""A node, the number of one of its results, and a node that uses this result."""


@dataclass(eq=False)
class ThreadCall:
    """An outermost module call on another thread.

    Attributes
    ----------
    module : Module
        The called module: a watched module or a copy of one.
    around : tuple of (int, str) or None
        Start and path of the call that was open on the recorder's thread at the time.
    intervals : list of Interval
        The call and the calls of watched modules within it, with the numbers of its thread.
    returned, given : sequence of Node
        The nodes that created its results and its inputs.
    """

    module: nn.Module
    around: tuple[int, str] | None
    intervals: list[Interval] = field(default_factory=list)
    returned: Sequence[AutogradNode] = ()
    given: Sequence[AutogradNode] = ()

    def nodes(self) -> set[AutogradNode]:
        """Return the nodes that were created in the call."""
        outside = set(self.given)
        waiting = [node for node in self.returned if node not in outside]
        inside = set(waiting)
        while waiting:
            for source, _ in waiting.pop().next_functions:
                if source is None or source in inside or source in outside:
                    continue
                if torch_compat.node_sequence(source) != torch_compat.NO_SEQUENCE:
                    inside.add(source)
                    waiting.append(source)
        return inside


def creators_of(values: Any) -> list[AutogradNode]:
    """Return the nodes that created the tensors in some nested values."""
    if isinstance(values, torch.Tensor):
        return [] if values.grad_fn is None else [values.grad_fn]
    if isinstance(values, dict):
        values = values.values()
    elif not isinstance(values, (tuple, list)):
        return []
    return [node for value in values for node in creators_of(value)]


def in_order(
    nodes: Iterable[AutogradNode], links: Sequence[Link], calls: Sequence[ThreadCall]
) -> list[AutogradNode]:
    """Return the nodes of several threads in a possible order of creation.

    Nodes whose order is not determined are sorted by thread. Leaves come last, as they have no
    number.
    """
    threads = {node: rank for rank, call in enumerate(calls, start=1) for node in call.nodes()}
    keys = {
        node: (threads.get(node, 0), torch_compat.node_sequence(node), place)
        for place, node in enumerate(nodes)
    }
    leaves = [node for node, key in keys.items() if key[1] == torch_compat.NO_SEQUENCE]
    after: dict[AutogradNode, list[AutogradNode]] = {}
    missing = dict.fromkeys(keys.keys() - set(leaves), 0)
    for source, target in dict.fromkeys((source, target) for source, _, target in links):
        if source in missing:
            after.setdefault(source, []).append(target)
            missing[target] += 1
    ready = [(keys[node], node) for node, count in missing.items() if count == 0]
    heapq.heapify(ready)
    order = []
    while ready:
        _, node = heapq.heappop(ready)
        order.append(node)
        for target in after.get(node, []):
            missing[target] -= 1
            if missing[target] == 0:
                heapq.heappush(ready, (keys[target], target))
    return order + leaves
