"""Static SVG of a computation graph with folded modules, in a layered (Sugiyama) layout."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape

from labkit.run import ComputationGraph, ModuleCall, Node
from labkit.run.printable import printable

MAX_BOXES = 40
"""Maximum number of boxes of a drawing."""

_LETTER_WIDTH = 6.9
_HEIGHT, _ROW, _GAP, _MARGIN = 30.0, 58.0, 22.0, 16.0
"""Height of a box, distance of layers, distance of boxes, and outer margin, in px."""
_SWEEPS = 6

STYLE = (
    ".b{fill:#fff;stroke:#9a9a9a}.m{fill:#f3f3f3}.p{stroke-dasharray:none;fill:#fff}"
    ".i,.c{stroke-dasharray:4 3}.o{stroke:#0072B2;stroke-width:2}.e{fill:none;stroke:#8a8a8a}"
    ".s{fill:#777;font-size:11px}.f{stroke:#C62828;stroke-width:2}"
    "@media(prefers-color-scheme:dark){.b{fill:#222;stroke:#777}.m{fill:#333}.s{fill:#aaa}"
    ".o{stroke:#56B4E9}.f{stroke:#FF8A80}}"
)
_KINDS = {"op": "", "parameter": "p", "input": "i", "output": "o", "cut": "c", "failed": "f"}


@dataclass(frozen=True)
class _Box:
    """A box of the drawing, or a dummy node (without a label) on an edge that spans layers."""

    label: str
    detail: str = ""
    kind: str = ""

    @property
    def width(self) -> float:
        if not self.label:
            return 0.0
        return 26 + _LETTER_WIDTH * (len(self.label) + (len(self.detail) + 1 if self.detail else 0))


@dataclass(frozen=True)
class Drawing:
    """SVG elements, and the size of the drawing in px."""

    body: str
    width: float
    height: float


def draw(graph: ComputationGraph) -> Drawing | None:
    """Return the folded graph as SVG; None if it has more than 40 boxes, none, or a cycle."""
    boxes, arrows = _fold(graph)
    if not boxes or len(boxes) > MAX_BOXES:
        return None
    layers = _layers(boxes, arrows)
    if layers is None:
        return None
    rows, links = _with_dummy_nodes(boxes, arrows, layers)
    _order(rows, links)
    centres = _centres(rows, boxes, links)
    return _write(rows, boxes, links, centres)


def _fold(graph: ComputationGraph) -> tuple[dict[str, _Box], set[tuple[str, str]]]:
    """Fold each node into its outermost module call; a single root call is not folded.

    Returns
    -------
    boxes : dict
        By the id of a module call or an unfolded node.
    arrows : set of (source, target)
    """
    calls = {call.id: call for call in graph.modules}
    roots = [call for call in graph.modules if call.parent is None]
    unfolded = {call.id for call in roots if len(roots) == 1}
    boxes: dict[str, _Box] = {}
    box_ids: dict[str, str] = {}
    for node in graph.nodes:
        call = _outermost(node.scope, calls, unfolded)
        box_id = box_ids[node.id] = call.id if call else node.id
        boxes.setdefault(box_id, _box_of_call(call) if call else _box_of_node(node))
        if call and node.kind == "failed":
            boxes[box_id] = replace(boxes[box_id], detail="failed", kind="m f")
    arrows = {(box_ids[edge.source], box_ids[edge.target]) for edge in graph.edges}
    return boxes, {(source, target) for source, target in arrows if source != target}


def _outermost(
    scope: str, calls: Mapping[str, ModuleCall], unfolded: set[str]
) -> ModuleCall | None:
    found: ModuleCall | None = None
    call = calls.get(scope)
    while call is not None and call.id not in unfolded:
        found = call
        call = calls.get(call.parent or "")
    return found


def _box_of_call(call: ModuleCall) -> _Box:
    name = call.path.rpartition(".")[2] or call.type
    times = f" (call {call.call})" if call.call > 1 else ""
    return _Box(name + times, call.type if call.path else "", "m")


def _box_of_node(node: Node) -> _Box:
    sizes = node.dims or map(str, node.shape or ())
    shape = "\N{MULTIPLICATION SIGN}".join(sizes)
    name = node.parameters[0].rpartition(".")[2] if node.parameters else node.op
    detail = " \N{MIDDLE DOT} ".join(filter(None, (node.role, shape)))
    return _Box(name, "failed" if node.kind == "failed" else detail, _KINDS[node.kind])


def _layers(boxes: Mapping[str, _Box], arrows: Iterable[tuple[str, str]]) -> dict[str, int] | None:
    """Assign each box to a layer below all its sources; sources are put just above their use.

    Returns
    -------
    dict or None
        Layer by box id, 0 at the top; None if the graph has a cycle.
    """
    import networkx

    whole: networkx.DiGraph[str] = networkx.DiGraph()
    whole.add_nodes_from(boxes)
    whole.add_edges_from(arrows)
    if not networkx.is_directed_acyclic_graph(whole):
        return None
    layers = {
        name: depth
        for depth, names in enumerate(networkx.topological_generations(whole))
        for name in names
    }
    for name in boxes:
        if not whole.in_degree(name) and whole.out_degree(name):
            layers[name] = min(layers[below] for below in whole.successors(name)) - 1
    return layers


Links = list[tuple[str, str]]


def _with_dummy_nodes(
    boxes: dict[str, _Box], arrows: Iterable[tuple[str, str]], layers: Mapping[str, int]
) -> tuple[list[list[str]], Links]:
    """Return the box ids of each layer, and the links between adjacent layers.

    An arrow that spans several layers is divided by dummy nodes, which are added to `boxes`.
    """
    rows: list[list[str]] = [[] for _ in range(max(layers.values()) + 1)]
    for name in boxes:
        rows[layers[name]].append(name)
    links = []
    for source, target in sorted(arrows):
        last = source
        for depth in range(layers[source] + 1, layers[target]):
            dummy = f"{source}>{target}@{depth}"
            boxes[dummy] = _Box("")
            rows[depth].append(dummy)
            links.append((last, dummy))
            last = dummy
        links.append((last, target))
    return rows, links


def _order(rows: list[list[str]], links: Links) -> None:
    """Sort each layer by the barycentres of its neighbours, to reduce crossings."""
    above, below = _neighbours(links)
    for sweep in range(_SWEEPS):
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            positions = {name: float(index) for each in rows for index, name in enumerate(each)}
            barycentres = {name: _mean(neighbours.get(name, [name]), positions) for name in row}
            row.sort(key=barycentres.__getitem__)


def _centres(rows: list[list[str]], boxes: Mapping[str, _Box], links: Links) -> dict[str, float]:
    """Return the horizontal centre of each box, in px: near its neighbours, without overlaps."""
    above, below = _neighbours(links)
    centres: dict[str, float] = {}
    for row in rows:
        _place_row(row, boxes, dict.fromkeys(row, 0.0), centres)
    for sweep in range(_SWEEPS):
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            preferred = {name: _mean(neighbours.get(name, [name]), centres) for name in row}
            _place_row(row, boxes, preferred, centres)
    return centres


def _place_row(
    row: list[str],
    boxes: Mapping[str, _Box],
    preferred: Mapping[str, float],
    centres: dict[str, float],
) -> None:
    """Set the centres of a layer close to the preferred ones, in order and without overlaps."""
    edge = -float("inf")
    for name in row:
        half = boxes[name].width / 2
        centres[name] = max(preferred[name], edge + half)
        edge = centres[name] + half + _GAP
    shift = sum(preferred[name] - centres[name] for name in row) / len(row)
    for name in row:
        centres[name] += shift


def _mean(names: list[str], positions: Mapping[str, float]) -> float:
    return sum(positions[name] for name in names) / len(names)


def _neighbours(links: Links) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Return the neighbours of each box in the layer above, and in the layer below."""
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for source, target in links:
        above.setdefault(target, []).append(source)
        below.setdefault(source, []).append(target)
    return above, below


def _write(
    rows: list[list[str]],
    boxes: Mapping[str, _Box],
    links: Links,
    centres: Mapping[str, float],
) -> Drawing:
    depths = {name: depth for depth, row in enumerate(rows) for name in row}
    left = min(centres[name] - boxes[name].width / 2 for name in centres) - _MARGIN
    right = max(centres[name] + boxes[name].width / 2 for name in centres) + _MARGIN
    parts = []
    for source, target in links:
        x1, x2 = centres[source] - left, centres[target] - left
        y1 = depths[source] * _ROW + (_HEIGHT if boxes[source].label else _HEIGHT / 2)
        y2 = depths[target] * _ROW + (0 if boxes[target].label else _HEIGHT / 2)
        middle = (y1 + y2) / 2
        head = ' marker-end="url(#labkit-arrow)"' if boxes[target].label else ""
        parts.append(
            f'<path class="e" d="M{x1:.1f},{y1:.1f}C{x1:.1f},{middle:.1f} {x2:.1f},{middle:.1f} '
            f'{x2:.1f},{y2:.1f}"{head}/>'
        )
    parts += [
        _box(boxes[name], centres[name] - left, depths[name] * _ROW)
        for name in centres
        if boxes[name].label
    ]
    return Drawing("".join(parts), right - left, len(rows) * _ROW - _ROW + _HEIGHT + _MARGIN)


def _box(box: _Box, centre: float, top: float) -> str:
    x, middle = centre - box.width / 2, top + _HEIGHT / 2 + 4
    corner = 6 if box.kind in ("m", "m f", "p") else _HEIGHT / 2
    label = escape(printable(box.label))
    detail = f' <tspan class="s">{escape(printable(box.detail))}</tspan>' if box.detail else ""
    return (
        f'<rect class="b {box.kind}" x="{x:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{_HEIGHT}" rx="{corner}"/>'
        f'<text x="{centre:.1f}" y="{middle:.1f}" text-anchor="middle">{label}'
        f"{detail}</text>"
    )
