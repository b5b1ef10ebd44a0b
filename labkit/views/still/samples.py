"""The newest logged samples of a run as SVG and text, for saved notebooks without a kernel."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from labkit.run import LoggedSample, Run
from labkit.run.printable import shortened
from labkit.views.still.sheet import INSET, LINE, ROOM, Section, label
from labkit.views.still.sheet import lines as text_lines

_MAX_IMAGES = 4
_MAX_SIDE = 220
"""Maximum width and height of an image, in pixels of the picture."""
_MAX_BYTES = 300_000
"""Maximum size of the files of the images, as a saved notebook contains them for each view."""
_MAX_NAME = 80
_MAX_TEXTS, _MAX_LINES, _LETTERS = 4, 6, 100
_GAP, _BEFORE_TEXT = 16, 4


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


def samples(run: Run, max_bytes: int = _MAX_BYTES) -> Section:
    """Return the newest sample of each name.

    Parameters
    ----------
    run : Run
    max_bytes : int
        Maximum size of the files of the images.
    """
    newest = [run.sample_log.at(series.name) for series in run.sample_log.series()]
    found = [sample for sample in newest if sample is not None]
    if not found:
        return Section(label(INSET, 14, "No image, text or figure has been logged."), LINE)
    images = list(_first_images(found, max_bytes))
    texts = [each for each in found if each.kind == "text"][:_MAX_TEXTS]
    body, bottom = _images(images)
    for sample in texts:
        bottom += _BEFORE_TEXT
        for line in text_lines(f"{_title(sample)}: {sample.text[:2000]}", _LETTERS, _MAX_LINES):
            bottom += LINE
            body += label(INSET, bottom - 4, line)
    shown = {each.name for each in (*images, *texts)}
    absent = [f"{each.name} ({each.kind})" for each in found if each.name not in shown]
    if absent:
        bottom += LINE
        body += label(INSET, bottom - 4, f"Not in this picture: {', '.join(absent)}", kind="u")
    return Section(body, bottom)


def _first_images(samples: list[LoggedSample], room: int) -> Iterator[LoggedSample]:
    """Yield the first images that are not too large together."""
    places = _MAX_IMAGES
    for sample in samples:
        if sample.kind == "image" and len(sample.content) <= room and places > 0:
            room -= len(sample.content)
            places -= 1
            yield sample


def _images(samples: list[LoggedSample]) -> tuple[str, int]:
    """Return images in a row, each below its name, and where the tallest one ends."""
    body, bottom = "", 0
    side = min(_MAX_SIDE, ROOM // max(1, len(samples)) - _GAP)
    for place, sample in enumerate(samples):
        left = INSET + place * (side + _GAP)
        scale = side / max(sample.width, sample.height)
        width, height = sample.width * scale, sample.height * scale
        address = "data:image/png;base64," + base64.b64encode(sample.content).decode("ascii")
        body += (
            f"{label(left, 12, _title(sample), side)}"
            f'<image x="{left}" y="{LINE}" width="{width:.0f}" height="{height:.0f}" '
            f'style="image-rendering:pixelated" href="{address}"/>'
        )
        bottom = max(bottom, round(LINE + height))
    return body, bottom


def _title(sample: LoggedSample) -> str:
    return f"{shortened(sample.name, _MAX_NAME)}, step {sample.step:,}"
