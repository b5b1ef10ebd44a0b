"""What was predicted and what came out, in the progress file.

A prediction is written once, and so is the first outcome. After "Run all" an outcome is there
before its prediction; one that is made then is marked as late, and has no score until the score is
run again. Entries of the file that someone has edited are read again as if they were typed; what
cannot be read is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from labkit.learn.predictions.prediction import Prediction, Score
from labkit.learn.record import Record
from labkit.learn.record.contents import Entry

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
        None before the outcome, and without a prediction; of a late one before the score is run
        again.
    late : bool
        Whether the prediction was made after the outcome had been computed.
    shown : bool
        Whether the outcome was shown beside a prediction, also one that cannot be read any more.
    """

    value: Any = None
    sure: Sure | None = None
    outcome: Any = None
    score: Score | None = None
    late: bool = False
    shown: bool = False

    @property
    def is_open(self) -> bool:
        """Whether a prediction can be made."""
        return self.value is None and not self.shown


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
        return _read(prediction, self._record.get(_SECTION, prediction.name))

    def lock(self, prediction: Prediction, value: Any, sure: Sure | None) -> Stored:
        """Store a prediction, unless there is one or its outcome was shown; return what counts."""

        def change(entry: Entry) -> Entry:
            before = _read(prediction, entry)
            if not before.is_open:
                return entry
            if before.outcome is None:
                return {"value": value, "sure": sure}
            return {"value": value, "sure": sure, "outcome": before.outcome, "late": True}

        return _read(prediction, self._record.update(_SECTION, prediction.name, change))

    def settle(self, prediction: Prediction, outcome: Any) -> Stored:
        """Store the outcome, unless there is one, and the score; return what counts."""

        def change(entry: Entry) -> Entry:
            before = _read(prediction, entry)
            if before.score is not None or (before.value is None and before.outcome is not None):
                return entry
            if before.value is None:
                return {"outcome": outcome}
            first = outcome if before.outcome is None else before.outcome
            score = prediction.score(before.value, first)
            late = {"late": True} if before.late else {}
            return {
                "value": before.value,
                "sure": before.sure,
                "outcome": first,
                "score": score,
                **late,
            }

        return _read(prediction, self._record.update(_SECTION, prediction.name, change))

    def forget(self, name: str) -> None:
        """Delete a prediction and its outcome."""
        self._record.drop(_SECTION, name)


def is_more(prediction: Prediction, given: Entry, have: Entry) -> bool:
    """Whether an entry of a copy says more than the one that is stored.

    Examples
    --------
    >>> from labkit.learn.predictions import Number
    >>> loss = Number("loss", "How large?")
    >>> is_more(loss, {"value": 0.7}, {"outcome": 0.69})
    True
    >>> is_more(loss, {"value": 0.7}, {"value": 1})
    False
    """
    there, here = _read(prediction, given), _read(prediction, have)
    return here.value is None and (
        there.value is not None or (there.outcome is not None and here.outcome is None)
    )


def _read(prediction: Prediction, entry: Entry) -> Stored:
    value = _attempt(prediction.read, entry.get("value"))
    outcome = _attempt(prediction.read_outcome, entry.get("outcome"))
    sure = entry.get("sure")
    is_scored = "score" in entry
    both = value is not None and outcome is not None
    late = both and entry.get("late") is True
    return Stored(
        value=value,
        sure=sure if value is not None and sure in (1, 2, 3) and sure is not True else None,
        outcome=outcome,
        score=prediction.score(value, outcome) if both and (is_scored or not late) else None,
        late=late,
        shown=outcome is not None and is_scored,
    )


def _attempt(read: Any, stored: Any) -> Any:
    """Return what a stored value means; None if it has no meaning, as after an edit by hand."""
    if stored is None:
        return None
    try:
        return read(stored)
    except (ValueError, TypeError):
        return None
