"""What the progress file stores of the exercises: tries, hints, the last answer and the right one.

The last right answer is stored apart from the last one tried, so that trying something else
afterwards does not lose it. Entries that were edited by hand to something else count as missing.
"""

from __future__ import annotations

import inspect
from typing import Any

from labkit.learn.record import Record
from labkit.learn.record.contents import Entry

_KEPT_CHARACTERS = 4000
_SECTION = "exercises"


class Attempts:
    r"""The exercises' part of a chapter's record.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     attempts = Attempts(Record("01_tensors", folder))
    ...     attempts.store("standardise", "def standardise(table): ...", None, right=True)
    ...     attempts.solved("standardise"), attempts.answer("standardise")
    (True, '# Your last right answer:\ndef standardise(table): ...')
    """

    def __init__(self, record: Record) -> None:
        self._record = record

    def store(self, name: str, answer: str, mistake: str | None, *, right: bool) -> None:
        """Store an answer that was checked."""

        def change(entry: Entry) -> Entry:
            tries = _count(entry.get("tries")) + 1
            solved = entry.get("solved") is True or right
            last = {"tries": tries, "solved": solved, "mistake": mistake, "answer": answer}
            return {**entry, **last, **({"right_answer": answer} if right else {})}

        self._record.update(_SECTION, name, change)

    def solved(self, name: str) -> bool:
        """Whether an answer was right once."""
        return self._record.get(_SECTION, name).get("solved") is True

    def hints(self, name: str) -> int:
        """Return how many hints were given."""
        return _count(self._record.get(_SECTION, name).get("hints"))

    def take_hint(self, name: str, available: int) -> int:
        """Count one more hint, up to those available, and return its number."""

        def change(entry: Entry) -> Entry:
            return {**entry, "hints": min(_count(entry.get("hints")) + 1, available)}

        return int(self._record.update(_SECTION, name, change)["hints"])

    def answer(self, name: str) -> str:
        """Return the last right answer, else the last one tried; a comment above says which."""
        kept = self._record.get(_SECTION, name)
        right, last = kept.get("right_answer"), kept.get("answer")
        if isinstance(right, str) and right:
            return f"# Your last right answer:\n{right}"
        # Records of earlier versions hold the last answer only.
        if isinstance(last, str) and last:
            return f"# Your last answer, not right yet:\n{last}"
        return ""


def is_more(given: Entry, have: Entry) -> bool:
    """Whether an entry of a copy says more than the one that is stored.

    Examples
    --------
    >>> is_more({"solved": True}, {"tries": 3}), is_more({"tries": 1}, {"tries": 3})
    (True, False)
    """
    return have.get("solved") is not True and (not have or given.get("solved") is True)


def _count(value: object) -> int:
    """Return a stored number; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def source_of(answer: Any) -> str:
    """Return an answer as text: a function's source code, else its representation.

    Examples
    --------
    >>> source_of(2.303)
    '2.303'
    """
    try:
        text = inspect.getsource(answer)
    except (TypeError, OSError):
        text = _representation(answer)
    return text[:_KEPT_CHARACTERS]


def _representation(answer: object) -> str:
    try:
        return repr(answer)
    except Exception:  # noqa: BLE001 - a learner's class may raise anything
        return f"an object of type {type(answer).__name__}"
