"""Fast keys of a graph's structure and sizes, so that only what is new is captured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable

_MAX_NODES = 20_000


class GraphKeys(NamedTuple):
    """The keys of a graph: Python's hashes, which are valid within one process.

    Attributes
    ----------
    structure : int
        Equal for graphs with equal operations, edges and numbers of dimensions. With a table, the
        watched parameters and their shapes are part of it, so that two models of equal structure
        have different keys.
    sizes : int
        Equal for graphs of the same structure whose other tensors have equal shapes.
    """

    structure: int
    sizes: int


def graph_keys(roots: Sequence[torch.Tensor], table: ParameterTable | None = None) -> GraphKeys:
    """Return the keys of the graph of some tensors.

    Examples
    --------
    >>> import torch
    >>> w, v = torch.ones(3, requires_grad=True), torch.ones(4, requires_grad=True)
    >>> one, other = graph_keys([w.exp().sum()]), graph_keys([v.exp().sum()])
    >>> one == graph_keys([w.exp().sum()])
    True
    >>> one.structure == other.structure, one.sizes == other.sizes
    (True, False)
    >>> one.structure == graph_keys([w.exp().exp().sum()]).structure
    False
    """
    numbers: dict[AutogradNode, int] = {}
    waiting: list[AutogradNode] = []
    for root in roots:
        if root.grad_fn is not None and root.grad_fn not in numbers:
            numbers[root.grad_fn] = len(numbers)
            waiting.append(root.grad_fn)
    parts: list[object] = []
    sizes: list[object] = []
    while waiting and len(numbers) <= _MAX_NODES:
        node = waiting.pop()
        parts.append(node.name())
        shape = torch_compat.output_shape(node)
        parts.append(None if shape is None else len(shape))
        sizes.append(shape)
        if table is not None and torch_compat.is_leaf(node):
            entry = table.find(node.variable)  # type: ignore[attr-defined]
            parts.append(None if entry is None else (entry.names[0], shape))
        for source, output in node.next_functions:
            if source is None:
                parts.append(None)
                continue
            number = numbers.get(source)
            if number is None:
                number = numbers[source] = len(numbers)
                waiting.append(source)
            parts.append((number, output))
    return GraphKeys(hash(tuple(parts)), hash(tuple(sizes)))
