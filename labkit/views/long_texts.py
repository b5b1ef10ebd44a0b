"""Shortens very long texts of messages, and finds the whole ones again for requests.

A name or an error's text may have any length, and a snapshot has some names a dozen times. A page
shows the beginning and the end of a long one. It may also use it in a request, for example for the
values of a parameter; for that, two long texts have different short ones.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import numpy as np

MAX_LETTERS = 4_000
"""Maximum number of characters of a text in a message."""
_BEGIN, _END = 1_000, 500
_MAX_KNOWN = 4_000
"""Maximum number of long texts that are found again, the newest."""
_QUOTE, _BACKSLASH = b'"\\'


class LongTexts:
    """The long texts that have been sent to pages.

    Examples
    --------
    >>> texts = LongTexts()
    >>> short = texts.shorten({"name": "x" * 10_000})
    >>> len(short["name"])
    1543
    >>> texts.restore(short) == {"name": "x" * 10_000}
    True
    """

    def __init__(self) -> None:
        self._short: dict[str, str] = {}
        self._whole: dict[str, str] = {}

    def shorten(self, content: Any) -> Any:
        """Return content of a message in which no text is longer than `MAX_LETTERS`."""
        return _replaced(content, self._shortened)

    def restore(self, content: Any) -> Any:
        """Return the content of a request with whole texts in place of shortened ones."""
        return (
            _replaced(content, lambda text: self._whole.get(text, text)) if self._whole else content
        )

    def _shortened(self, text: str) -> str:
        if len(text) <= MAX_LETTERS:
            return text
        known = self._short.get(text)
        if known is None:
            digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
            middle = f" … ({len(text):,} characters, {digest}) … "
            known = f"{text[:_BEGIN]}{middle}{text[-_END:]}"
            if len(self._short) >= _MAX_KNOWN:
                self._whole.pop(self._short.pop(next(iter(self._short))), None)
            self._short[text], self._whole[known] = known, text
        return known


def may_have_long(encoded: str) -> bool:
    r"""Return whether a text in JSON may be longer than `MAX_LETTERS`; no long one is missed.

    Examples
    --------
    >>> import json
    >>> may_have_long(json.dumps(["x"] * 10_000)), may_have_long(json.dumps(['"' * 10_000]))
    (False, True)
    """
    if len(encoded) <= MAX_LETTERS:
        return False
    signs = np.frombuffer(encoded.encode("ascii", "replace"), np.uint8)
    is_quote = signs == _QUOTE
    is_quote[1:] &= signs[:-1] != _BACKSLASH
    places = np.flatnonzero(is_quote)
    return bool(np.diff(places, prepend=0, append=len(signs)).max() > MAX_LETTERS)


def _replaced(value: Any, replace: Callable[[str], str]) -> Any:
    """Return data of JSON with other texts, also as keys."""
    if isinstance(value, str):
        return replace(value)
    if isinstance(value, dict):
        return {_replaced(key, replace): _replaced(each, replace) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_replaced(each, replace) for each in value]
    return value
