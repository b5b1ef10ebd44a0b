"""Activations of a run as SVG: the newest picture of a module, and statistics of all modules."""

from __future__ import annotations

import base64

from labkit.run import Run
from labkit.run.activations import Picture
from labkit.run.logged.png import encode
from labkit.views.still.panel_colours import panel_colours
from labkit.views.still.sheet import INSET, LINE, ROOM, Section, label

_MAX_PANELS = 8
_MAX_ROWS = 20
_GAP = 8
_MAX_HEIGHT = 160
_ORDER = ("maps", "attention", "states", "gates", "units", "kernels", "time_gradient")
_TITLES = {
    "maps": "Feature maps",
    "attention": "Attention",
    "states": "Hidden state",
    "gates": "Gates",
    "units": "Units",
    "kernels": "Kernels",
    "time_gradient": "Gradient through time",
}
_STATISTICS = (
    ("mean", "act_mean", 330),
    ("standard deviation", "act_std", 480),
    ("dead", "act_dead", 580),
    ("saturated", "act_saturated", 688),
)


def activations(run: Run) -> list[Section]:
    """Return the newest picture, and the statistics; a sentence if nothing was recorded."""
    subjects = sorted(run.activations.subjects(), key=lambda each: _ORDER.index(each[1]))
    sections = []
    picture = run.activations.at(*subjects[0]) if subjects else None
    if picture is not None and picture.range is not None:
        sections.append(_panels(picture))
    table = _statistics(run)
    if table is not None:
        sections.append(table)
    return sections or [Section(label(INSET, 14, "No activations have been recorded."), LINE)]


def _panels(picture: Picture) -> Section:
    shown = picture.values[:_MAX_PANELS]
    width = min(_MAX_HEIGHT, (ROOM + _GAP) / len(shown) - _GAP)
    if len(shown) == 1:
        width = ROOM
    height = min(_MAX_HEIGHT, max(12.0, width * shown.shape[1] / max(1, shown.shape[2])))
    what = f"{_TITLES[picture.kind]} of {picture.module or 'the model'}, step {picture.step:,}"
    more = f", {len(shown)} of {len(picture.values)}" if len(picture.values) > len(shown) else ""
    colours = panel_colours(picture)
    body = label(INSET, 14, f"{what}{more}", ROOM - 260, kind="k")
    scales = {each.words for each in colours[: len(shown)]}
    words = scales.pop() if len(scales) == 1 else "gates 0 to 1; others on scales of their own"
    body += label(INSET + ROOM, 14, words, 260, "u", "end")
    for place, values in enumerate(shown):
        left = INSET + place * (width + _GAP)
        address = base64.b64encode(encode(colours[place].of(values))).decode("ascii")
        body += (
            f'<image x="{left:.1f}" y="24" width="{width:.1f}" height="{height:.1f}" '
            f'preserveAspectRatio="none" style="image-rendering:pixelated" '
            f'href="data:image/png;base64,{address}"/>'
        )
        name = picture.panels[place] if place < len(picture.panels) else str(place)
        body += label(left, 24 + height + 13, name, width, "u")
    return Section(body, 24 + height + LINE)


def _statistics(run: Run) -> Section | None:
    """Return the newest statistics of each module as a table."""
    found: dict[str, dict[str, str]] = {}
    for _, kind, _ in _STATISTICS:
        for name in run.names():
            if name.startswith(f"{kind}/") and len(values := run.series(name)[1]):
                is_share = kind in ("act_dead", "act_saturated")
                shown = f"{values[-1]:.0%}" if is_share else f"{values[-1]:.3g}"
                found.setdefault(name.removeprefix(f"{kind}/"), {})[kind] = shown
    if not found:
        return None
    body = label(INSET, 14, "module", kind="k")
    body += "".join(label(INSET + x, 14, title, 140, "k", "end") for title, _, x in _STATISTICS)
    for place, (module, row) in enumerate(list(found.items())[:_MAX_ROWS]):
        y = 14 + LINE * (place + 1)
        body += label(INSET, y, module or "(model)", 260)
        body += "".join(
            label(INSET + x, y, row.get(kind, ""), 100, anchor="end") for _, kind, x in _STATISTICS
        )
    height = LINE * (min(len(found), _MAX_ROWS) + 1)
    if len(found) > _MAX_ROWS:
        body += label(INSET, height + 14, f"and {len(found) - _MAX_ROWS} more", kind="u")
        height += LINE
    return Section(body, height)
