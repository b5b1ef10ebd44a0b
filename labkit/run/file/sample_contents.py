"""Checks the contents of the images, texts and figures in the file of a run."""

from __future__ import annotations

from collections.abc import Mapping

from labkit.run.file.errors import DamagedError
from labkit.run.logged import png
from labkit.run.logged.pixels import MAX_PIXELS
from labkit.run.logged.sample import SampleKind
from labkit.run.logged.values import MAX_CHARACTERS, MAX_FIGURE_BYTES

_MAX_BYTES: Mapping[SampleKind, int] = {
    "image": 10 * MAX_PIXELS,
    "text": 4 * MAX_CHARACTERS,
    "plotly": MAX_FIGURE_BYTES,
}
_ROUNDING = 2
"""An image of matplotlib may be somewhat larger than `MAX_PIXELS`."""


def checked_content(kind: SampleKind, content: object, size: tuple[int, int]) -> bytes:
    """Return the content of a sample.

    Parameters
    ----------
    kind : str
    content : object
        What the file has.
    size : tuple of int, (width, height)
        The size of an image according to the file.

    Raises
    ------
    DamagedError
        If `Run.log` would not have made it: a page decodes an image in its whole size.
    UnicodeDecodeError
        If a text is not UTF-8.

    Examples
    --------
    >>> checked_content("text", b"a cat", (0, 0))
    b'a cat'
    """
    if not isinstance(content, bytes) or len(content) > _MAX_BYTES[kind]:
        raise DamagedError("a sample has no contents, or too many")
    if kind != "image":
        content.decode()
        return content
    if not png.is_png(content) or png.size(content) != size:
        raise DamagedError("an image is no PNG of its size")
    width, height = size
    if not 0 < width * height <= _ROUNDING * MAX_PIXELS:
        raise DamagedError("an image is too large or empty")
    return content
