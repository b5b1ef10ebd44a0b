"""An error as text, whatever its own text does."""

from __future__ import annotations


def described(error: BaseException) -> str:
    """Return an error's type and text; the type alone where its text cannot be had.

    Examples
    --------
    >>> described(ValueError("3 is odd"))
    'ValueError: 3 is odd'
    """
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the error may be the user's, and so may be its text
        return type(error).__name__
