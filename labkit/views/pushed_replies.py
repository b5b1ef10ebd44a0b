"""Replies that pages are sent without a request, where requests wait for the end of a cell.

A page requests pictures of activations, histograms, and logged samples. Where its requests do not
arrive while a cell is running, the kernel sends the newest ones with its frames: those that have
not been sent, in turn, within a number of bytes.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import NamedTuple

from labkit.run import Run
from labkit.run.activations import PictureKind
from labkit.views import message_builders as wire
from labkit.views import sample_messages
from labkit.views.messages.values import HistogramBins

MAX_PUSH_BYTES = 64_000
"""Size of the replies that are sent with a frame, apart from the first two."""
MAX_HISTOGRAMS = 48
"""Maximum number of parameters whose histograms are in one reply; a page draws as many."""
MAX_SAMPLE_BYTES = 1_000_000
"""Size up to which logged samples are sent."""
_LARGE_BYTES_PER_SECOND = 25_000
"""Rate of samples above `MAX_PUSH_BYTES`; frames wait for a quarter of their time."""
PICTURE_ORDER: tuple[PictureKind, ...] = (
    "maps",
    "kernels",
    "states",
    "gates",
    "time_gradient",
    "attention",
    "units",
)
"""The kinds of pictures; of those that a run has, a page first shows the first."""
_INTERVAL_SECONDS = 1.0
"""Shortest time between two choices, and from the snapshot to the first one, in s."""
_MIN_REPLIES = 2
"""Number of replies that are sent whatever their size, so that each has its turn."""
_PICTURE_VIEWS = frozenset({"activations", "dashboard", "comparison"})
_HISTOGRAM_VIEWS = frozenset({"gradients", "dashboard", "comparison"})
_SAMPLE_VIEWS = frozenset({"samples", "dashboard"})
_BINS: tuple[HistogramBins, ...] = ("magnitude", "even")
_GRADIENTS = "grad/"


class _Reply(NamedTuple):
    """A reply that is sent when its steps have changed.

    Attributes
    ----------
    key : tuple of str
        What it is about.
    steps : tuple of int
        The steps of its content.
    build : callable
        Returns the message.
    size : int
        Size of its content in bytes; 0 if it is small.
    """

    key: tuple[str, ...]
    steps: tuple[int, ...]
    build: Callable[[], wire.Message]
    size: int = 0


class PushedReplies:
    """Chooses the replies that are sent with a frame.

    They are chosen at most once a second, or for each frame of a loop with a low pace. The picture
    that a page shows first has priority over the others, which are sent in turn.

    Parameters
    ----------
    run : Run

    Examples
    --------
    >>> from labkit.run import Run
    >>> PushedReplies(Run("demo")).due({"dashboard"})
    []
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._due_at = self._large_due_at = -math.inf
        self._pictures = 0
        """Number of recorded pictures when the list of them was sent."""
        self._sent: dict[tuple[str, ...], tuple[int, ...]] = {}
        """The steps of the replies that were sent, the one sent longest ago first."""

    def restart(self) -> None:
        """Send everything again, to a page that was not there before.

        A message of the page that arrives within a second shows that it can request it.
        """
        self._due_at, self._pictures = time.monotonic() + _INTERVAL_SECONDS, 0
        self._sent.clear()

    def due(self, kinds: Collection[str]) -> list[wire.Message]:
        """Return the replies that are sent now.

        Parameters
        ----------
        kinds : collection of str
            The kinds of the open views; only what they draw is sent.
        """
        now = time.monotonic()
        if now < self._due_at and not self._run.closed:
            return []
        self._due_at = now
        if not self._run.control.pace.draws_each_step:
            self._due_at += _INTERVAL_SECONDS
        messages = []
        if _PICTURE_VIEWS.intersection(kinds):
            messages += self._subjects()
        room = MAX_PUSH_BYTES - sum(map(_size, messages))
        count = 0
        for reply in self._new_replies(kinds):
            if not self._is_due(reply, now):
                continue
            message = reply.build()
            room -= _size(message)
            if room < 0 and count >= _MIN_REPLIES:
                break
            count += 1
            messages.append(message)
            self._sent.pop(reply.key, None)
            self._sent[reply.key] = reply.steps
        return messages

    def _subjects(self) -> list[wire.Message]:
        """Return the list of pictures if there are new ones."""
        log = self._run.activations
        total = log.total
        if total == self._pictures:
            return []
        self._pictures = total
        return [wire.subjects(None, log)]

    def _new_replies(self, kinds: Collection[str]) -> list[_Reply]:
        """Return what has changed: the first picture, then what was sent longest ago."""
        pictures = list(self._picture_replies()) if _PICTURE_VIEWS.intersection(kinds) else []
        others = list(self._histogram_replies()) if _HISTOGRAM_VIEWS.intersection(kinds) else []
        if _SAMPLE_VIEWS.intersection(kinds):
            others += self._sample_replies()
        first, rest = pictures[:1], [*pictures[1:], *others]
        turns = {key: turn for turn, key in enumerate(self._sent)}

        def new(replies: list[_Reply]) -> list[_Reply]:
            replies.sort(key=lambda reply: turns.get(reply.key, -1))
            return [reply for reply in replies if reply.steps != self._sent.get(reply.key)]

        if _HISTOGRAM_VIEWS.intersection(kinds):
            # One at a time, so that pictures and samples do not wait for those of a large model.
            rest += new(list(self._later_histogram_replies()))[:1]
        return new(first) + new(rest)

    def _picture_replies(self) -> Iterator[_Reply]:
        """Yield the newest picture of each subject, the one that a page shows first at first."""
        log = self._run.activations
        for module, kind in sorted(log.subjects(), key=lambda each: PICTURE_ORDER.index(each[1])):
            found = log.at(module, kind)
            if found is not None:
                build = partial(wire.picture, None, found)
                yield _Reply(("picture", module, kind), (found.step,), build)

    def _histogram_replies(self) -> Iterator[_Reply]:
        """Yield the newest histograms of the first parameters, once for each kind of bins."""
        yield from self._histograms_of(self._gradient_names()[:MAX_HISTOGRAMS], ())

    def _later_histogram_replies(self) -> Iterator[_Reply]:
        """Yield those of the other parameters, which a page draws if one of them is selected."""
        names = self._gradient_names()
        for start in range(MAX_HISTOGRAMS, len(names), MAX_HISTOGRAMS):
            yield from self._histograms_of(names[start : start + MAX_HISTOGRAMS], (str(start),))

    def _gradient_names(self) -> list[str]:
        """Return the parameters whose gradients have histograms."""
        names = self._run.histograms.names()
        return [name.removeprefix(_GRADIENTS) for name in names if name.startswith(_GRADIENTS)]

    def _histograms_of(self, names: list[str], part: tuple[str, ...]) -> Iterator[_Reply]:
        """Yield the newest histograms of some parameters, once for each kind of bins."""
        if not names:
            return
        log = self._run.histograms
        steps = tuple(log.newest_step(_GRADIENTS + name) for name in names)
        for bins in _BINS:
            build = partial(wire.histograms, None, log, names, bins, None)
            yield _Reply(("histograms", bins, *part), steps, build)

    def _sample_replies(self) -> Iterator[_Reply]:
        """Yield the newest sample of each name, unless it is too large."""
        log = self._run.sample_log
        for series in log.series():
            found = log.at(series.name)
            if found is not None and len(found.content) <= MAX_SAMPLE_BYTES:
                key, steps = ("sample", series.name), (series.steps[-1], series.logged)
                build = partial(sample_messages.sample, None, found)
                yield _Reply(key, steps, build, len(found.content))

    def _is_due(self, reply: _Reply, now: float) -> bool:
        """Return whether a reply is sent now: a large one if none was sent lately."""
        if reply.size <= MAX_PUSH_BYTES:
            return True
        is_due = now >= self._large_due_at
        if is_due:
            self._large_due_at = now + reply.size / _LARGE_BYTES_PER_SECOND
        return is_due


def _size(message: wire.Message) -> int:
    """Return the size of a message in bytes, apart from what encodes its buffers."""
    return len(json.dumps(message.content, default=float)) + sum(map(len, message.buffers))
