"""The static picture of each view of a run, and the text of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from labkit.run import Run
from labkit.run.printable import printable
from labkit.views.still import findings, norms, samples
from labkit.views.still.activations import activations
from labkit.views.still.curves import curves, names_of, summary
from labkit.views.still.graph import graph_section
from labkit.views.still.layers import layers
from labkit.views.still.sheet import Section, drawn_at, paragraph, sheet

_MAX_LINE, _MAX_LINES, _MAX_NAMES = 200, 120, 50
"""Maximum number of characters of a line of text, of lines, and of metrics."""
_GRAPH_HEIGHT, _DASHBOARD_GRAPH_HEIGHT = 1600, 420
_DASHBOARD_IMAGE_BYTES = 60_000
_DASHBOARD_FINDINGS, _MAX_FINDINGS = 4, 12
_GRADIENTS = "Gradient norms by layer"


def revision(run: Run) -> object:
    """Return what the pictures and the text of a run depend on; equal if they are the same."""
    logged = [(series.name, series.logged) for series in run.sample_log.series()]
    rows = {id: table.total for id, table in run.tables.items()}
    others = run.activations.total, len(run.graph_history), len(run.findings_history)
    return run.steps, run.status, run.message, rows, others, logged


def text(run: Run) -> str:
    """Return a run as text: metrics, gradient norms, findings, samples, and the graph."""
    lines = [f"labkit: {_heading(run)}"]
    names = names_of(run)
    lines += [f"  {name}: {summary(run, name)}" for name in names[:_MAX_NAMES]]
    if len(names) > _MAX_NAMES:
        lines.append(f"  and {len(names) - _MAX_NAMES} more")
    lines += norms.text(run)
    if run.steps or run.findings:
        lines += findings.text(run)
    lines += samples.lines(run)
    if run.graph is not None:
        lines += ["  graph:", *(f"    {line}" for line in run.graph.outline().splitlines())]
    return _bounded(lines)


def _bounded(lines: list[str]) -> str:
    """Return lines as a text of bounded size, without what could not be sent."""
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], f"… {len(lines) - _MAX_LINES + 1:,} more lines"]
    cut = (line if len(line) <= _MAX_LINE else f"{line[:_MAX_LINE]} …" for line in lines)
    return printable("\n".join(cut))


def svg(run: Run, kind: str) -> str:
    """Return the static picture of a view as SVG source.

    Parameters
    ----------
    run : Run
    kind : str
        Kind of the view.
    """
    sections = _SECTIONS.get(kind, _curve_sections)
    return sheet(run.name, _details(run), sections(run))


def walk_svg(run: Run, outline: str) -> str:
    """Return the picture of a stepper: its graph, and the walk as text."""
    lines = _bounded(outline.splitlines()[:_MAX_LINES]).splitlines()
    return sheet(run.name, "", [graph_section(run.graph, _GRAPH_HEIGHT), paragraph(lines)])


def _curve_sections(run: Run) -> list[Section]:
    return [curves(run)]


def _norm_sections(run: Run) -> list[Section]:
    titles = {
        "grad_norm": _GRADIENTS,
        "weight_norm": "Weight norms by layer",
        "update_ratio": "Largest update ratios by layer",
    }
    found = [norms.heat_map(run, kind, title) for kind, title in titles.items()]
    known = [section for section in found if section is not None]
    return known or [paragraph(["No gradients have been recorded yet."])]


def _dashboard_sections(run: Run) -> list[Section | None]:
    has_samples = bool(run.sample_log.series())
    return [
        curves(run),
        norms.heat_map(run, "grad_norm", _GRADIENTS),
        findings.findings(run, _DASHBOARD_FINDINGS, with_advice=False) if run.steps else None,
        samples.samples(run, _DASHBOARD_IMAGE_BYTES) if has_samples else None,
        graph_section(run.graph, _DASHBOARD_GRAPH_HEIGHT, "Computation graph"),
    ]


_SECTIONS: dict[str, Callable[[Run], Iterable[Section | None]]] = {
    "graph": lambda run: [graph_section(run.graph, _GRAPH_HEIGHT)],
    "samples": lambda run: [samples.samples(run)],
    "gradients": _norm_sections,
    "findings": lambda run: [findings.findings(run, _MAX_FINDINGS, with_advice=True)],
    "layers": lambda run: [layers(run)],
    "activations": activations,
    "dashboard": _dashboard_sections,
}
"""The contents of each kind of view; of all others the curves."""


def _heading(run: Run) -> str:
    if _is_only_a_graph(run):
        return run.name
    return f"{run.name}: {run.status}, {run.steps:,} steps on {run.model.device}"


def _details(run: Run) -> str:
    """Return status, steps, device, and the time at which the picture is drawn."""
    if _is_only_a_graph(run):
        return ""
    status = f"{run.status} ({run.message})" if run.message else run.status
    of = "" if run.total_steps is None else f" of {run.total_steps:,}"
    epoch = "" if run.epoch is None else f", epoch {run.epoch}"
    steps = f"{run.steps:,}{of} steps{epoch} on {run.model.device}"
    return f"{status}, {steps}, {drawn_at()}"


def _is_only_a_graph(run: Run) -> bool:
    return run.steps == 0 and run.closed and not run.tables
