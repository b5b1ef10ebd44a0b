"""Static SVG of a computation graph with folded modules."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from labkit.run import ComputationGraph
from labkit.run.graph_layout import BOX_HEIGHT, Box, GraphLayout, graph_layout
from labkit.run.printable import printable

MAX_BOXES = 40
"""Maximum number of boxes of a drawing."""

STYLE = (
    ".b{fill:#fff;stroke:#9a9a9a}.m{fill:#f3f3f3}.p{stroke-dasharray:none;fill:#fff}"
    ".i,.c{stroke-dasharray:4 3}.o{stroke:#0072B2;stroke-width:2}.e{fill:none;stroke:#8a8a8a}"
    ".s{fill:#777;font-size:11px}.f{stroke:#C62828;stroke-width:2}"
    "@media(prefers-color-scheme:dark){.b{fill:#222;stroke:#777}.m{fill:#333}.s{fill:#aaa}"
    ".o{stroke:#56B4E9}.f{stroke:#FF8A80}}"
)


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
