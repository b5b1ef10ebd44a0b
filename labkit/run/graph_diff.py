"""What is different between two computation graphs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labkit.run.graph_parts import Node


@dataclass(frozen=True)
class GraphDiff:
    """Nodes by their identities, from the point of view of the later graph.

    Attributes
    ----------
    new, gone : tuple of str
        Nodes that only the later, or only the earlier graph has.
    changed : tuple of str
        Nodes of both whose shape or dtype is another.
    """

    new: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.new or self.gone or self.changed)


def graph_diff(earlier: Iterable[Node], later: Iterable[Node]) -> GraphDiff:
    """Return what is different in the later nodes.

    Examples
    --------
    >>> from labkit.run.graph_parts import Node
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
