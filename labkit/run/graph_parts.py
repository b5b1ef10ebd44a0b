"""What a computation graph is made of: nodes, edges and module calls, without a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["op", "parameter", "input", "output", "cut"]


@dataclass(frozen=True)
class Source:
    """A line of the user's own code."""

    file: str
    line: int


# Not frozen, though nobody changes them: that doubles the time of making one, and a graph is
# captured while training waits.
@dataclass(slots=True, unsafe_hash=True)
class Node:
    """One node of the graph autograd built.

    Attributes
    ----------
    id : str
        ``scope/op:ordinal``, for example ``"fc1#1/addmm:0"``; the same in every iteration
        of the same structure.
    kind : {"op", "parameter", "input", "output", "cut"}
        ``"cut"`` is where a gradient stops, as at a ``detach``; `note` says why.
    op : str
        Operation as PyTorch names it, lower case, without ``Backward0``.
    scope : str
        Id of the innermost module call around it, ``""`` outside all modules.
    shape : tuple of int or None
        Shape of what the operation returned.
    dtype, device : str or None
    saved_bytes : int or None
        Bytes of the tensors kept for backward; None where that could not be read.
    parameters : tuple of str
        Names of the parameter in the model, several where weights are tied.
    source : Source or None
        The line of the user's own code that made it, where that is known.
    note : str or None
        A sentence on what is out of the ordinary: why a gradient stops here, that the node is
        computed again in backward, that it is one opaque box.
    backward : str or None
        Name of autograd's own node, which passes the gradient on: ``"AddmmBackward0"``; None for
        what has none.
    """

    id: str
    kind: NodeKind
    op: str
    scope: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    device: str | None = None
    saved_bytes: int | None = None
    parameters: tuple[str, ...] = ()
    source: Source | None = None
    note: str | None = None
    backward: str | None = None


@dataclass(slots=True, unsafe_hash=True)
class Edge:
    """A tensor that flows from one node to the next in the forward direction."""

    source: str
    target: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None


@dataclass(slots=True, unsafe_hash=True)
class ModuleCall:
    """One call of one module.

    Attributes
    ----------
    id : str
        ``path#call``, for example ``"encoder.layers.0#1"``; calls are counted from 1.
    path : str
        The module's path in the model, ``""`` for the model itself.
    call : int
    type : str
        Class name.
    parent : str or None
        Id of the call around it.
    parameters : int
        Scalar parameters the module holds, its children included.
    source : Source or None
        The line of the user's own code that called it, where that is known.
    seconds : float or None
        Time of the call on the host, in s, its children's included; an accelerator may have
        worked on after it.
    """

    id: str
    path: str
    call: int
    type: str
    parent: str | None
    parameters: int
    source: Source | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class GraphSpan:
    """Steps over which a run's graph had one structure, as far as they were looked at.

    Attributes
    ----------
    signature : str
        That of the graph.
    first, last : int
        The first and the last step at which it was seen.
    """

    signature: str
    first: int
    last: int
