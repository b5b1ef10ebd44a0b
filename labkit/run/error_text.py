"""The text of an exception, also if its ``__str__`` raises."""

from __future__ import annotations


def text_of(error: BaseException) -> str:
    """Return ``str(error)``; an empty text if that raises."""
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a user's error class may have a faulty __str__
        return ""


def described(error: BaseException) -> str:
    """Return the type and text of an error; the type alone if ``str(error)`` raises.

    Examples
    --------
    >>> described(ValueError("3 is odd"))
    'ValueError: 3 is odd'
    """
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - a user's error class may have a faulty __str__
        return type(error).__name__
