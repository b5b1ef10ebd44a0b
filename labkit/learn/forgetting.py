"""Forgets a whole chapter, so that it can be worked through again, and says how to undo that."""

from __future__ import annotations

from pathlib import Path

from labkit.learn.attempts import Attempts
from labkit.learn.chapters import Plan
from labkit.learn.copies import set_aside
from labkit.learn.feedback import Feedback
from labkit.learn.predictions.stored import StoredPredictions
from labkit.learn.record import Record


def forget_chapter(plan: Plan, record: Record) -> Feedback:
    """Set aside what is stored of a chapter, delete it, and return a card that says so.

    Examples
    --------
    >>> import tempfile
    >>> from labkit.learn.chapters import load_plan
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     forget_chapter(load_plan("01_tensors"), Record("01_tensors", folder))
    Nothing to forget. Nothing is stored of this chapter.
    """
    held = _held(plan, record)
    try:
        path = set_aside(record)
    except OSError as error:
        problem = f"It could not be set aside first ({error.strerror}), so nothing was changed."
        return Feedback("note", (problem,), label="Nothing forgotten")
    if path is None:
        problem = "Nothing is stored of this chapter."
        return Feedback("note", (problem,), label="Nothing to forget")
    record.clear()
    return Feedback("note", (held, _undo(path)), label="Forgotten")


def _held(plan: Plan, record: Record) -> str:
    """Say what is stored of a chapter."""
    stored, attempts = StoredPredictions(record), Attempts(record)
    predictions = [stored.get(each) for each in plan.predictions]
    counts = (
        (sum(each.value is not None for each in predictions), "prediction"),
        (sum(each.outcome is not None for each in predictions), "outcome"),
        (sum(bool(attempts.answer(each)) for each in plan.exercise_names), "answer"),
    )
    listed = [f"{n} {what}{'s' * (n > 1)}" for n, what in counts if n]
    return f"{', '.join(listed) or 'What was stored'}; hints and tries are counted from 0 again."


def _undo(path: Path) -> str:
    """Say where everything is, and which call takes it back."""
    is_here = path.parent == Path.cwd()
    call = repr(path.name) if is_here else f"{str(path)!r}, {str(path.parent)!r}"
    return (
        f"To undo this, run `learn.restore_progress({call})`: everything is in the file "
        f"`{path.name}` beside the notebooks."
    )
