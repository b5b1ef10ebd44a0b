"""A layered (Sugiyama) layout of a computation graph whose modules are folded into boxes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.parts import ModuleCall, Node
from labkit.run.optional import import_optional
from labkit.run.printable import shortened

BOX_HEIGHT, ROW_DISTANCE = 30.0, 58.0
"""Height of a box and distance of the layers, in px."""
MARGIN = 16.0
"""Outer margin, in px."""
_LETTER_WIDTH, _GAP = 6.9, 22.0
"""Width of a letter and distance of boxes, in px."""
_MAX_LETTERS = 60
"""Maximum number of letters of a name, and of a class or shape, in a box."""
_SWEEPS = 6
_KINDS = {"op": "", "parameter": "p", "input": "i", "output": "o", "cut": "c", "failed": "f"}


@dataclass(frozen=True)
class Box:
    """A box of the drawing, or a dummy node (without a label) on an edge that spans layers.

    Attributes
    ----------
    label, detail : str
        Its name, and its class or shape.
    kind : str
        ``"m"`` for a module call, ``"p"`` parameter, ``"i"`` input, ``"o"`` output, ``"c"`` cut,
        ``"f"`` failed, ``"m f"`` for a module call with a failed operation, ``""`` for an
        operation.
    """

    label: str
    detail: str = ""
    kind: str = ""

    @property
    def width(self) -> float:
        """Width in px."""
        if not self.label:
            return 0.0
        return 26 + _LETTER_WIDTH * (len(self.label) + (len(self.detail) + 1 if self.detail else 0))


Links = list[tuple[str, str]]


@dataclass(frozen=True)
class GraphLayout:
    """The places of the boxes of a graph, in px from the top left corner.

    Attributes
    ----------
    boxes : mapping of str to Box
        By id: that of a module call, of a node, or of a dummy node.
    centres : mapping of str to float
        Horizontal centre of each box.
    rows : mapping of str to int
        Number of the layer of each box, 0 at the top.
    links : list of (source, target)
        Ids of boxes in adjacent layers.
    width, height : float
        Size with margins.
    """

    boxes: Mapping[str, Box]
    centres: Mapping[str, float]
    rows: Mapping[str, int]
    links: Links
    width: float
    height: float

    def top(self, name: str) -> float:
        """Return the upper edge of a box."""
        return self.rows[name] * ROW_DISTANCE

    def ends(self, source: str, target: str) -> tuple[float, float]:
        """Return the heights at which the link between two boxes begins and ends."""
        begin = BOX_HEIGHT if self.boxes[source].label else BOX_HEIGHT / 2
        end = 0 if self.boxes[target].label else BOX_HEIGHT / 2
        return self.top(source) + begin, self.top(target) + end


def graph_layout(graph: ComputationGraph, max_boxes: int, depth: int = 1) -> GraphLayout | None:
    """Return the places of the boxes of a graph.

    Parameters
    ----------
    graph : ComputationGraph
    max_boxes : int
    depth : int
        Level of the module calls that are drawn as boxes: 1 for those within the model, 2 for those
        within these. Operations outside are boxes of their own.

    Returns
    -------
    GraphLayout or None
        None if there are more boxes, or none, or if the folded graph has a cycle.
    """
    boxes, arrows = _fold(graph, depth)
    if not boxes or len(boxes) > max_boxes:
        return None
    layers = _layers(boxes, arrows)
    if layers is None:
        return None
    rows, links = _with_dummy_nodes(boxes, arrows, layers)
    _order(rows, links)
    centres = _centres(rows, boxes, links)
    left = min(centres[name] - boxes[name].width / 2 for name in centres) - MARGIN
    right = max(centres[name] + boxes[name].width / 2 for name in centres) + MARGIN
    return GraphLayout(
        boxes,
        {name: centre - left for name, centre in centres.items()},
        {name: row for row, names in enumerate(rows) for name in names},
        links,
        right - left,
        len(rows) * ROW_DISTANCE - ROW_DISTANCE + BOX_HEIGHT + MARGIN,
    )


def module_levels(graph: ComputationGraph) -> dict[str, int]:
    """Return the level of each module call, by id; 0 for a call that contains all others."""
    roots = [call for call in graph.modules if call.parent is None]
    first = 0 if len(roots) == 1 else 1
    levels: dict[str, int] = {}
    for call in graph.modules:
        levels[call.id] = first if call.parent is None else levels.get(call.parent, first) + 1
    return levels


def _fold(graph: ComputationGraph, depth: int) -> tuple[dict[str, Box], set[tuple[str, str]]]:
    """Fold each node into its outermost module call of a level of at least `depth`.

    Returns
    -------
    boxes : dict
        By the id of a module call or an unfolded node.
    arrows : set of (source, target)
    """
    calls = {call.id: call for call in graph.modules}
    unfolded = {id for id, level in module_levels(graph).items() if level < depth}
    boxes: dict[str, Box] = {}
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


def _box_of_call(call: ModuleCall) -> Box:
    name = call.path.rpartition(".")[2] or call.type
    times = f" (call {call.call})" if call.call > 1 else ""
    kind = shortened(call.type, _MAX_LETTERS) if call.path else ""
    return Box(shortened(name, _MAX_LETTERS) + times, kind, "m")


def _box_of_node(node: Node) -> Box:
    sizes = node.dims or map(str, node.shape or ())
    shape = "\N{MULTIPLICATION SIGN}".join(sizes)
    name = node.parameters[0].rpartition(".")[2] if node.parameters else node.op
    detail = " \N{MIDDLE DOT} ".join(filter(None, (node.role, shape)))
    text = "failed" if node.kind == "failed" else shortened(detail, _MAX_LETTERS)
    return Box(shortened(name, _MAX_LETTERS), text, _KINDS[node.kind])


def _layers(boxes: Mapping[str, Box], arrows: Iterable[tuple[str, str]]) -> dict[str, int] | None:
    """Assign each box to a layer below all its sources; sources are put just above their use.

    Returns
    -------
    dict or None
        Layer by box id, 0 at the top; None if the graph has a cycle.
    """
    networkx = import_optional("networkx", needed_by="the picture of a graph")
    whole = networkx.DiGraph()
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


def _with_dummy_nodes(
    boxes: dict[str, Box], arrows: Iterable[tuple[str, str]], layers: Mapping[str, int]
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
            boxes[dummy] = Box("")
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


def _centres(rows: list[list[str]], boxes: Mapping[str, Box], links: Links) -> dict[str, float]:
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
    boxes: Mapping[str, Box],
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
