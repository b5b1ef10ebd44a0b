"""Places for the packages of a floor: every arrow points down, and boxes of one row stand apart."""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

import networkx as nx

from docs.architecture.packages import Arrow, Floor

_SWEEPS = 12
_BEND_WIDTH = 10.0


@dataclass
class Layout:
    """Where the packages are, and through which points the arrows go.

    Attributes
    ----------
    rows : list of list of str
        The packages of each row, from top to bottom, and bends of arrows that pass between them.
    middles : dict of str to float
        The middle of each package and bend along its row.
    paths : dict of Arrow to list of str
        The package, the bends and the package that an arrow goes through.
    """

    rows: list[list[str]]
    middles: dict[str, float] = field(default_factory=dict)
    paths: dict[Arrow, list[str]] = field(default_factory=dict)

    def row(self, name: str) -> int:
        """Return the number of the row of a package or bend, from the top."""
        return next(number for number, row in enumerate(self.rows) if name in row)


def place(floor: Floor, width: float, gap: float) -> Layout:
    """Return the layout of a floor.

    Parameters
    ----------
    floor : Floor
    width, gap : float
        The width of a box, and the least gap between two of a row.
    """
    graph = nx.DiGraph(floor.arrows)
    graph.add_nodes_from(package.name for package in floor.packages)
    layout = _with_bends(_ranks(graph), floor.arrows)
    neighbours = _neighbours(layout)
    widths = {package.name: width for package in floor.packages}
    for row in layout.rows:
        _pack(row, layout.middles, widths, gap)
    for sweep in range(_SWEEPS):
        rows = layout.rows if sweep % 2 else layout.rows[::-1]
        for row in rows:
            wanted = {name: _mean(neighbours[name], layout.middles, name) for name in row}
            row.sort(key=lambda name: (wanted[name], name))
            layout.middles.update(wanted)
            _pack(row, layout.middles, widths, gap)
    left = min(
        middle - widths.get(name, _BEND_WIDTH) / 2 for name, middle in layout.middles.items()
    )
    layout.middles = {name: middle - left for name, middle in layout.middles.items()}
    return layout


def _ranks(graph: nx.DiGraph) -> dict[str, int]:
    """Return the row of each package; one without arrows is in the last."""
    lengths: dict[str, int] = {}
    for name in reversed(list(nx.lexicographical_topological_sort(graph))):
        lengths[name] = max((lengths[below] + 1 for below in graph[name]), default=0)
    deepest = max(lengths.values())
    return {name: deepest - length for name, length in lengths.items()}


def _with_bends(ranks: dict[str, int], arrows: tuple[Arrow, ...]) -> Layout:
    layout = Layout([[] for _ in range(max(ranks.values()) + 1)])
    for name in sorted(ranks):
        layout.rows[ranks[name]].append(name)
    for source, target in arrows:
        path = [source]
        for rank in range(ranks[source] + 1, ranks[target]):
            path.append(f"{source} > {target} {rank}")
            layout.rows[rank].append(path[-1])
        layout.paths[source, target] = [*path, target]
    layout.middles = {name: float(place) for row in layout.rows for place, name in enumerate(row)}
    return layout


def _neighbours(layout: Layout) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for path in layout.paths.values():
        for above, below in itertools.pairwise(path):
            found[above].append(below)
            found[below].append(above)
    return found


def _mean(names: list[str], middles: dict[str, float], name: str) -> float:
    return sum(middles[other] for other in names) / len(names) if names else middles[name]


def _pack(row: list[str], middles: dict[str, float], widths: dict[str, float], gap: float) -> None:
    """Move the boxes of a row apart where they overlap, as little to the left as to the right."""
    halves = [widths.get(name, _BEND_WIDTH) / 2 for name in row]
    distances = [a + b + gap for a, b in itertools.pairwise(halves)]
    rightward, leftward = [middles[name] for name in row], [middles[name] for name in row]
    for place, distance in enumerate(distances):
        rightward[place + 1] = max(rightward[place + 1], rightward[place] + distance)
    for place, distance in reversed(list(enumerate(distances))):
        leftward[place] = min(leftward[place], leftward[place + 1] - distance)
    for name, right, left in zip(row, rightward, leftward, strict=True):
        middles[name] = (right + left) / 2
