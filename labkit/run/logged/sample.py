"""A logged image, text or figure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SampleKind = Literal["image", "text", "plotly"]
"""How a sample is stored: PNG, UTF-8, or the JSON of a plotly figure in UTF-8."""


@dataclass(frozen=True)
class LoggedSample:
    r"""An image, a text or a figure that was passed to `Run.log`.

    Attributes
    ----------
    name : str
        The name under which it was logged.
    step : int
        The step that was completed last; 0 before the first.
    kind : str
        One of `SampleKind`. A batch of images, and a figure of matplotlib, is one image.
    content : bytes
        For an image a PNG file; for a text its UTF-8; for a plotly figure its JSON.
    description : str
        Of images, their number and size, and the values that are black and white; of a text, its
        length if not all of it is stored; else empty.
    width, height : int
        Size of an image in pixels; 0 for other kinds.

    Examples
    --------
    An image becomes an array with ``PIL.Image.open(io.BytesIO(sample.content))``, a figure a figure
    with ``plotly.io.from_json(sample.text)``.

    >>> LoggedSample("prompt", 3, "text", b"a cat").text
    'a cat'
    """

    name: str
    step: int
    kind: SampleKind
    content: bytes
    description: str = ""
    width: int = 0
    height: int = 0

    @property
    def text(self) -> str:
        """The text, or the JSON of a figure; empty for an image."""
        return "" if self.kind == "image" else self.content.decode()

    def _repr_png_(self) -> bytes | None:
        return self.content if self.kind == "image" else None
