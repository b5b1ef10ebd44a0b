"""Conversion of logged values to samples: images, texts and figures.

Figures are recognised by their methods, so that neither matplotlib nor plotly is imported. No lock
is held, as all of this is code of others.
"""

from __future__ import annotations

import io
import math
from typing import Any

import numpy as np

from labkit.run.logged import pixels, png
from labkit.run.logged.image_values import count_of, images_of, on_host
from labkit.run.logged.sample import LoggedSample
from labkit.run.logged.scalars import refusal

MAX_CHARACTERS = 100_000
"""Maximum length of a text; the rest is not stored."""
MAX_FIGURE_BYTES = 2_000_000
"""Maximum size of the JSON of a plotly figure; of a larger one, a sentence is stored."""
_PNG_LEVEL = 3
"""The files are some percent larger than at the default level, and take a fifth of its time."""
_ERRORS = (TypeError, ValueError, RuntimeError, OverflowError)


def is_sample(value: Any) -> bool:
    """Return whether a logged value is meant as an image, a text or a figure, not as a number.

    Examples
    --------
    >>> is_sample(0.5), is_sample(np.zeros((1, 1))), is_sample(np.zeros((2, 2))), is_sample("a cat")
    (False, False, True, True)
    """
    if isinstance(value, (str, list, tuple)):
        return True
    if isinstance(value, (int, float, np.generic)):
        return False
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        return math.prod(shape) != 1
    methods = ("getbands", "savefig", "to_plotly_json")
    return any(callable(getattr(value, method, None)) for method in methods)


class LoggedValue:
    """A value that was passed to `Run.log` as an image, a text or a figure.

    The constructor waits for the value of a tensor on an accelerator.

    Parameters
    ----------
    name : str
    value : object
        An image or a batch of images as a tensor, an array or of Pillow, a list of images, a text,
        a list of texts, or a figure of matplotlib or plotly.

    Raises
    ------
    TypeError
        If the value cannot be read; `sample` raises it for a value that is none of these, and lets
        through what a figure raises.

    Examples
    --------
    >>> sample = LoggedValue("samples", np.zeros((16, 1, 28, 28))).sample(step=5)
    >>> sample.kind, sample.width, sample.description
    ('image', 118, '16 images of 28 by 28 pixels · black is 0, white is 1')
    """

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self._given = value
        try:
            self._value = on_host(value)
        except _ERRORS as error:
            raise TypeError(refusal(name, value)) from error

    def sample(self, step: int) -> LoggedSample:
        """Return what is stored of the value."""
        value = self._value
        if isinstance(value, str):
            return self._text(step, value)
        if isinstance(value, list) and value and all(isinstance(part, str) for part in value):
            return self._text(step, "\n\n".join(value))
        if callable(getattr(value, "to_plotly_json", None)):
            return self._plotly(step, value)
        figure = _figure_of(value)
        if figure is not None:
            return self._image(step, _drawn_by_matplotlib(figure))
        try:
            images = images_of(value)
        except _ERRORS as error:
            raise TypeError(refusal(self.name, self._given)) from error
        if not images:
            raise TypeError(refusal(self.name, self._given))
        drawn = pixels.draw(images, count_of(self._given))
        return self._image(step, png.encode(drawn.pixels, _PNG_LEVEL), drawn.description)

    def _text(self, step: int, text: str) -> LoggedSample:
        count = f"{len(text):,} characters"
        words = f"the first {MAX_CHARACTERS:,} of {count}" if len(text) > MAX_CHARACTERS else ""
        content = text[:MAX_CHARACTERS].encode(errors="replace")
        return LoggedSample(self.name, step, "text", content, words)

    def _plotly(self, step: int, figure: Any) -> LoggedSample:
        content = str(figure.to_json()).encode(errors="replace")
        if len(content) > MAX_FIGURE_BYTES:
            return self._text(
                step,
                f"This figure has {len(content) / 1e6:.1f} MB of data; figures of more than "
                f"{MAX_FIGURE_BYTES // 10**6} MB are not stored. Log it with fewer points.",
            )
        return LoggedSample(self.name, step, "plotly", content)

    def _image(self, step: int, file: bytes, description: str = "") -> LoggedSample:
        width, height = png.size(file)
        words = description or f"figure of {width:,} by {height:,} pixels"
        return LoggedSample(self.name, step, "image", file, words, width, height)


def _figure_of(value: Any) -> Any:
    """Return a figure of matplotlib: the value, that of a grid of seaborn, that of `pyplot`."""
    if not callable(getattr(value, "savefig", None)):
        return None
    if callable(getattr(value, "gcf", None)):
        return value.gcf()
    return value if hasattr(value, "get_size_inches") else getattr(value, "figure", None)


def _drawn_by_matplotlib(figure: Any) -> bytes:
    """Return the PNG file of a figure, with fewer pixels than it has if they are too many."""
    width, height = figure.get_size_inches()
    dpi = min(float(figure.dpi), math.sqrt(pixels.MAX_PIXELS / (width * height)))
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()
