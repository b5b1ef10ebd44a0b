"""What the kernel knows of each page: what it was sent, and whether its messages arrive.

A page is identified by the session in the headers of its messages, which a reload changes.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict

from labkit.views import kernel

_MAX_PAGES = 32
_MAX_SENT = 1000
_BLOCKED_SECONDS = 0.5
"""Time that the main thread of a kernel never needs between cells, in s."""


class PageRecord:
    """What one page was sent, and when it sent a message.

    Attributes
    ----------
    is_heard_in_cells : bool or None
        Whether messages of the page arrive while a cell is running; None if unknown.

    Examples
    --------
    >>> page = PageRecord()
    >>> page.needs("labkit.js"), page.needs("labkit.js"), page.needs("labkit.js", again=True)
    (True, False, True)
    """

    def __init__(self) -> None:
        self.is_heard_in_cells: bool | None = None
        self._heard_at = -math.inf
        self._free_awaited_since: float | None = None
        """When the main thread was asked to show that it is free, until it has done so."""
        self._sent: OrderedDict[str, None] = OrderedDict()

    def needs(self, item: str, *, again: bool = False) -> bool:
        """Return whether an item must be sent to the page, and record it as sent.

        Parameters
        ----------
        item : str
            Name of a script, or of what it shows.
        again : bool
            Whether the page says that it lacks the item though it was sent.
        """
        is_new = item not in self._sent
        self._sent[item] = None
        if len(self._sent) > _MAX_SENT:
            self._sent.popitem(last=False)
        return is_new or again

    def forget_sent(self) -> None:
        """Record that the page has received nothing of what it was sent."""
        self._sent.clear()

    def heard(self) -> None:
        """Record that a message of the page is being handled on this thread."""
        self._heard_at = time.monotonic()
        if kernel.is_cell_message() or self._is_main_thread_blocked(self._heard_at):
            self.is_heard_in_cells = True

    def _is_main_thread_blocked(self, now: float) -> bool:
        """Return whether a message of a moment ago and this one were handled in one cell.

        A message on another thread alone does not show that: the page may have held it back until
        the cell had ended.
        """
        if threading.current_thread() is threading.main_thread():
            return False
        since = self._free_awaited_since
        if since is not None:
            return now - since > _BLOCKED_SECONDS
        self._free_awaited_since = now
        if not kernel.call_on_main_thread(self._main_thread_is_free):
            self._free_awaited_since = None
        return False

    def _main_thread_is_free(self) -> None:
        self._free_awaited_since = None

    def is_heard_since(self, moment: float) -> bool:
        """Return whether the page has sent a message since a reading of the monotonic clock."""
        return self._heard_at >= moment


_records: OrderedDict[str, PageRecord] = OrderedDict()


def page_of_message() -> PageRecord:
    """Return the record of the page whose message is being handled, or whose cell is running.

    Without a session, as outside a kernel, it is a new record.
    """
    session = kernel.current_session()
    if session is None:
        return PageRecord()
    record = _records.setdefault(session, PageRecord())
    if len(_records) > _MAX_PAGES:
        _records.popitem(last=False)
    return record
