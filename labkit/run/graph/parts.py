"""The parts of a computation graph as plain data: nodes, edges and module calls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

NodeKind = Literal["op", "parameter", "input", "output", "cut", "failed"]


@dataclass(frozen=True)
class Source:
    """A line of the user's code.

    Attributes
    ----------
    file : str
    line : int
        Counted from 1.
    """

    file: str
    line: int


# Treated as immutable, but not frozen: freezing doubles the construction time, and the training
# thread constructs these objects.
@dataclass(slots=True, unsafe_hash=True)
class Node:
    """A node of a computation graph.

    Attributes
    ----------
    id : str
        ``scope/op:ordinal``, for example ``"fc1#1/addmm:0"``; the same in every iteration with
        the same structure.
    kind : {"op", "parameter", "input", "output", "cut", "failed"}
        ``"cut"`` is a point at which the gradient stops, for example ``detach``; `note` says why.
        ``"failed"`` is an operation that raised an error in the forward or the backward pass, or
        whose in-place change was the cause; `note` contains the error.
    op : str
        Name of the operation in PyTorch, in lower case and without the suffix ``Backward0``.
    scope : str
        Id of the innermost enclosing module call; ``""`` outside all modules.
    shape : tuple of int or None
        Shape of the result; of an operation with several results, of the first one. The edges have
        the shape of each. None if unknown.
    dtype, device : str or None
        Of the result, for example ``"float32"`` and ``"cpu"``; None if unknown.
    saved_bytes : int or None
        Size of the tensors saved for backward, in bytes; None if it could not be read.
    parameters : tuple of str
        Names of the parameter in the model; more than one if weights are tied.
    source : Source or None
        The line of the user's code that executed the operation; None if unknown.
    note : str or None
        A sentence about a special property, for example why the gradient stops here, or that the
        node is recomputed in backward.
    backward : str or None
        Name of the autograd node, for example ``"AddmmBackward0"``; None if there is none.
    role : str or None
        What the result is, if the flow of the data shows it: ``"attention weights"``, or ``"mean
        attention weights"`` for their mean over the heads.
    dims : tuple of str or None
        The sizes in `shape` as text if some of them vary between passes, for example ``("N",
        "10")``; `ComputationGraph.sizes` has the values of the names. None if none is known to
        vary.
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
    role: str | None = None
    dims: tuple[str, ...] | None = None


@dataclass(slots=True, unsafe_hash=True)
class Edge:
    """A tensor that one node produces and another consumes, in the forward direction.

    Attributes
    ----------
    source, target : str
        Ids of the nodes.
    shape : tuple of int or None
        Shape of the tensor; None if unknown.
    dtype : str or None
        For example ``"float32"``; None if unknown.
    output : int
        Number of the tensor among the results of the source that have a gradient, counted from 0.
    dims : tuple of str or None
        As for `Node`.
    """

    source: str
    target: str
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    output: int = 0
    dims: tuple[str, ...] | None = None


@dataclass(slots=True, unsafe_hash=True)
class ModuleCall:
    """One call of one module.

    Attributes
    ----------
    id : str
        ``path#call``, for example ``"encoder.layers.0#1"``.
    path : str
        Path of the module in the model; ``""`` for the model itself.
    call : int
        Ordinal of the call in the forward pass, counted from 1.
    type : str
        Class name of the module.
    parent : str or None
        Id of the enclosing call; None for an outermost call.
    parameters : int
        Number of scalar parameters of the module, including its submodules.
    source : Source or None
        The line of the user's code that called the module; None if unknown.
    seconds : float or None
        Duration of the call on the host, in s, including submodules; None if it was not measured.
        An accelerator may finish the work later.
    frozen : int
        Number of those among `parameters` that require no gradient. They are no nodes of the graph.
    """

    id: str
    path: str
    call: int
    type: str
    parent: str | None
    parameters: int
    source: Source | None = None
    seconds: float | None = None
    frozen: int = 0


@dataclass(frozen=True)
class GraphSpan:
    """A span of steps at which every captured graph had the same structure.

    Attributes
    ----------
    signature : str
        `ComputationGraph.signature` of the stored graph of the structure.
    first, last : int
        First and last step at which the structure was captured.
    title : str
        The class and the number of calls of the module that is called most often, or the number of
        operations if each is called once.
    """

    signature: str
    first: int
    last: int
    title: str = ""
