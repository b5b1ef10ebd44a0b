"""Tracebacks without the frames of labkit that called the user's code."""

from __future__ import annotations

from types import TracebackType


def from_user_code(traceback: TracebackType | None) -> TracebackType | None:
    """Return the part of a traceback that begins in the user's code; all of it if none does.

    Examples
    --------
    >>> from_user_code(None) is None
    True
    """
    found = traceback
    while found is not None and _is_labkit(found):
        found = found.tb_next
    return traceback if found is None else found


def _is_labkit(traceback: TracebackType) -> bool:
    name = traceback.tb_frame.f_globals.get("__name__") or ""
    return name.partition(".")[0] == "labkit"
