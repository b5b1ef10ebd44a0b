"""The rows of the table of a graph's nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from labkit.run.graph.costs import GraphCosts
from labkit.run.graph.parts import ModuleCall, Node

COST_COLUMNS: Final = (
    "parameters",
    "forward_flops",
    "backward_flops",
    "output_bytes",
    "saved_bytes",
)
FRAME_COLUMNS: Final = (
    *("id", "kind", "op", "scope", "module", "module_type", "shape", "dtype"),
    *COST_COLUMNS,
    "line",
)


def frame_rows(
    nodes: Iterable[Node], modules: Iterable[ModuleCall], costs: GraphCosts
) -> Sequence[tuple[object, ...]]:
    """Return one row per node, with the values of `FRAME_COLUMNS`."""
    calls = {call.id: call for call in modules}
    rows: list[tuple[object, ...]] = []
    for node in nodes:
        call, cost = calls.get(node.scope), costs.nodes[node.id]
        rows.append(
            (
                *(node.id, node.kind, node.op, node.scope),
                *((None, None) if call is None else (call.path, call.type)),
                *(node.shape, node.dtype),
                *(getattr(cost, column) for column in COST_COLUMNS),
                None if node.source is None else f"{node.source.file}:{node.source.line}",
            )
        )
    return rows
