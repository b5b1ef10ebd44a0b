"""How far a learner is in one chapter, read from the progress file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from labkit.learn.attempts import Attempts
from labkit.learn.chapters import Plan
from labkit.learn.predictions.stored import Stored, StoredPredictions
from labkit.learn.record import Record


@dataclass(frozen=True)
class ChapterProgress:
    """How far a learner is in one chapter.

    Attributes
    ----------
    name : str
        The notebook's name without suffix.
    plan : Plan
        That of the chapter.
    predictions : dict of str to Stored
        What is stored of each prediction.
    solved : dict of str to bool
        Whether each exercise is solved.
    """

    name: str
    plan: Plan
    predictions: Mapping[str, Stored]
    solved: Mapping[str, bool]

    @property
    def title(self) -> str:
        """The chapter's title."""
        return self.plan.title

    @property
    def scored(self) -> list[Stored]:
        """The predictions that have met their outcome."""
        return [each for each in self.predictions.values() if each.score is not None]

    @property
    def to_repeat(self) -> list[str]:
        """The names of the predictions that went another way."""
        return [name for name, each in self.predictions.items() if each.score == "off"]

    @property
    def minutes_left(self) -> int:
        """About how many minutes the rest of the chapter takes."""
        return self.plan.minutes_left(
            predictions=len(self.predictions) - len(self.scored),
            exercises=len(self.solved) - sum(self.solved.values()),
        )

    @property
    def mark(self) -> str:
        """A sign for done, begun and not begun."""
        total = len(self.predictions) + len(self.solved)
        done = len(self.scored) + sum(self.solved.values())
        return "●" if done == total else "◐" if done else "○"

    def hits(self, sure: int | None = None) -> tuple[int, int]:
        """Return how many predictions were right or close, and of how many; late ones not counted.

        Parameters
        ----------
        sure : {1, 2, 3}, optional
            Counts only those that the learner was so sure of.
        """
        made = [each for each in self.scored if not each.late]
        counted = [each for each in made if sure is None or each.sure == sure]
        return sum(each.score != "off" for each in counted), len(counted)


def read_progress(name: str, plan: Plan, record: Record) -> ChapterProgress:
    """Return what the record of a chapter says now.

    Examples
    --------
    >>> import tempfile
    >>> from labkit.learn.chapters import load_plan
    >>> plan = load_plan("01_tensors")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_progress("01_tensors", plan, Record("01_tensors", folder)).mark
    '○'
    """
    stored, attempts = StoredPredictions(record), Attempts(record)
    return ChapterProgress(
        name,
        plan,
        {each.name: stored.get(each) for each in plan.predictions},
        {each: attempts.solved(each) for each in plan.exercise_names},
    )
