"""A table of the modules of a run as SVG."""

from __future__ import annotations

from labkit.run import Run
from labkit.views.still.norms import layer_norms
from labkit.views.still.sheet import INSET, LINE, Section, label

_MAX_ROWS, _MAX_LAYERS = 30, 1_000
_COLUMNS = (("module", 0, 175), ("class", 185, 130), ("parameters", 380, 80))
_NUMBERS = (
    ("gradient norm", "grad_norm", 492),
    ("weight norm", "weight_norm", 590),
    ("update ratio", "update_ratio", 688),
)


def layers(run: Run) -> Section:
    """Return the modules with their sizes and newest norms; a sentence if no graph is known."""
    graph = run.graph
    if graph is None or not graph.modules:
        return Section(label(INSET, 14, "No modules are known yet."), LINE)
    modules = list({module.path: module for module in graph.modules}.values())
    body = "".join(
        label(INSET + x, 14, title, kind="k", anchor="end" if title == "parameters" else "")
        for title, x, _ in _COLUMNS
    )
    body += "".join(label(INSET + x, 14, title, 98, "k", "end") for title, _, x in _NUMBERS)
    newest = {kind: _newest(run, kind) for _, kind, _ in _NUMBERS}
    for place, module in enumerate(modules[:_MAX_ROWS]):
        y = 14 + LINE * (place + 1)
        body += label(INSET, y, module.path or "(model)", 175)
        body += label(INSET + 185, y, module.type, 130)
        body += label(INSET + 380, y, f"{module.parameters:,}", 80, anchor="end")
        body += "".join(
            label(INSET + x, y, newest[kind].get(module.path, ""), 85, anchor="end")
            for _, kind, x in _NUMBERS
        )
    height = LINE * (min(len(modules), _MAX_ROWS) + 1)
    if len(modules) > _MAX_ROWS:
        body += label(INSET, height + 14, f"and {len(modules) - _MAX_ROWS} more", kind="u")
        height += LINE
    return Section(body, height)


def _newest(run: Run, kind: str) -> dict[str, str]:
    """Return the newest value of each layer that has parameters of its own."""
    norms = layer_norms(run, kind, max_rows=_MAX_LAYERS)
    if norms is None:
        return {}
    return {
        name: f"{known[-1]:.3g}"
        for name, row in zip(norms.names, norms.values, strict=True)
        if len(known := row[row == row])  # noqa: PLR0124 - NaN is not equal to itself
    }
