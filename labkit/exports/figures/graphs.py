"""Figures of computation graphs: boxes and edges in the layout of the still pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go

from labkit.exports.figures.look import Look, label, new_figure
from labkit.run import ComputationGraph, Cost, ModuleCall, Node
from labkit.run.graph.layout import (
    BOX_HEIGHT,
    MARGIN,
    Box,
    GraphLayout,
    graph_layout,
    module_levels,
)

_COMFORTABLE, _MAX_BOXES = 60, 800
"""Number of boxes up to which modules are unfolded by default, and maximum."""
_TITLE_HEIGHT, _MIN_WIDTH = 48, 420
_CURVE_POINTS = 12
_ROUND, _CORNER = BOX_HEIGHT / 2, 6.0
_UNITS = ("B", "kB", "MB", "GB", "TB")


def graph_figure(graph: ComputationGraph, depth: int | None, look: Look) -> go.Figure:
    """Return a drawing of a graph; see `ComputationGraph.figure`."""
    if not graph.nodes:
        raise ValueError(f"there is no graph to draw: {graph.reason or 'it has no nodes'}")
    layout = _layout(graph, depth)
    top = graph.step
    title = "computation graph" if top is None else f"computation graph at step {top:,}"
    width = max(_MIN_WIDTH, layout.width)
    shift = (width - layout.width) / 2
    figure = new_figure(
        look,
        title,
        width=width,
        height=layout.height + _TITLE_HEIGHT + MARGIN,
        margin={"l": 0, "r": 0, "t": _TITLE_HEIGHT, "b": MARGIN},
        hovermode="closest",
        showlegend=False,
        xaxis={"visible": False, "range": [-shift, width - shift]},
        yaxis={"visible": False, "range": [layout.height, -4]},
        shapes=[
            _shape(box, layout.centres[id], layout.top(id), look)
            for id, box in layout.boxes.items()
            if box.label
        ],
    )
    figure.add_traces([_edges(layout, look), _arrows(layout, look), _labels(graph, layout, look)])
    return figure


def _layout(graph: ComputationGraph, depth: int | None) -> GraphLayout:
    deepest = max(module_levels(graph).values(), default=0) + 1
    if depth is not None:
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 1:
            raise ValueError(f"depth={depth!r} is no whole number from 1. Example: graph.figure()")
        layout = graph_layout(graph, _MAX_BOXES, min(depth, deepest))
        if layout is None:
            raise ValueError(
                f"The graph cannot be drawn at depth={depth}: it has more than {_MAX_BOXES} boxes, "
                "or a module is used before and after an operation outside of it. Use another "
                "depth, or graph.to_dot()."
            )
        return layout
    found = None
    for level in range(1, deepest + 1):
        limit = _COMFORTABLE if found is not None else _MAX_BOXES
        found = graph_layout(graph, limit, level) or found
    if found is None:
        raise ValueError(
            f"The graph has more than {_MAX_BOXES} boxes at any depth. graph.to_dot() and "
            "graph.to_networkx() return it for other tools."
        )
    return found


def _shape(box: Box, centre: float, top: float, look: Look) -> dict[str, Any]:
    left, right, bottom = centre - box.width / 2, centre + box.width / 2, top + BOX_HEIGHT
    r = _CORNER if box.kind in ("m", "m f", "p") else _ROUND
    path = (
        f"M{left + r},{top}L{right - r},{top}Q{right},{top} {right},{top + r}"
        f"L{right},{bottom - r}Q{right},{bottom} {right - r},{bottom}"
        f"L{left + r},{bottom}Q{left},{bottom} {left},{bottom - r}"
        f"L{left},{top + r}Q{left},{top} {left + r},{top}Z"
    )
    colour, width = look.edge, 1
    if box.kind == "o":
        colour, width = look.series[0], 2
    if box.kind in ("f", "m f"):
        colour, width = look.error, 2
    dash = "dash" if box.kind in ("i", "c") else "solid"
    fill = look.module if box.kind in ("m", "m f") else look.box
    line = {"color": colour, "width": width, "dash": dash}
    return {"type": "path", "path": path, "line": line, "fillcolor": fill, "layer": "below"}


def _edges(layout: GraphLayout, look: Look) -> go.Scatter:
    """Return all links as one line with gaps."""
    along = np.linspace(0, 1, _CURVE_POINTS)
    x: list[float] = []
    y: list[float] = []
    for source, target in layout.links:
        x1, x2 = layout.centres[source], layout.centres[target]
        y1, y2 = layout.ends(source, target)
        bend = along**2 * (3 - 2 * along)
        x += [*(x1 + (x2 - x1) * bend).tolist(), np.nan]
        y += [*(y1 + (y2 - y1) * along).tolist(), np.nan]
    line = {"color": look.edge, "width": 1}
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", name="edges")


def _arrows(layout: GraphLayout, look: Look) -> go.Scatter:
    ends = [link for link in layout.links if layout.boxes[link[1]].label]
    return go.Scatter(
        x=[layout.centres[target] for _, target in ends],
        y=[layout.ends(*link)[1] - 3 for link in ends],
        mode="markers",
        marker={"symbol": "triangle-down", "size": 7, "color": look.edge, "opacity": 1},
        hoverinfo="skip",
        name="arrows",
    )


def _labels(graph: ComputationGraph, layout: GraphLayout, look: Look) -> go.Scatter:
    """Return the texts of the boxes, with what is known of each as its tooltip."""
    drawn = [(id, box) for id, box in layout.boxes.items() if box.label]
    about = _tooltips(graph)
    return go.Scatter(
        x=[layout.centres[id] for id, _ in drawn],
        y=[layout.top(id) + BOX_HEIGHT / 2 for id, _ in drawn],
        text=[_text(box, look) for _, box in drawn],
        customdata=[about[id] for id, _ in drawn],
        mode="text+markers",
        marker={"size": BOX_HEIGHT, "opacity": 0, "symbol": "square"},
        textfont={"size": 12, "color": look.text},
        hovertemplate="%{customdata}<extra></extra>",
        name="nodes",
    )


def _text(box: Box, look: Look) -> str:
    detail = f' <span style="color:{look.muted}">{label(box.detail)}</span>' if box.detail else ""
    return f"{label(box.label)}{detail}"


def _tooltips(graph: ComputationGraph) -> dict[str, str]:
    """Return the tooltip of each node and module call, by id."""
    costs = graph.costs
    about = {node.id: _about_node(node, costs.nodes[node.id]) for node in graph.nodes}
    about |= {call.id: _about_call(call, costs.modules[call.id]) for call in graph.modules}
    return about


def _about_node(node: Node, cost: Cost) -> str:
    shape = "\N{MULTIPLICATION SIGN}".join(node.dims or map(str, node.shape or ()))
    scope = node.scope.partition("#")[0]
    facts = [
        f"<b>{label(node.op)}</b>{f' in {label(scope)}' if scope else ''}",
        *(label(name) for name in node.parameters[:3]),
        label(" ".join(filter(None, (shape or "scalar" * (node.shape == ()), node.dtype)))),
        *_sizes(cost),
        label(f"{node.source.file}:{node.source.line}") if node.source else "",
        label(node.note or ""),
    ]
    return "<br>".join(filter(None, facts))


def _about_call(call: ModuleCall, cost: Cost) -> str:
    times = f", call {call.call}" if call.call > 1 else ""
    frozen = f", {call.frozen:,} frozen" if call.frozen else ""
    facts = [
        f"<b>{label(call.path or '(model)')}</b>{times}",
        label(call.type),
        f"{call.parameters:,} parameters{frozen}" if call.parameters else "",
        *_sizes(cost),
        label(f"{call.source.file}:{call.source.line}") if call.source else "",
    ]
    return "<br>".join(filter(None, facts))


def _sizes(cost: Cost) -> list[str]:
    facts = []
    if cost.saved_bytes:
        facts.append(f"{_bytes(cost.saved_bytes)} saved for backward")
    if cost.forward_flops:
        facts.append(f"{cost.forward_flops:,} FLOPs forward")
    return facts


def _bytes(size: float) -> str:
    """Return a number of bytes in decimal units.

    Examples
    --------
    >>> _bytes(999), _bytes(1500)
    ('999 B', '1.5 kB')
    """
    unit = 0
    while size >= 1000 and unit < len(_UNITS) - 1:  # noqa: PLR2004 - decimal units
        size, unit = size / 1000, unit + 1
    return f"{size:.{int(unit > 0 and size < 10)}f} {_UNITS[unit]}"  # noqa: PLR2004 - one digit
