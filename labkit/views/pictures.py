"""Static pictures of a run as SVG and text, for saved notebooks without a kernel."""

from __future__ import annotations

from html import escape
from textwrap import wrap

import numpy as np
from numpy.typing import NDArray

from labkit.run import Run
from labkit.run.printable import printable, shortened
from labkit.views import still_graph, still_samples

_MAX_TEXT_LINE = 2_000
"""Maximum number of characters of a line of the text."""
_MAX_LINE = 200
"""Maximum number of characters of a line of a picture."""
_MAX_NAME = 80
_MAX_FAILURE = 1_000
"""Maximum numbers of characters of a name, and of the text of a failed operation."""
WIDTH, _HEIGHT = 720, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 56, 40
_MAX_POINTS = 800
_LETTERS = 105
"""Number of letters in a line of text."""
_STYLE = (
    "text{font-family:system-ui,sans-serif;font-size:12px;fill:#444}"
    ".t{font-size:14px;font-weight:600}.a{stroke:#999;fill:none}"
    ".l{stroke:#0072B2;stroke-width:1.5;fill:none}"
    "@media(prefers-color-scheme:dark){text{fill:#ccc}.l{stroke:#56B4E9}}"
)


def text(run: Run) -> str:
    """Return a summary of a run: the ends of each metric, the samples, and the graph as text."""
    lines = [f"labkit: {_title(run)}"]
    for name in (name for name in run.names() if "/" not in name):
        steps, values = run.series(name)
        if len(steps):
            lines.append(
                f"  {name}: {values[0]:.4g} at step {steps[0]:,}, "
                f"{values[-1]:.4g} at step {steps[-1]:,}"
            )
    lines += still_samples.lines(run)
    if run.graph is not None:
        lines += ["  graph:", *(f"    {line}" for line in run.graph.outline().splitlines())]
    # A message with a lone surrogate could not be sent.
    return "\n".join(shortened(line, _MAX_TEXT_LINE) for line in "\n".join(lines).split("\n"))


def svg(run: Run, kind: str) -> str:
    """Return the static picture of a view as SVG source.

    Parameters
    ----------
    run : Run
    kind : str
        Kind of the view: the graph for ``"graph"``, the newest samples for ``"samples"``, the loss
        curve for all others.
    """
    title = _title(run)
    if kind == "graph":
        return _graph_picture(run, title)
    if kind == "samples" and run.sample_log.series():
        body, bottom = still_samples.drawing(run, 48)
        return frame(title, bottom, body)
    if kind == "samples":
        return _text_picture(title, "No image, text or figure has been logged.")
    names = [name for name in run.names() if name == "loss" or name.startswith("loss/")]
    if not names or not len(run.series(names[0])[0]):
        return _text_picture(title, "No loss has been recorded yet.")
    return _curve_picture(title, names[0], *run.series(names[0]))


def _graph_picture(run: Run, title: str) -> str:
    if run.graph is None:
        return _text_picture(title, "No graph yet.")
    drawing = still_graph.draw(run.graph)
    if drawing is None:
        return _text_picture(title, run.graph.outline())
    scale = min(1.0, (WIDTH - 32) / drawing.width)
    body = (
        f'<style>{still_graph.STYLE}</style><defs><marker id="labkit-arrow" viewBox="0 0 8 8" '
        'refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0,0.5L8,4L0,7.5z" fill="#8a8a8a"/></marker></defs>'
        f'<g transform="translate({(WIDTH - drawing.width * scale) / 2:.1f},44) '
        f'scale({scale:.3f})">{drawing.body}</g>'
    )
    bottom = 56 + drawing.height * scale
    lines = [
        line
        for text in run.graph.failures
        for line in wrap(shortened(text, _MAX_FAILURE), _LETTERS)
    ]
    body += "".join(
        f'<text x="16" y="{bottom + 12 + 18 * row:.0f}">{escape(printable(line))}</text>'
        for row, line in enumerate(lines)
    )
    return frame(title, round(bottom + 18 * len(lines)), body)


def _title(run: Run) -> str:
    if run.steps == 0 and run.closed:
        return shortened(run.name, _MAX_NAME)
    return (
        f"{shortened(run.name, _MAX_NAME)}: {run.status}, {run.steps:,} steps on {run.model.device}"
    )


def frame(title: str, height: int, body: str) -> str:
    """Return SVG source with a title above a body that begins at a height of about 40."""
    label = escape(printable(title), quote=True)
    heading = escape(printable(title))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" role="img" aria-label="{label}">'
        f'<style>{_STYLE}</style><text class="t" x="16" y="26">{heading}</text>{body}</svg>'
    )


def _text_picture(title: str, content: str) -> str:
    lines = [shortened(line, _MAX_LINE) for line in content.splitlines()[:60]]
    body = "".join(
        f'<text x="16" y="{52 + 18 * row}" xml:space="preserve">{escape(line)}</text>'
        for row, line in enumerate(lines)
    )
    return frame(title, 60 + 18 * len(lines), body)


def _curve_picture(
    title: str, name: str, steps: NDArray[np.int64], values: NDArray[np.float32]
) -> str:
    stride = max(1, len(steps) // _MAX_POINTS)
    drawn = np.isfinite(values)
    drawn[:-1] &= np.arange(len(steps) - 1) % stride == 0
    if not drawn.any():
        return _text_picture(title, f"No finite {name} was recorded.")
    x, y = steps[drawn].astype(float), values[drawn].astype(float)
    low, high = float(y.min()), float(y.max())
    across = (x - x[0]) / max(1.0, x[-1] - x[0]) * (WIDTH - _LEFT - _RIGHT) + _LEFT
    down = _HEIGHT - _BOTTOM - (y - low) / (high - low or 1.0) * (_HEIGHT - _TOP - _BOTTOM)
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
    bottom, right = _HEIGHT - _BOTTOM, WIDTH - _RIGHT
    missing = int((~np.isfinite(values)).sum())
    note = f", {missing} not finite" if missing else ""
    body = (
        f'<path class="a" d="M{_LEFT} {_TOP}V{bottom}H{right}"/>'
        f'<polyline class="l" points="{points}"/>'
        f'<text x="{_LEFT - 6}" y="{_TOP + 4}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{bottom}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{_LEFT}" y="{bottom + 20}">{steps[0]:,}</text>'
        f'<text x="{right}" y="{bottom + 20}" text-anchor="end">step {steps[-1]:,}</text>'
        f'<text x="16" y="46">{escape(shortened(name, _MAX_NAME))}{note}</text>'
    )
    return frame(title, _HEIGHT, body)
