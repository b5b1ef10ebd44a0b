"""What is different between two computation graphs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labkit.run.graph import ComputationGraph


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


def graph_diff(earlier: ComputationGraph, later: ComputationGraph) -> GraphDiff:
    """Return what is different in the later graph.

    Examples
    --------
    >>> from labkit.run.graph import ComputationGraph, Node
    >>> one = ComputationGraph((Node("/exp:0", "op", "exp", "", (2,)),), (), ())
    >>> two = ComputationGraph((Node("/exp:0", "op", "exp", "", (3,)),), (), ())
    >>> graph_diff(one, two)
    GraphDiff(new=(), gone=(), changed=('/exp:0',))
    """
    before = {node.id: (node.shape, node.dtype) for node in earlier.nodes}
    after = {node.id: (node.shape, node.dtype) for node in later.nodes}
    return GraphDiff(
        new=tuple(id for id in after if id not in before),
        gone=tuple(id for id in before if id not in after),
        changed=tuple(id for id, made in after.items() if before.get(id, made) != made),
    )
