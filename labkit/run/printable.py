"""Names and texts of any content in pictures, in tables of text and on a terminal."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(
    r"[^\t\n\r\x20-\x7e\xa0-\u2029\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
)
"""Control characters, others that XML does not allow, and those that reorder the text after them.

A terminal would execute control characters.
"""


def printable(text: str) -> str:
    r"""Return a text without control characters and other characters that XML does not allow.

    Examples
    --------
    >>> printable("bell\x07")
    'bell'
    """
    return _UNPRINTABLE.sub("", text)


def shortened(text: str, letters: int) -> str:
    """Return a printable text in which an ellipsis stands for what exceeds a number of letters.

    Examples
    --------
    >>> shortened("encoder.layers.0", 10)
    'encoder.l…'
    """
    clean = printable(text[: letters + 1])
    return f"{clean[: letters - 1]}…" if len(text) > letters else clean


def encodable(text: str) -> str:
    r"""Return a text with escapes for what UTF-8 cannot encode.

    Examples
    --------
    >>> print(encodable("lone \ud800"))
    lone \ud800
    """
    return text.encode("utf-8", "backslashreplace").decode()
