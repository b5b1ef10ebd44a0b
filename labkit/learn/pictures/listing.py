"""A few lines of code as a picture, in which a line can be clicked."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.learn.pictures.picture import FAINT, LINE, Picture, Sheet

_HEIGHT, _LETTER, _SIZE = 28, 8.4, 13


def listing_picture(lines: Sequence[str]) -> Picture:
    """Draw lines of code in rows of equal height, numbered from 1.

    Parameters
    ----------
    lines : sequence of str
        Without line ends.

    Examples
    --------
    >>> print(listing_picture(["loss.backward()", "optimizer.step()"]))
    Line 1: loss.backward()
    Line 2: optimizer.step()
    """
    sheet = Sheet()
    width = 52 + _LETTER * max(len(line) for line in lines)
    for number, line in enumerate(lines, start=1):
        top = _HEIGHT * (number - 1)
        sheet.box(0, top, width, _HEIGHT, stroke=LINE)
        sheet.text(26, top + 19, str(number), size=11, anchor="end", colour=FAINT)
        sheet.text(38, top + 19, line, size=_SIZE)
    said = "\n".join(f"Line {number}: {line}" for number, line in enumerate(lines, start=1))
    return sheet.finish(said, margin=0)
