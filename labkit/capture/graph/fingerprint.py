"""A fast key of a graph's structure, so that only new structures are captured."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable

_MAX_NODES = 20_000


def structure_key(roots: Sequence[torch.Tensor], table: ParameterTable | None = None) -> int:
    """Return a number that is equal for graphs with equal operations, shapes and edges.

    With a table, the watched parameters are part of the key, so that two models of equal structure
    have different keys. The key is Python's hash and valid within one process.

    Examples
    --------
    >>> import torch
    >>> w = torch.ones(3, requires_grad=True)
    >>> structure_key([w.exp().sum()]) == structure_key([w.exp().sum()])
    True
    >>> structure_key([w.exp().sum()]) == structure_key([w.exp().exp().sum()])
    False
    """
    numbers: dict[AutogradNode, int] = {}
    waiting: list[AutogradNode] = []
    for root in roots:
        if root.grad_fn is not None and root.grad_fn not in numbers:
            numbers[root.grad_fn] = len(numbers)
            waiting.append(root.grad_fn)
    parts: list[object] = []
    while waiting and len(numbers) <= _MAX_NODES:
        node = waiting.pop()
        parts.append(node.name())
        parts.append(torch_compat.output_shape(node))
        if table is not None and torch_compat.is_leaf(node):
            entry = table.find(node.variable)  # type: ignore[attr-defined]
            parts.append(None if entry is None else entry.names[0])
        for source, output in node.next_functions:
            if source is None:
                parts.append(None)
                continue
            number = numbers.get(source)
            if number is None:
                number = numbers[source] = len(numbers)
                waiting.append(source)
            parts.append((number, output))
    return hash(tuple(parts))
