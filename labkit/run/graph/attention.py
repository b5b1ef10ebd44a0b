"""Recognises attention weights in a computation graph by the flow of the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from labkit.run.graph.parts import Edge, Node

WEIGHTS: Final = "attention weights"
MEAN_WEIGHTS: Final = "mean attention weights"

_SOFTMAX = frozenset({"softmax", "safesoftmax"})
_BATCHED_PRODUCTS = frozenset({"bmm", "baddbmm"})
_PRODUCTS = _BATCHED_PRODUCTS | {"mm", "addmm", "mv"}
_RESHAPING = frozenset(
    {
        *("view", "unsafeview", "reshapealias", "alias", "expand", "transpose", "permute", "t"),
        *("squeeze", "unsqueeze", "select", "slice", "split", "unbind", "clone", "tocopy"),
    }
)
_DROPOUT = frozenset({"mul", "div", "nativedropout", "dropout"})
_ON_SCORES = _RESHAPING | {"mul", "div", "add", "sub", "maskedfill", "where", "tanh", "clamp"}
"""Operations between the scores and the softmax: scales, masks, biases and soft caps."""
_MAX_NODES = 64
"""Maximum number of nodes that are searched on either side of a softmax."""


def with_attention(nodes: Sequence[Node], edges: Iterable[Edge]) -> tuple[Node, ...]:
    """Return the nodes, those that hold attention weights with this role.

    Attention weights are the result of a softmax of scores, one for each pair of a query and a
    position, that is multiplied with a matrix of values. The scores are a product of two tensors
    that depend on the data, or have one number per position. Neither a classifier nor a gate is
    attention: their scores are a product with a weight, one number per class.

    Examples
    --------
    >>> ops = {"q": "input", "k": "input", "v": "input"} | dict.fromkeys(("s", "a", "o"), "op")
    >>> names = {"s": "bmm", "a": "softmax", "o": "bmm"}
    >>> nodes = [Node(id, kind, names.get(id, id), "", (2, 3, 3)) for id, kind in ops.items()]
    >>> pairs = [("q", "s"), ("k", "s"), ("s", "a"), ("a", "o"), ("v", "o")]
    >>> [n.id for n in with_attention(nodes, [Edge(*pair) for pair in pairs]) if n.role]
    ['a']
    """
    if not any(node.op in _SOFTMAX and node.kind == "op" for node in nodes):
        return tuple(nodes)
    roles = _Flow(nodes, edges).roles()
    return tuple(replace(node, role=roles[node.id]) if node.id in roles else node for node in nodes)


class _Flow:
    """The nodes of a graph with their neighbours."""

    def __init__(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        self._nodes = {node.id: node for node in nodes}
        self._sources: dict[str, list[str]] = {}
        self._targets: dict[str, list[str]] = {}
        for edge in edges:
            self._sources.setdefault(edge.target, []).append(edge.source)
            self._targets.setdefault(edge.source, []).append(edge.target)

    def roles(self) -> dict[str, str]:
        """Return the roles of nodes by id."""
        found = {}
        for id, node in self._nodes.items():
            if node.op in _SOFTMAX and node.kind == "op" and self._is_of_scores(id):
                after = self._through(id, self._targets, _RESHAPING | _DROPOUT)
                if any(self._mixes_values(passed, target) for passed, target in after):
                    found[id] = WEIGHTS
                    means = (end for _, end in after if self._nodes[end].op == "mean")
                    found |= dict.fromkeys(means, MEAN_WEIGHTS)
        return found

    def _is_of_scores(self, softmax: str) -> bool:
        before = self._through(softmax, self._sources, _ON_SCORES)
        return any(self._gives_scores(self._nodes[source]) for _, source in before)

    def _gives_scores(self, node: Node) -> bool:
        if node.op not in _PRODUCTS:
            return False
        one_per_position = node.op == "mv" or (node.shape is not None and node.shape[-1:] == (1,))
        factors = self._sources.get(node.id, [])
        of_data = not any(self._is_parameter(factor) for factor in factors)
        # An edge is missing for a frozen weight as well as for data without a gradient.
        return one_per_position or (of_data and self._has_all_factors(node, factors))

    def _mixes_values(self, passed: str, node_id: str) -> bool:
        """Return whether a node multiplies what was passed on with values, not with a weight."""
        node = self._nodes[node_id]
        others = [source for source in self._sources.get(node_id, []) if source != passed]
        return (
            node.op in _PRODUCTS - {"addmm"}
            and not any(map(self._is_parameter, others))
            and self._has_all_factors(node, [passed, *others])
        )

    @staticmethod
    def _has_all_factors(node: Node, factors: Sequence[str]) -> bool:
        return node.op in _BATCHED_PRODUCTS or len(factors) > 1

    def _is_parameter(self, id: str) -> bool:
        """Return whether a factor is a parameter, possibly in another shape."""
        while self._nodes[id].op in _RESHAPING and len(self._sources.get(id, ())) == 1:
            (id,) = self._sources[id]
        return self._nodes[id].kind == "parameter"

    def _through(
        self, start: str, neighbours: dict[str, list[str]], passed_on: frozenset[str]
    ) -> list[tuple[str, str]]:
        """Return the ends of all paths whose inner nodes pass the data on, each with the last one.

        Parameters
        ----------
        start : str
        neighbours : dict
            The direction of the search.
        passed_on : frozenset of str
            The operations of the inner nodes.

        Returns
        -------
        list of (inner, end)
            The last inner node of a path, or the start, and the node after it.
        """
        ends: dict[tuple[str, str], None] = {}
        waiting, seen = [start], {start}
        while waiting and len(seen) < _MAX_NODES:
            inner = waiting.pop()
            for id in neighbours.get(inner, ()):
                if self._nodes[id].kind == "op" and self._nodes[id].op in passed_on:
                    if id not in seen:
                        seen.add(id)
                        waiting.append(id)
                else:
                    ends[inner, id] = None
        return list(ends)
