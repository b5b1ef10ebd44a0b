"""The history of the findings of one run, and the rules that the user has silenced."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from labkit.run.finding import Finding

MAX_ENTRIES = 256
_RETURN_STEPS = 20
"""A finding that returns within this many steps continues its entry."""
RUN_ENDED = "run ended"


@dataclass(frozen=True)
class FindingEntry:
    """A finding of a run, with when it came and when it went.

    Attributes
    ----------
    id : int
        Number of the entry in the run, from 1.
    finding : Finding
        As it was evaluated last.
    step : int
        Number of completed steps when the finding came.
    seconds : float
        Time from the start of the run until the finding came, in s.
    ended_step : int or None
        Number of completed steps when the finding went; None while it holds.
    reason : str or None
        Why it went: ``"no longer holds"`` with the newest value of its series, ``"explained by
        <rule>"`` or ``"run ended"``; None while it holds.
    silenced : bool
        Whether its rule was ignored when the finding held last.
    """

    id: int
    finding: Finding
    step: int
    seconds: float
    ended_step: int | None = None
    reason: str | None = None
    silenced: bool = False

    @property
    def holds(self) -> bool:
        """Whether the finding has not gone."""
        return self.ended_step is None

    def to_json(self) -> dict[str, Any]:
        """Return the entry as JSON-serializable data; the keys are the attributes."""
        return {**vars(self), "finding": self.finding.to_json()}


class FindingsLog:
    """When the findings of a run came and went, and which rules are ignored. Thread-safe.

    Stores at most 256 entries; the oldest that do not hold are dropped.

    Attributes
    ----------
    rules : tuple of str
        Ids of the rules that are evaluated.
    dropped : int
        Number of dropped entries.

    Examples
    --------
    >>> log = FindingsLog()
    >>> plateau = Finding("plateau", "warning", "The loss does not fall.", (), (1, 200), "", ())
    >>> log.record([plateau], {}, step=200, seconds=3.0)
    >>> log.record([], {"plateau": "no longer holds"}, step=300, seconds=4.5)
    >>> (entry,) = log.entries()
    >>> entry.step, entry.ended_step, entry.reason
    (200, 300, 'no longer holds')
    """

    def __init__(self) -> None:
        self.rules: tuple[str, ...] = ()
        self.dropped = 0
        self._entries: dict[int, FindingEntry] = {}
        self._newest: dict[str, int] = {}
        """Id of the newest entry of each rule."""
        self._ignored: dict[str, None] = {}
        self._last_id = 0
        # A finalizer may end the run on a thread that holds the lock.
        self._lock = threading.RLock()

    @property
    def ignored(self) -> tuple[str, ...]:
        """Ids of the ignored rules, in the order in which they were ignored."""
        return tuple(self._ignored)

    def entries(self) -> tuple[FindingEntry, ...]:
        """Return the stored entries, oldest first."""
        with self._lock:
            return tuple(self._entries.values())

    def record(
        self, found: Sequence[Finding], gone: Mapping[str, str], step: int, seconds: float
    ) -> None:
        """Record the result of an evaluation.

        Parameters
        ----------
        found : sequence of Finding
            The findings that hold, including those of ignored rules.
        gone : mapping of str to str
            Why findings went since the last evaluation, by rule.
        step : int
            Number of completed steps.
        seconds : float
            Time since the start of the run, in s.
        """
        with self._lock:
            for rule, reason in gone.items():
                self._end(rule, step, reason)
            for finding in found:
                self._hold(finding, step, seconds)
            self._drop()

    def end(self, step: int) -> None:
        """Record that the run has ended, which ends the entries that hold."""
        with self._lock:
            for rule in self._newest:
                self._end(rule, step, RUN_ENDED)

    def ignore(self, rule: str) -> None:
        """Silence a rule; raises `ValueError` if it is not one of `rules`."""
        check_rules([rule], self.rules)
        with self._lock:
            self._ignored[rule] = None
            self._mark(rule, silenced=True)

    def unignore(self, rule: str) -> None:
        """Undo `ignore`, without effect if the rule is not ignored; raises as `ignore` does."""
        check_rules([rule], self.rules)
        with self._lock:
            self._ignored.pop(rule, None)
            self._mark(rule, silenced=False)

    def restore(
        self,
        entries: Sequence[FindingEntry],
        *,
        rules: Sequence[str] = (),
        ignored: Sequence[str] = (),
        dropped: int = 0,
    ) -> None:
        """Replace the contents by what another log has had."""
        with self._lock:
            self.rules, self.dropped = tuple(rules), dropped
            self._entries = {entry.id: entry for entry in entries}
            self._newest = {entry.finding.rule: entry.id for entry in entries}
            self._ignored = dict.fromkeys(ignored)
            self._last_id = max(self._entries, default=0)

    def _hold(self, finding: Finding, step: int, seconds: float) -> None:
        rule = finding.rule
        last = self._entries.get(self._newest.get(rule, 0))
        silenced = rule in self._ignored
        if last is None or (last.ended_step is not None and step - last.ended_step > _RETURN_STEPS):
            self._last_id += 1
            self._newest[rule] = self._last_id
            last = FindingEntry(self._last_id, finding, step, seconds)
        self._entries[last.id] = replace(
            last, finding=finding, ended_step=None, reason=None, silenced=silenced
        )

    def _end(self, rule: str, step: int, reason: str) -> None:
        entry = self._entries.get(self._newest.get(rule, 0))
        if entry is not None and entry.holds:
            self._entries[entry.id] = replace(entry, ended_step=step, reason=reason)

    def _mark(self, rule: str, *, silenced: bool) -> None:
        entry = self._entries.get(self._newest.get(rule, 0))
        if entry is not None and (entry.holds or entry.reason == RUN_ENDED):
            self._entries[entry.id] = replace(entry, silenced=silenced)

    def _drop(self) -> None:
        surplus = len(self._entries) - MAX_ENTRIES
        past = [id for id, entry in self._entries.items() if not entry.holds]
        for id in past[: max(0, surplus)]:
            del self._entries[id]
            self.dropped += 1


def check_rules(rules: Sequence[str], known: Sequence[str]) -> None:
    """Check the ids of rules to ignore; without known rules, every id is accepted.

    Raises
    ------
    ValueError
        If an id is unknown; the message lists the known ones.
    """
    unknown = [rule for rule in rules if rule not in known]
    if known and unknown:
        raise ValueError(
            f"there is no rule named {', '.join(map(repr, unknown))}; the rules that can be "
            f"ignored are {', '.join(sorted(known))}."
        )
