"""Events of a run: changes that a person made to its training, and when they were taken back."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

Quantity = Literal["lr", "momentum", "betas", "weight_decay"]
"""A hyperparameter of a parameter group, by its name in torch."""
EventKind = Literal["lr", "momentum", "betas", "weight_decay", "freeze", "thaw", "budget"]
Schedule = Literal["scale", "hold"]
Value = float | tuple[float, ...]

QUANTITIES: Mapping[Quantity, str] = {
    "lr": "learning rate",
    "momentum": "momentum",
    "betas": "betas",
    "weight_decay": "weight decay",
}
"""The hyperparameters that can be changed, with their names in a sentence."""
MAX_EVENTS = 1000
"""Maximum number of stored events; the oldest are dropped."""

_ids = itertools.count(1)


@dataclass(frozen=True)
class RunEvent:
    """A change to the training of a run.

    Attributes
    ----------
    id : int
        Unique in this process.
    step : int
        Number of completed steps when it was made: it takes effect in the step after.
    kind : str
        ``"lr"``, ``"momentum"``, ``"betas"``, ``"weight_decay"``, ``"freeze"``, ``"thaw"`` or
        ``"budget"``.
    where : str
        Name of the parameter group, as in the series ``"lr/<group>"``, or path of the module.
    before, after : float or tuple of float or None
        The value before and after; None for modules.
    text : str
        The change in a few words.
    schedule : str or None
        ``"scale"`` or ``"hold"`` for a hyperparameter; None otherwise.
    taken_back : int or None
        Number of completed steps when the change was taken back; None while it was not.
    """

    id: int
    step: int
    kind: EventKind
    where: str
    before: Value | None
    after: Value | None
    text: str
    schedule: Schedule | None = None
    taken_back: int | None = None


class EventLog:
    """The events of one run, oldest first. The methods are safe on any thread.

    Examples
    --------
    >>> log = EventLog()
    >>> event = log.add(400, "freeze", "encoder", text="encoder frozen")
    >>> log.take_back(event.id, 500).taken_back
    500
    >>> [each.step for each in log.all()]
    [400]
    """

    def __init__(self) -> None:
        self._events: tuple[RunEvent, ...] = ()
        self._lock = threading.Lock()
        self.dropped = 0
        """Number of events that are not stored any more."""

    def all(self) -> tuple[RunEvent, ...]:
        """Return the stored events."""
        return self._events

    def find(self, id: int) -> RunEvent | None:
        """Return the event with an id; None if it is not stored."""
        return next((event for event in self._events if event.id == id), None)

    def add(
        self,
        step: int,
        kind: EventKind,
        where: str,
        before: Value | None = None,
        after: Value | None = None,
        *,
        text: str,
        schedule: Schedule | None = None,
    ) -> RunEvent:
        """Add an event and return it."""
        event = RunEvent(next(_ids), step, kind, where, before, after, text, schedule)
        with self._lock:
            events = (*self._events, event)
            self.dropped += max(0, len(events) - MAX_EVENTS)
            self._events = events[-MAX_EVENTS:]
        return event

    def restore(self, events: Sequence[RunEvent]) -> None:
        """Replace the events by those of another log."""
        with self._lock:
            self._events = tuple(events)[-MAX_EVENTS:]

    def take_back(self, id: int, step: int) -> RunEvent:
        """Record that an event was taken back after `step` steps, and return the changed event."""
        with self._lock:
            changed = {
                each.id: replace(each, taken_back=step) for each in self._events if each.id == id
            }
            self._events = tuple(changed.get(each.id, each) for each in self._events)
        return changed[id]


def number_text(value: Value) -> str:
    """Return a value with at most four significant digits.

    Examples
    --------
    >>> number_text(0.1), number_text((0.9, 0.999))
    ('0.1', '0.9, 0.999')
    """
    return ", ".join(f"{each:.4g}" for each in (value if isinstance(value, tuple) else (value,)))


def texts_by_step(events: Sequence[RunEvent]) -> dict[int, str]:
    """Return what was changed and taken back after each step.

    Examples
    --------
    >>> texts_by_step([RunEvent(1, 40, "freeze", "head", None, None, "head frozen", None, 90)])
    {40: 'head frozen', 90: 'taken back: head frozen'}
    """
    texts: dict[int, list[str]] = {}
    for event in events:
        texts.setdefault(event.step, []).append(event.text)
        if event.taken_back is not None:
            texts.setdefault(event.taken_back, []).append(f"taken back: {event.text}")
    return {step: "; ".join(found) for step, found in texts.items()}


def event_row(event: RunEvent) -> dict[str, Any]:
    """Return an event as the row of a table."""
    return {
        "step": event.step,
        "kind": event.kind,
        "where": event.where,
        "before": event.before,
        "after": event.after,
        "schedule": event.schedule,
        "text": event.text,
        "taken_back": event.taken_back,
    }
