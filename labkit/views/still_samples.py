"""The newest logged samples of a run as SVG and text, for saved notebooks without a kernel."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html import escape
from textwrap import wrap

from labkit.run import LoggedSample, Run
from labkit.run.printable import printable, shortened

_WIDTH = 688
_MAX_IMAGES = 4
_MAX_SIDE = 220
"""Maximum width and height of an image, in pixels of the picture."""
_MAX_BYTES = 300_000
"""Maximum size of the files of the images, as a saved notebook contains them for each view."""
_MAX_TEXTS, _MAX_LINES, _LETTERS = 4, 6, 105
_MAX_NAME = 80
_LINE, _GAP = 18, 16


def lines(run: Run) -> list[str]:
    """Return one line on each name under which images, texts or figures were logged.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(prompt="a cat")
    >>> lines(run)
    ['  prompt: text, 1 step, the newest at step 0']
    """
    return [
        f"  {series.name}: {series.kind}, {len(series.steps):,} "
        f"{'step' if len(series.steps) == 1 else 'steps'}, the newest at step {series.steps[-1]:,}"
        for series in run.sample_log.series()
    ]


def drawing(run: Run, top: int) -> tuple[str, int]:
    """Return the newest sample of each name as elements of SVG, and where they end.

    Parameters
    ----------
    run : Run
    top : int
        Where they begin, in pixels from the upper end of the picture.
    """
    newest = [run.sample_log.at(series.name) for series in run.sample_log.series()]
    found = [sample for sample in newest if sample is not None]
    body, bottom = _images(list(_first_images(found)), top)
    for sample in [each for each in found if each.kind == "text"][:_MAX_TEXTS]:
        shown = wrap(f"{_title(sample)}: {sample.text[:2000]}", _LETTERS)[:_MAX_LINES]
        for line in shown:
            bottom += _LINE
            body += f'<text x="16" y="{bottom}">{escape(printable(line))}</text>'
    return body, bottom + _GAP


def _first_images(samples: list[LoggedSample]) -> Iterator[LoggedSample]:
    """Yield the first images that are not too large together."""
    room = _MAX_BYTES
    for sample in [each for each in samples if each.kind == "image"][:_MAX_IMAGES]:
        room -= len(sample.content)
        if room >= 0:
            yield sample


def _images(samples: list[LoggedSample], top: int) -> tuple[str, int]:
    """Return images in a row, each below its name, and where the tallest one ends."""
    body, bottom = "", top
    side = min(_MAX_SIDE, _WIDTH // max(1, len(samples)) - _GAP)
    for place, sample in enumerate(samples):
        left = 16 + place * (side + _GAP)
        scale = side / max(sample.width, sample.height)
        width, height = sample.width * scale, sample.height * scale
        address = "data:image/png;base64," + base64.b64encode(sample.content).decode("ascii")
        title = escape(printable(_title(sample)[: side // 6]))
        body += (
            f'<text x="{left}" y="{top + 12}">{title}</text>'
            f'<image x="{left}" y="{top + _LINE}" width="{width:.0f}" height="{height:.0f}" '
            f'style="image-rendering:pixelated" href="{address}"/>'
        )
        bottom = max(bottom, round(top + _LINE + height))
    return body, bottom


def _title(sample: LoggedSample) -> str:
    return f"{shortened(sample.name, _MAX_NAME)}, step {sample.step:,}"
