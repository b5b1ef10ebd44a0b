"""A computation graph with folded modules as SVG, or as an outline where it has no room."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from labkit.run import ComputationGraph
from labkit.run.graph.layout import BOX_HEIGHT, Box, GraphLayout, graph_layout
from labkit.run.printable import printable
from labkit.views.still.sheet import (
    INSET,
    LINE,
    ROOM,
    WIDTH,
    Section,
    label,
    lines,
    paragraph,
    style,
)

MAX_BOXES = 40
"""Maximum number of boxes of a drawing."""
_MIN_SCALE = 0.5
"""Smaller drawings could not be read."""
_LETTERS = 105
_MAX_LINES = 60

_LIGHT = {
    ".b": "fill:#fff;stroke:#9a9a9a",
    ".m": "fill:#f3f3f3",
    ".p": "stroke-dasharray:none;fill:#fff",
    ".i": "stroke-dasharray:4 3",
    ".c": "stroke-dasharray:4 3",
    ".o": "stroke:#0072B2;stroke-width:2",
    ".e": "fill:none;stroke:#8a8a8a",
    ".s": "fill:#777;font-size:11px",
    ".f": "stroke:#C62828;stroke-width:2",
}
_DARK = {
    ".b": "fill:#222;stroke:#777",
    ".m": "fill:#333",
    ".s": "fill:#aaa",
    ".o": "stroke:#56B4E9",
    ".f": "stroke:#FF8A80",
}


def graph_section(graph: ComputationGraph | None, max_height: float, title: str = "") -> Section:
    """Return the drawing of a graph and its failures, or its outline, within a height in px."""
    if graph is None:
        return Section(label(INSET, 14, "No graph yet."), LINE)
    head = label(INSET, 14, title, kind="k") if title else ""
    top = 24.0 if title else 0.0
    drawing = draw(graph)
    scale = 0.0
    if drawing is not None:
        scale = min(1.0, ROOM / drawing.width, (max_height - top) / drawing.height)
    shown = _outline(graph, max_height - top) if scale < _MIN_SCALE else _scaled(drawing, scale)
    failures = [line for text in graph.failures for line in lines(text, _LETTERS, 4)]
    below = paragraph(failures)
    height = top + shown.height
    body = (
        f'{head}<g transform="translate(0,{top:g})">{shown.body}</g>'
        f'<g transform="translate(0,{height + 8:g})">{below.body}</g>'
    )
    return Section(body, height + (below.height + 8 if failures else 0))


def _scaled(drawing: Drawing | None, scale: float) -> Section:
    assert drawing is not None, "it has a scale"
    body = (
        f'{style(_LIGHT, _DARK)}<defs><marker id="labkit-arrow" viewBox="0 0 8 8" '
        'refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0.5L8,4L0,7.5z" fill="#8a8a8a"/></marker></defs>'
        f'<g transform="translate({(WIDTH - drawing.width * scale) / 2:.1f},4) '
        f'scale({scale:.3f})">{drawing.body}</g>'
    )
    return Section(body, drawing.height * scale + 8)


def _outline(graph: ComputationGraph, height: float) -> Section:
    """Return the begin of the outline, as far as it has room."""
    found = graph.outline().splitlines()
    most = min(_MAX_LINES, max(4, int(height / LINE)))
    if len(found) > most:
        found = [*found[: most - 1], f"… {len(found) - most + 1:,} more lines"]
    return paragraph(found)


@dataclass(frozen=True)
class Drawing:
    """SVG elements, and the size of the drawing in px."""

    body: str
    width: float
    height: float


def draw(graph: ComputationGraph) -> Drawing | None:
    """Return the folded graph as SVG; None if it has more than 40 boxes, none, or a cycle."""
    layout = graph_layout(graph, MAX_BOXES)
    return None if layout is None else _write(layout)


def _write(layout: GraphLayout) -> Drawing:
    boxes, centres = layout.boxes, layout.centres
    parts = []
    for source, target in layout.links:
        x1, x2 = centres[source], centres[target]
        y1, y2 = layout.ends(source, target)
        middle = (y1 + y2) / 2
        head = ' marker-end="url(#labkit-arrow)"' if boxes[target].label else ""
        parts.append(
            f'<path class="e" d="M{x1:.1f},{y1:.1f}C{x1:.1f},{middle:.1f} {x2:.1f},{middle:.1f} '
            f'{x2:.1f},{y2:.1f}"{head}/>'
        )
    parts += [
        _box(boxes[name], centres[name], layout.top(name)) for name in centres if boxes[name].label
    ]
    return Drawing("".join(parts), layout.width, layout.height)


def _box(box: Box, centre: float, top: float) -> str:
    x, middle = centre - box.width / 2, top + BOX_HEIGHT / 2 + 4
    corner = 6 if box.kind in ("m", "m f", "p") else BOX_HEIGHT / 2
    label = escape(printable(box.label))
    detail = f' <tspan class="s">{escape(printable(box.detail))}</tspan>' if box.detail else ""
    return (
        f'<rect class="b {box.kind}" x="{x:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{BOX_HEIGHT}" rx="{corner}"/>'
        f'<text x="{centre:.1f}" y="{middle:.1f}" text-anchor="middle">{label}'
        f"{detail}</text>"
    )
