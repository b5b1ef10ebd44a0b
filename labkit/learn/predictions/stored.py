"""What was predicted and what came out, in the progress file.

A prediction is written once, before its outcome; the first outcome is written once. Entries of the
file that someone has edited are read again as if they were typed; what cannot be read is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from labkit.learn.predictions.prediction import Prediction, Score
from labkit.learn.record import Record

Sure = Literal[1, 2, 3]

_SECTION = "predictions"


@dataclass(frozen=True)
class Stored:
    """What is known of a prediction.

    Attributes
    ----------
    value : object
        What was predicted; None without a prediction.
    sure : {1, 2, 3} or None
        1 for guessing, 2 for fairly sure, 3 for certain.
    outcome : object
        The first outcome; None before it.
    score : {"right", "close", "off"} or None
        None before the outcome, and without a prediction.
    """

    value: Any = None
    sure: Sure | None = None
    outcome: Any = None
    score: Score | None = None


class StoredPredictions:
    """The predictions of a chapter in its record.

    Examples
    --------
    >>> import tempfile
    >>> from labkit.learn.predictions import Number
    >>> loss = Number("loss", "How large?")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stored = StoredPredictions(Record("01_tensors", folder))
    ...     stored.lock(loss, 0.7, 2).value, stored.settle(loss, 0.69).score
    (0.7, 'right')
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def get(self, prediction: Prediction) -> Stored:
        """Return what is stored."""
        return _read(prediction, self._record.latest(_SECTION, prediction.name))

    def lock(self, prediction: Prediction, value: Any, sure: Sure | None) -> Stored:
        """Store a prediction, unless there is one or its outcome is known; return what counts."""

        def change(entry: dict[str, Any]) -> dict[str, Any]:
            before = _read(prediction, entry)
            if before.value is not None or before.outcome is not None:
                return entry
            return {"value": value, "sure": sure}

        return _read(prediction, self._record.update(_SECTION, prediction.name, change))

    def settle(self, prediction: Prediction, outcome: Any) -> Stored:
        """Store the outcome, unless there is one; return what counts."""

        def change(entry: dict[str, Any]) -> dict[str, Any]:
            before = _read(prediction, entry)
            if before.outcome is not None:
                return entry
            if before.value is None:
                return {"outcome": outcome}
            score = prediction.score(before.value, outcome)
            return {"value": before.value, "sure": before.sure, "outcome": outcome, "score": score}

        return _read(prediction, self._record.update(_SECTION, prediction.name, change))

    def forget(self, name: str) -> None:
        """Delete a prediction and its outcome."""
        self._record.drop(_SECTION, name)


def _read(prediction: Prediction, entry: dict[str, Any]) -> Stored:
    value = _attempt(prediction.read, entry.get("value"))
    outcome = _attempt(prediction.read_outcome, entry.get("outcome"))
    sure = entry.get("sure")
    scored = value is not None and outcome is not None
    return Stored(
        value=value,
        sure=sure if value is not None and sure in (1, 2, 3) and sure is not True else None,
        outcome=outcome,
        score=prediction.score(value, outcome) if scored else None,
    )


def _attempt(read: Any, stored: Any) -> Any:
    """Return what a stored value means; None if it has no meaning, as after an edit by hand."""
    if stored is None:
        return None
    try:
        return read(stored)
    except (ValueError, TypeError):
        return None
