"""The picture of the architecture, as SVG in light and dark colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from docs.architecture.layout import Layout, place
from docs.architecture.packages import ROOT, Arrow, Floor, Package

PICTURE = ROOT / "docs" / "architecture.svg"

_BOX, _GAP, _HEIGHT, _ROW = 112.0, 18.0, 44.0, 76.0
_MARGIN, _TITLE = 16.0, 40.0
_STYLE = """
svg { font: 12px system-ui, sans-serif; --page: #fff; --floor: #f3f4f6; --box: #fff;
  --line: #6b7280; --text: #111827; --dim: #4b5563; background: var(--page); }
@media (prefers-color-scheme: dark) { svg { --page: #0d1117; --floor: #161b22; --box: #21262d;
  --line: #8b949e; --text: #f0f6fc; --dim: #b1bac4; } }
.page { fill: var(--page); } .floor { fill: var(--floor); }
.package rect { fill: var(--box); stroke: var(--line); }
text { fill: var(--text); text-anchor: middle; } .title { font-weight: 600; font-size: 14px; }
.name { font-weight: 600; } .small { fill: var(--dim); font-size: 10px; }
.arrow { fill: none; stroke: var(--line); stroke-width: 1.3; marker-end: url(#head); }
#head path { fill: var(--line); }
"""
_HEAD = """<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7"
  markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z"/></marker></defs>"""
_ABOUT = (
    "The packages of labkit, of labkit/capture and of the frontend; an arrow goes from a package "
    "to one that it imports, and arrows that follow from others are left out"
)


def draw(floors: Iterable[Floor]) -> str:
    """Return the picture, the same for the same floors.

    Each package and arrow carries its data: ``data-package``, ``data-files``, ``data-lines``;
    ``data-arrow``.
    """
    columns = [_Column(), _Column()]
    for floor in floors:
        min(columns, key=lambda column: column.height).add(floor)
    width = 3 * _MARGIN + sum(column.width for column in columns)
    height = _MARGIN + max(column.height for column in columns)
    size = f'width="{width:.0f}" height="{height:.0f}"'
    box = f'viewBox="0 0 {width:.0f} {height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} {size} role="img" aria-label="{_ABOUT}">',
        f"<style>{_STYLE}</style>",
        _HEAD,
        f'<rect class="page" {size}/>',
        *columns[0].draw(_MARGIN),
        *columns[1].draw(2 * _MARGIN + columns[0].width),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


@dataclass
class _Column:
    """Floors below each other."""

    floors: list[tuple[Floor, Layout, float]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0

    def add(self, floor: Floor) -> None:
        layout = place(floor, _BOX, _GAP)
        right = max(layout.middles.values()) + _BOX / 2
        self.floors.append((floor, layout, _MARGIN + self.height))
        self.width = max(self.width, right + 2 * _MARGIN)
        self.height += _MARGIN + _floor_height(layout)

    def draw(self, left: float) -> Iterator[str]:
        for floor, layout, top in self.floors:
            yield f'<g transform="translate({left:.0f} {top:.0f})">'
            yield (
                f'<rect class="floor" width="{self.width:.0f}" '
                f'height="{_floor_height(layout):.0f}" rx="10"/>'
                f'<text class="title" x="{self.width / 2:.0f}" y="26">{escape(floor.title)}</text>'
            )
            for arrow in floor.arrows:
                yield _arrow(arrow, layout)
            for package in floor.packages:
                yield from _box(package, _left(layout, package.name), _top(layout, package.name))
            yield "</g>"


def _floor_height(layout: Layout) -> float:
    return _TITLE + _ROW * len(layout.rows) - (_ROW - _HEIGHT) + _MARGIN


def _box(package: Package, left: float, top: float) -> Iterator[str]:
    middle = left + _BOX / 2
    files = "1 file" if package.files == 1 else f"{package.files} files"
    yield (
        f'<g class="package" data-package={quoteattr(package.name)} data-files="{package.files}" '
        f'data-lines="{package.lines}">'
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{_BOX:.0f}" height="{_HEIGHT:.0f}" rx="6"/>'
        f'<text class="name" x="{middle:.1f}" y="{top + 19:.1f}">{escape(package.name)}</text>'
        f'<text class="small" x="{middle:.1f}" y="{top + 34:.1f}">'
        f"{files}, {package.lines:,} lines</text>"
    )
    if package.parts:
        yield f"<title>{escape(', '.join(package.parts))}</title>"
    yield "</g>"


def _arrow(arrow: Arrow, layout: Layout) -> str:
    path = layout.paths[arrow]
    x, y = _end(arrow, layout, 0), _top(layout, path[0]) + _HEIGHT
    points = [f"M{x:.1f} {y:.1f}"]
    for name in path[1:]:
        last = name == path[-1]
        to = _end(arrow, layout, 1) if last else layout.middles[name] + _MARGIN
        below = _top(layout, name)
        half = (y + below) / 2
        points.append(f"C{x:.1f} {half:.1f} {to:.1f} {half:.1f} {to:.1f} {below:.1f}")
        x, y = to, below
        if not last:
            y = below + _HEIGHT
            points.append(f"V{y:.1f}")
    return f'<path class="arrow" data-arrow={quoteattr(" > ".join(arrow))} d="{"".join(points)}"/>'


def _end(arrow: Arrow, layout: Layout, side: int) -> float:
    """Return where along its box an arrow begins (side 0) or ends (side 1)."""
    beside = 1 if side == 0 else -2
    others = sorted(
        (path for ends, path in layout.paths.items() if ends[side] == arrow[side]),
        key=lambda path: layout.middles[path[beside]],
    )
    part = (others.index(layout.paths[arrow]) + 1) / (len(others) + 1)
    return _left(layout, arrow[side]) + _BOX * part


def _left(layout: Layout, name: str) -> float:
    return layout.middles[name] - _BOX / 2 + _MARGIN


def _top(layout: Layout, name: str) -> float:
    return _TITLE + _ROW * layout.row(name)
