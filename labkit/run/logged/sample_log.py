"""A bounded log of samples: images, texts and figures by name and step."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from typing import NamedTuple

from labkit.run.logged.sample import LoggedSample, SampleKind
from labkit.run.notices import NoticeLog
from labkit.run.series.journal import Journal

MAX_BYTES = 32_000_000
"""Maximum size of the contents of all samples of a run."""
MAX_NAMES = 32
"""Maximum number of names."""
MAX_STEPS = 256
"""Maximum number of samples of one name."""
_FULL = (
    f"More than {MAX_BYTES // 10**6} MB of images, texts and figures were logged: of some names "
    "only the newest are stored."
)


class SampleSeries(NamedTuple):
    """What is stored under one name.

    Attributes
    ----------
    name : str
    kind : str
        The kind of the newest sample.
    steps : tuple of int
        Increasing.
    logged : int
        Number of samples that were logged, including those that were discarded or replaced.
    """

    name: str
    kind: SampleKind
    steps: tuple[int, ...]
    logged: int


class SampleLog:
    """A thread-safe log of samples whose size is bounded.

    It stores 256 samples of a name, and 32 MB in total. Beyond that it discards those between the
    first and the newest one, where steps are closest. Only if that is not enough, the first ones
    are discarded, of the name that takes most space, and names that were not logged for longest.

    Parameters
    ----------
    notices : NoticeLog, optional
        Receives a notice when a name is not stored, or its first sample is discarded.

    Examples
    --------
    >>> log = SampleLog()
    >>> for step in (1, 5, 9):
    ...     log.add(LoggedSample("text", step, "text", b"a cat"))
    >>> log.at("text", 6).step, log.at("text").step
    (5, 9)
    """

    def __init__(self, notices: NoticeLog | None = None) -> None:
        self.journal: Journal | None = None
        """Receives the names and steps of the samples that are added."""
        self._notices = NoticeLog() if notices is None else notices
        self._lock = threading.Lock()
        self._stored: dict[str, list[LoggedSample]] = {}
        self._logged: dict[str, int] = {}
        self._bytes = 0

    def __contains__(self, name: object) -> bool:
        return name in self._logged

    @property
    def total(self) -> int:
        """Number of samples that were logged."""
        with self._lock:
            return sum(self._logged.values())

    def add(self, sample: LoggedSample) -> None:
        """Add a sample; one that is logged again at the same step replaces the earlier one."""
        with self._lock:
            is_known = sample.name in self._logged
            if not is_known and len(self._logged) >= MAX_NAMES:
                notice: str | None = (
                    f"Images, texts and figures have at most {MAX_NAMES} names; what comes under "
                    "further names is not recorded."
                )
            else:
                notice = self._add(sample)
        if notice is not None:
            self._notices.add("samples", notice)
        if self.journal is not None:
            self.journal.add_key("samples", (sample.name,), sample.step)

    def restore_logged(self, logged: Mapping[str, int]) -> None:
        """Set how many samples of each stored name were logged, with those that were discarded."""
        with self._lock:
            self._logged |= {name: count for name, count in logged.items() if name in self._logged}

    def series(self) -> tuple[SampleSeries, ...]:
        """Return what is stored, in the order in which the names were logged first."""
        with self._lock:
            return tuple(
                SampleSeries(
                    name,
                    stored[-1].kind,
                    tuple(sample.step for sample in stored),
                    self._logged[name],
                )
                for name, stored in self._stored.items()
                if stored
            )

    def samples(self, name: str) -> tuple[LoggedSample, ...]:
        """Return the stored samples of a name, in the order of their steps; empty if unknown."""
        with self._lock:
            return tuple(self._stored.get(name, ()))

    def at(self, name: str, step: int | None = None) -> LoggedSample | None:
        """Return the newest sample that is not later than a step.

        Parameters
        ----------
        name : str
        step : int, optional
            None for the newest sample.

        Returns
        -------
        LoggedSample or None
            The oldest sample if all are later than `step`; None if there is none.
        """
        stored = self.samples(name)
        fitting = [each for each in stored if step is None or each.step <= step]
        return fitting[-1] if fitting else (stored[0] if stored else None)

    def _add(self, sample: LoggedSample) -> str | None:
        """Store a sample and discard others until the log is small enough; return a notice."""
        stored = self._stored.setdefault(sample.name, [])
        self._logged[sample.name] = self._logged.get(sample.name, 0) + 1
        place = bisect_left([each.step for each in stored], sample.step)
        if place < len(stored) and stored[place].step == sample.step:
            self._remove(stored, place)
        stored.insert(place, sample)
        self._bytes += len(sample.content)
        if len(stored) > MAX_STEPS:
            self._remove(stored, _closest(stored))
        notice = None
        while self._bytes > MAX_BYTES and sum(map(len, self._stored.values())) > 1:
            notice = self._discard(sample.name) or notice
        return notice

    def _discard(self, newest: str) -> str | None:
        """Discard one sample; return a notice if it is not one between others."""
        sizes = {name: sum(len(each.content) for each in all) for name, all in self._stored.items()}
        largest = sorted(sizes, key=lambda name: -sizes[name])
        for name in largest:
            if len(self._stored[name]) > 2:  # noqa: PLR2004 - the first and the newest
                self._remove(self._stored[name], _closest(self._stored[name]))
                return None
        for name in largest:
            if len(self._stored[name]) > 1:
                self._remove(self._stored[name], 0)
                return _FULL
        oldest = min(
            (name for name in largest if self._stored[name] and name != newest),
            key=lambda name: self._stored[name][-1].step,
        )
        self._remove(self._stored[oldest], 0)
        return _FULL

    def _remove(self, stored: list[LoggedSample], place: int) -> None:
        self._bytes -= len(stored.pop(place).content)


def _closest(stored: list[LoggedSample]) -> int:
    """Return the index of the sample, neither first nor last, whose neighbours are closest."""
    return min(
        range(1, len(stored) - 1),
        key=lambda place: stored[place + 1].step - stored[place - 1].step,
    )
