"""How far a learner is in the whole course, as a map of its chapters, with a copy to take away.

The map is read from the progress file beside the notebooks. On Binder that file is gone when the
machine is: the map has a link that saves a copy on the learner's own computer, and
`restore_progress` takes it back in.
"""

from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labkit.learn.attempts import Attempts
from labkit.learn.chapters import chapter_names, load_plan
from labkit.learn.feedback import Feedback
from labkit.learn.marked_text import as_plain, html_paragraphs
from labkit.learn.predictions import calibration
from labkit.learn.predictions.stored import Stored, StoredPredictions
from labkit.learn.record import FILE_NAME, VERSION, Record

COPY_NAME = "labkit-progress.json"
_COLUMNS = {
    "chapter": "Opens the notebook",
    "predicted": "How many predictions have met their outcome",
    "right or close": "How many of these were right or close",
    "when certain": "How many were right or close where you said that you were certain",
    "when guessing": "How many were right or close where you said that you were guessing",
    "solved": "How many exercises are solved",
    "to repeat": "Predictions that went another way than you expected",
}
_CELL = "padding:.2em .6em;text-align:left;vertical-align:top"


@dataclass(frozen=True)
class ChapterProgress:
    """How far a learner is in one chapter.

    Attributes
    ----------
    name, title : str
        The notebook's name without suffix, and the chapter's title.
    predictions : dict of str to Stored
        What is stored of each prediction.
    solved : dict of str to bool
        Whether each exercise is solved.
    """

    name: str
    title: str
    predictions: Mapping[str, Stored]
    solved: Mapping[str, bool]

    @property
    def scored(self) -> list[Stored]:
        """The predictions that have met their outcome."""
        return [each for each in self.predictions.values() if each.score is not None]

    @property
    def to_repeat(self) -> list[str]:
        """The names of the predictions that went another way."""
        return [name for name, each in self.predictions.items() if each.score == "off"]

    @property
    def mark(self) -> str:
        """A sign for done, begun and not begun."""
        total = len(self.predictions) + len(self.solved)
        done = len(self.scored) + sum(self.solved.values())
        return "●" if done == total else "◐" if done else "○"

    def hits(self, sure: int | None = None) -> tuple[int, int]:
        """Return how many predictions were right or close, and of how many.

        Parameters
        ----------
        sure : {1, 2, 3}, optional
            Counts only those that the learner was so sure of.
        """
        counted = [each for each in self.scored if sure is None or each.sure == sure]
        return sum(each.score != "off" for each in counted), len(counted)


@dataclass(frozen=True, repr=False)
class CourseProgress:
    """The map of the course.

    Attributes
    ----------
    chapters : tuple of ChapterProgress
        In reading order.
    copy : str
        The content of the progress file; empty without one.
    """

    chapters: tuple[ChapterProgress, ...]
    copy: str = ""

    @property
    def summary(self) -> tuple[str, ...]:
        """Sentences about the whole course."""
        every = {
            f"{each.name}/{name}": stored
            for each in self.chapters
            for name, stored in each.predictions.items()
        }
        solved = [done for each in self.chapters for done in each.solved.values()]
        counts, *_ = calibration.summary(every)
        exercises = f"Exercises: {sum(solved)} of {len(solved)} solved."
        return (counts, exercises, *calibration.sureness(every))

    def __repr__(self) -> str:
        lines = ["Your way through the course."]
        for each in self.chapters:
            hits, scored = each.hits()
            lines.append(
                f"{each.mark} {each.name[:2]} {each.title}: {scored} of {len(each.predictions)} "
                f"predicted, {hits} right or close; {sum(each.solved.values())} of "
                f"{len(each.solved)} exercises solved"
            )
        return "\n".join([*lines, *map(as_plain, self.summary)])

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col" title="{html.escape(title)}" style="{_CELL}">{name}</th>'
            for name, title in _COLUMNS.items()
        )
        rows = "".join(map(_row, self.chapters))
        table = (
            '<div style="overflow-x:auto"><table style="border-collapse:collapse;margin:.4em 0;'
            f'font-size:.95em"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        )
        return (
            '<div data-labkit-view="course" style="border-left:5px solid #0a84c6;'
            "padding:.35em .9em;margin:.3em 0;line-height:1.45;"
            'color:var(--jp-content-font-color1, inherit)">'
            f"<strong>Your way through the course</strong>{table}"
            f"{html_paragraphs(self.summary)}{self._link()}</div>"
        )

    def _link(self) -> str:
        if not self.copy:
            return ""
        data = base64.b64encode(self.copy.encode()).decode()
        return (
            f'<p style="margin:.4em 0 0"><a download="{COPY_NAME}" '
            f'href="data:application/json;base64,{data}">Download your progress</a>, for instance '
            "before you leave Binder. To go on later, drag the file into the list of files beside "
            "the notebooks and run <code>learn.restore_progress()</code>.</p>"
        )


def progress(folder: str | os.PathLike[str] = ".") -> CourseProgress:
    """Return the map of the course: what was predicted, how sure and how right, what is solved.

    Parameters
    ----------
    folder : path
        The folder of the progress file; by default the working directory.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(str(progress(folder)).splitlines()[1][:15])
    ○ 00 Start here
    """
    chapters = tuple(_read(name, folder) for name in chapter_names())
    path = Path(folder) / FILE_NAME
    return CourseProgress(chapters, path.read_text("utf-8") if path.is_file() else "")


def restore_progress(
    path: str | os.PathLike[str] = COPY_NAME, folder: str | os.PathLike[str] = "."
) -> Feedback:
    """Take a downloaded copy of the progress in; what is stored here already stays.

    Parameters
    ----------
    path : path
        The copy.
    folder : path
        The folder of the progress file; by default the working directory.

    Examples
    --------
    >>> restore_progress("no-such-file.json")  # doctest: +ELLIPSIS
    Nothing restored. There is no file no-such-file.json here. Drag your copy into the list of ...
    """
    try:
        data = json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError:
        return _nothing(
            f"There is no file `{path}` here. Drag your copy into the list of files at the "
            "left, into the folder of the notebooks, and run this again."
        )
    except (OSError, ValueError):
        return _nothing(f"`{path}` cannot be read as a copy of your progress.")
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return _nothing(f"`{path}` is no copy of your progress.")
    added = sum(_restore(name, data, folder) for name in chapter_names())
    return Feedback(
        "note",
        (f"Predictions and exercises that were added to what is stored here: {added}.",),
        label="Restored",
    )


def _nothing(reason: str) -> Feedback:
    return Feedback("note", (reason,), label="Nothing restored")


def _read(name: str, folder: str | os.PathLike[str]) -> ChapterProgress:
    plan, record = load_plan(name), Record(name, folder)
    stored, attempts = StoredPredictions(record), Attempts(record)
    return ChapterProgress(
        name,
        plan.title,
        {each.name: stored.get(each) for each in plan.predictions},
        {each.name: attempts.solved(each.name) for each in plan.exercises},
    )


def _restore(name: str, data: Mapping[str, Any], folder: str | os.PathLike[str]) -> int:
    """Add what a copy holds of a chapter; return how many entries are new or better."""
    plan, record, added = load_plan(name), Record(name, folder), 0
    for section, items in (("predictions", plan.predictions), ("exercises", plan.exercises)):
        for item in items:
            given = _entry(data, "chapters", name, section, item.name)
            have = record.get(section, item.name)
            is_solved_there = given.get("solved") is True and have.get("solved") is not True
            if given and (not have or is_solved_there):
                record.put(section, item.name, given)
                added += 1
    return added


def _entry(data: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return what is under a row of names; empty if there is something else."""
    found: Any = data
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return dict(found) if isinstance(found, Mapping) else {}


def _row(chapter: ChapterProgress) -> str:
    link = f'<a href="{chapter.name}.ipynb">{chapter.name[:2]} {html.escape(chapter.title)}</a>'
    repeat = ", ".join(f"<code>{html.escape(name)}</code>" for name in chapter.to_repeat)
    cells = (
        f'<span aria-hidden="true">{chapter.mark}</span> {link}',
        f"{len(chapter.scored)} of {len(chapter.predictions)}",
        _share(chapter.hits()),
        _share(chapter.hits(3)),
        _share(chapter.hits(1)),
        f"{sum(chapter.solved.values())} of {len(chapter.solved)}",
        repeat or "-",
    )
    return "<tr>" + "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells) + "</tr>"


def _share(hits: tuple[int, int]) -> str:
    return f"{hits[0]} of {hits[1]}" if hits[1] else "-"
