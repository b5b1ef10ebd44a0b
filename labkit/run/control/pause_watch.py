"""Resumes a loop that was paused by a page which has been closed since."""

from __future__ import annotations

import time

from labkit.run.control.control import Control
from labkit.run.control.viewers import Viewers
from labkit.run.notices import NoticeLog

RELOAD_SECONDS = 15.0
"""Time after which a page that has gone, and may be loading again, is not waited for."""
_RESUMED = (
    "The loop was paused, and the page that displayed the run was closed. As no page was left to "
    "resume it, the loop continues. run.resumes_without_page = False keeps it paused."
)


class PauseWatch:
    """Resumes a paused loop if a page displayed the run in this pause and has gone.

    A pause during which no page displays the run is left alone.

    Parameters
    ----------
    control : Control
    viewers : Viewers
    notices : NoticeLog

    Attributes
    ----------
    is_active : bool
        Whether such a pause ends.

    Examples
    --------
    >>> control = Control()
    >>> watch = PauseWatch(control, Viewers(), NoticeLog())
    >>> control.pause()
    >>> watch.begin()
    >>> watch.check()
    >>> control.pausing  # there was no page
    True
    """

    def __init__(self, control: Control, viewers: Viewers, notices: NoticeLog) -> None:
        self.is_active = True
        self._control = control
        self._viewers = viewers
        self._notices = notices
        self._seen_at: float | None = None
        control.pause_begins, control.while_paused = self.begin, self.check

    def begin(self) -> None:
        """Begin a pause."""
        self._seen_at = None

    def check(self) -> None:
        """Resume the loop if its page has gone; called repeatedly during the pause."""
        now = time.monotonic()
        if self._viewers.present:
            self._seen_at = now
        has_gone = self._seen_at is not None and now - self._seen_at > RELOAD_SECONDS
        if has_gone and self.is_active:
            self._control.resume()
            self._notices.add("controls", _RESUMED)
