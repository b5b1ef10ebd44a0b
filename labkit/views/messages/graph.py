"""Computation graphs."""

from __future__ import annotations

from typing import Literal, TypedDict


class Source(TypedDict):
    """A line of the user's code."""

    file: str
    line: int


class Cost(TypedDict):
    """What a node, or all nodes in a module call, cost; None for what is unknown."""

    forward_flops: int | None
    backward_flops: int | None
    parameters: int
    output_bytes: int | None
    saved_bytes: int | None
    unknown_forward: int
    unknown_backward: int


class GraphNode(TypedDict):
    """A node of a computation graph."""

    id: str
    kind: Literal["op", "parameter", "input", "output", "cut", "failed"]
    op: str
    scope: str
    shape: list[int] | None
    dtype: str | None
    device: str | None
    saved_bytes: int | None
    parameters: list[str]
    source: Source | None
    note: str | None
    backward: str | None
    role: str | None
    dims: list[str] | None
    cost: Cost


class GraphEdge(TypedDict):
    """An edge of a computation graph, in the direction of the forward pass."""

    source: str
    target: str
    shape: list[int] | None
    dtype: str | None
    output: int
    dims: list[str] | None


class ModuleCall(TypedDict):
    """A call of a module."""

    id: str
    path: str
    call: int
    type: str
    parent: str | None
    parameters: int
    source: Source | None
    seconds: float | None
    frozen: int
    cost: Cost


class GraphData(TypedDict):
    """A computation graph, or the reason why there is none."""

    version: int
    signature: str
    step: int | None
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    modules: list[ModuleCall]
    reason: str | None
    sizes: dict[str, list[int]]
    more_sizes: bool
