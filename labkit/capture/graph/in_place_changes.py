"""Records which calls change tensors in place, for errors about changed saved tensors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.source_lines import Line

_VERSIONS = re.compile(r"is at version (\d+); expected version (\d+) instead")
_MAX_CHANGES = 10_000


@dataclass
class Change:
    """A call that changed a tensor in place.

    Attributes
    ----------
    op : str
    line : Line or None
    numbers : tuple of (int, int)
        First sequence number of the nodes that the call created, and first one after them.
    before, after : int
        The tensor's versions.
    storage : int
        Address of its memory.
    source : Node or None
        The node that had created the tensor.
    key : int
        The `id` of the tensor.
    output : tuple
        Its shape, dtype and device.
    """

    op: str
    line: Line | None
    numbers: tuple[int, int]
    before: int
    after: int
    storage: int
    source: AutogradNode | None
    key: int
    output: torch_compat.Output

    def node(self, order: Sequence[AutogradNode]) -> AutogradNode | None:
        """Return the node that the call created; None if it created none in a graph."""
        first, stop = self.numbers
        made = [n for n in order if first <= torch_compat.node_sequence(n) < stop]
        return made[-1] if made else None


class InPlaceChanges:
    """The calls that changed a tensor in place, the oldest first; it keeps no tensor alive."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def add(
        self,
        op: str,
        line: Line | None,
        numbers: tuple[int, int],
        changed: Sequence[tuple[torch.Tensor, int, AutogradNode | None]],
    ) -> None:
        """Record a call, with the tensors that it changed, their former versions and creators."""
        if len(self._changes) >= _MAX_CHANGES:
            return
        for tensor, before, source in changed:
            self._changes.append(
                Change(
                    op,
                    line,
                    numbers,
                    before,
                    torch_compat.tensor_version(tensor),
                    _storage(tensor),
                    source,
                    id(tensor),
                    torch_compat.described(tensor),
                )
            )

    def find(self, saved: torch.Tensor, error: str) -> Change | None:
        """Return the first change after a tensor was saved, from the error of reading it."""
        versions = _VERSIONS.search(error)
        if versions is None:
            return None
        expected = int(versions[2])
        storage = _storage(saved)
        for change in reversed(self._changes):  # memory may have been used by others before
            if change.storage == storage and change.before <= expected < change.after:
                return change
        return None


def versions_of(tensors: Sequence[torch.Tensor]) -> list[int | None]:
    """Return the versions of some tensors; None for tensors of inference mode, which have none."""
    return [None if t.is_inference() else torch_compat.tensor_version(t) for t in tensors]


def _storage(tensor: torch.Tensor) -> int:
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # a tensor without memory
        return 0
