"""The difference between two computation graphs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labkit.run.graph.parts import Node


@dataclass(frozen=True)
class GraphDiff:
    """Node ids that differ between an earlier and a later graph. False if none differ.

    Attributes
    ----------
    new : tuple of str
        Ids of nodes that only the later graph has.
    gone : tuple of str
        Ids of nodes that only the earlier graph has.
    changed : tuple of str
        Ids of nodes of both graphs whose shapes or dtypes differ.
    """

    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.changed)


def graph_diff(earlier: Iterable[Node], later: Iterable[Node]) -> GraphDiff:
    """Return the difference between the nodes of two graphs.

    Examples
    --------
    >>> from labkit.run.graph.parts import Node
    >>> one, two = (Node("/exp:0", "op", "exp", "", (length,)) for length in (2, 3))
    >>> graph_diff([one], [two])
    GraphDiff(new=(), gone=(), changed=('/exp:0',))
    """
    before = {node.id: (node.shape, node.dtype) for node in earlier}
    after = {node.id: (node.shape, node.dtype) for node in later}
    return GraphDiff(
        new=tuple(id for id in after if id not in before),
        gone=tuple(id for id in before if id not in after),
        changed=tuple(id for id, made in after.items() if before.get(id, made) != made),
    )
