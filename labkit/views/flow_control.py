"""Limits how much is on its way to the pages, so that frames do not wait behind one another."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import NamedTuple

MAX_UNACKNOWLEDGED_BYTES = 256_000
"""Maximum size of what is on its way; at 1 Mbit/s it takes two seconds."""
_AWAITED_BYTES = 64_000
"""Size of what is on its way from which a page acknowledges each frame at once."""
TOLERATED_DELAY_SECONDS = 0.5
"""Delay of an acknowledgement from which only one message is on its way at a time, in s."""
_RETRY_SECONDS, _MAX_RETRY_SECONDS = 2.0, 10.0
"""Time after which a frame is sent though too much is on its way, as it may have been lost."""
_ONE_WAY_BYTES_PER_SECOND = 100_000
"""Rate for pages that cannot acknowledge what they receive."""


class _Sent(NamedTuple):
    """A message that no page has acknowledged: its number, when it was sent, and its size."""

    seq: int
    at: float
    size: int


class FlowControl:
    """Decides when the next frame may be sent, from what pages have acknowledged.

    Of several pages, the one that is the first to acknowledge counts. May be used on any thread.
    Times are readings of a monotonic clock, in s; sizes are in bytes.

    Examples
    --------
    >>> flow = FlowControl()
    >>> flow.sent(1, 3_000, now=0.0)
    >>> flow.acknowledged(1, now=0.9)  # over a slow line
    >>> flow.sent(2, 3_000, now=1.0)
    >>> flow.next_at, flow.is_awaited
    (3.0, True)
    >>> flow.acknowledged(2, now=1.9)
    >>> flow.next_at
    -inf
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unacknowledged: deque[_Sent] = deque()
        self._size = 0
        """Size of the messages in `_unacknowledged`."""
        self._sent_at = self._one_way_until = -math.inf
        self._delay = 0.0

    def sent(self, seq: int, size: int, now: float) -> None:
        """Record that a message with a number was sent."""
        with self._lock:
            self._unacknowledged.append(_Sent(seq, now, size))
            self._size += size
            self._sent_at = now

    def acknowledged(self, seq: int, now: float) -> None:
        """Record that a page has received all messages up to a number."""
        with self._lock:
            while self._unacknowledged and self._unacknowledged[0].seq <= seq:
                sent = self._unacknowledged.popleft()
                self._size -= sent.size
                self._delay = now - sent.at

    def assume_acknowledged(self, now: float) -> None:
        """Record that pages receive messages, but cannot acknowledge them."""
        with self._lock:
            self._one_way_until = now + self._size / _ONE_WAY_BYTES_PER_SECOND
            self._unacknowledged.clear()
            self._size, self._delay = 0, 0.0

    @property
    def is_full(self) -> bool:
        """Whether too much is on its way for a further frame."""
        return self._size > (0 if self._is_slow else MAX_UNACKNOWLEDGED_BYTES)

    @property
    def is_awaited(self) -> bool:
        """Whether pages have to acknowledge the next frame at once."""
        return self._is_slow or self._size > _AWAITED_BYTES

    @property
    def next_at(self) -> float:
        """When the next frame may be sent, unless an acknowledgement arrives before."""
        if not self.is_full:
            return self._one_way_until
        return self._sent_at + min(max(_RETRY_SECONDS, 2 * self._delay), _MAX_RETRY_SECONDS)

    @property
    def _is_slow(self) -> bool:
        return self._delay > TOLERATED_DELAY_SECONDS
