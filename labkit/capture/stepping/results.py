"""Sees the result of every operation, those within one call of PyTorch too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Self

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph_writer import operation


class ResultRecorder(torch_compat.DispatchMode):  # type: ignore[no-untyped-call]
    """Keeps a copy of what each operation returns, while it is entered.

    Autograd makes an operation's node just before the operation runs. So what runs when the
    counter of nodes has moved on is the operation of the newest node.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._seen: dict[int, tuple[str, torch.Tensor]] = {}
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
            self._seen[number] = (func.name(), first.detach().clone())
        return result

    def of(self, order: Iterable[AutogradNode]) -> dict[AutogradNode, torch.Tensor]:
        """Return the first result of each node of a graph, as far as it was seen."""
        found = {}
        for node in order:
            name, result = self._seen.get(torch_compat.node_sequence(node), ("", None))
            if result is None or tuple(result.shape) != torch_compat.node_output(node)[0]:
                continue
            # Between a node and its operation another may have run, on a node's behalf.
            if _plain(operation(node)) in _plain(name):
                found[node] = result
        return found


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
