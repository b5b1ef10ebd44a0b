"""Records the results of all operations, including those inside one call of PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Self, TypeVar

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.graph_writer import operation

Kept = TypeVar("Kept")


class ResultRecorder(torch_compat.DispatchMode, Generic[Kept]):  # type: ignore[no-untyped-call]
    """Records a value for the result of each operation in its context.

    Autograd creates the node of an operation just before the operation runs. So if the sequence
    number has increased, the operation that runs is that of the newest node.

    Parameters
    ----------
    keep : callable
        Takes a result, and returns the value to store for it.
    """

    def __init__(self, keep: Callable[[torch.Tensor], Kept]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._keep = keep
        self._seen: dict[int, tuple[str, tuple[int, ...], Kept]] = {}
        self._first = 0

    def __enter__(self) -> Self:
        self._first = torch_compat.sequence_number()
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __torch_dispatch__(
        self,
        func: Any,
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        number = torch_compat.sequence_number() - 1
        result = func(*args, **(kwargs or {}))
        first = result[0] if isinstance(result, (tuple, list)) and result else result
        fresh = number >= self._first and number not in self._seen
        if fresh and isinstance(first, torch.Tensor) and first.layout is torch.strided:
            self._seen[number] = (func.name(), tuple(first.shape), self._keep(first.detach()))
        return result

    def of(self, order: Iterable[AutogradNode]) -> dict[AutogradNode, Kept]:
        """Return the stored value of the first result of each node of a graph."""
        found = {}
        for node in order:
            seen = self._seen.get(torch_compat.node_sequence(node))
            if seen is None:
                continue
            name, shape, kept = seen
            # Another operation may have run between the creation of a node and its operation.
            same = _normalized(operation(node)) in _normalized(name)
            if same and shape == torch_compat.output_shape(node):
                found[node] = kept
        return found


def _normalized(name: str) -> str:
    return name.replace("_", "").lower()
