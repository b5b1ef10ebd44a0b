"""Converts the parts of a computation graph to JSON-serializable data, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from labkit.run.graph.costs import Cost
from labkit.run.graph.flops_by_shape import Flops
from labkit.run.graph.parts import Edge, ModuleCall, Node, Source

Data = Mapping[str, Any]


def plain(item: Node | Edge | Cost) -> dict[str, Any]:
    """Return the fields of an object, faster than `asdict`, which copies each of them."""
    data = {name: getattr(item, name) for name in item.__slots__}
    if isinstance(item, Node) and item.source is not None:
        data["source"] = asdict(item.source)
    return data


def node_from(item: Data) -> Node:
    """Return the node of some data."""
    return Node(
        **{
            **_without_cost(item),
            "shape": _tuple(item["shape"]),
            "dims": _tuple(item["dims"]),
            "parameters": tuple(item["parameters"]),
            "source": _source(item),
        }
    )


def edge_from(item: Data) -> Edge:
    """Return the edge of some data."""
    return Edge(**{**item, "shape": _tuple(item["shape"]), "dims": _tuple(item["dims"])})


def module_call_from(item: Data) -> ModuleCall:
    """Return the module call of some data."""
    return ModuleCall(**{**_without_cost(item), "source": _source(item)})


def flops_from(cost: Data) -> Flops:
    """Return the floating point operations of a cost's data."""
    return Flops(cost["forward_flops"], cost["backward_flops"])


def _without_cost(item: Data) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "cost"}


def _tuple(values: list[Any] | None) -> tuple[Any, ...] | None:
    return None if values is None else tuple(values)


def _source(item: Data) -> Source | None:
    source = item["source"]
    return None if source is None else Source(**source)
