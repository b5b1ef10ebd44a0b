"""Names in pictures, which must be well-formed whatever a model's modules are called."""

from __future__ import annotations

import re

_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML does not allow, and other control characters."""


def printable(text: str) -> str:
    r"""Return a text without control characters and other characters that XML does not allow.

    Examples
    --------
    >>> printable("bell\x07")
    'bell'
    """
    return _UNPRINTABLE.sub("", text)
