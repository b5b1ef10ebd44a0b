"""How far a learner is in the whole course, as a map of its chapters, with a copy to take away.

The map is read from the progress file beside the notebooks. On Binder that file is gone when the
machine is: the map has a link that saves a copy on the learner's own computer, and
`restore_progress` takes it back in.
"""

from __future__ import annotations

import base64
import html
import os
from dataclasses import dataclass

from labkit.learn.chapter_progress import ChapterProgress, read_progress
from labkit.learn.chapters import chapter_names, load_plan
from labkit.learn.copies import COPY_NAME
from labkit.learn.marked_text import as_plain, html_paragraphs
from labkit.learn.predictions import calibration
from labkit.learn.record import Record
from labkit.learn.record.progress_file import progress_file

_COLUMNS = {
    "chapter": "Opens the notebook",
    "minutes": "About how long the chapter takes and, once you have begun, what is left of it",
    "predicted": "How many predictions have met their outcome",
    "right or close": "How many were right or close, of those made before the outcome was computed",
    "when certain": "How many were right or close where you said that you were certain",
    "when guessing": "How many were right or close where you said that you were guessing",
    "solved": "How many exercises are solved",
}
_CELL = "padding:.2em .6em;text-align:left;vertical-align:top"
_SHORT = f"{_CELL};white-space:nowrap"


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
            hits, counted = each.hits()
            predicted = f"{len(each.scored)} of {len(each.predictions)} predicted"
            solved = f"{sum(each.solved.values())} of {len(each.solved)} exercises solved"
            lines.append(
                f"{each.mark} {each.name[:2]} {each.title} (minutes: {_minutes(each)}): "
                f"{predicted}, {hits} of {counted} right or close; {solved}"
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
    chapters = tuple(
        read_progress(name, load_plan(name), Record(name, folder)) for name in chapter_names()
    )
    return CourseProgress(chapters, progress_file(folder).text())


def _row(chapter: ChapterProgress) -> str:
    link = f'<a href="{chapter.name}.ipynb">{chapter.name[:2]} {html.escape(chapter.title)}</a>'
    cells = (
        f'<span aria-hidden="true">{chapter.mark}</span> {link}',
        _minutes(chapter),
        f"{len(chapter.scored)} of {len(chapter.predictions)}",
        _share(chapter.hits()),
        _share(chapter.hits(3)),
        _share(chapter.hits(1)),
        f"{sum(chapter.solved.values())} of {len(chapter.solved)}",
    )
    styles = (_CELL, *[_SHORT] * (len(cells) - 1))
    columns = zip(styles, cells, strict=True)
    row = "".join(f'<td style="{style}">{cell}</td>' for style, cell in columns)
    return f"<tr>{row}</tr>{_to_repeat(chapter)}"


def _to_repeat(chapter: ChapterProgress) -> str:
    """Return a row of its own for the predictions to look at again, which may be many."""
    if not chapter.to_repeat:
        return ""
    names = " ".join(f"<code>{html.escape(name)}</code>" for name in chapter.to_repeat)
    title = "Predictions that went another way than you expected"
    return (
        f'<tr><td colspan="{len(_COLUMNS)}" title="{title}" style="{_CELL};padding-left:1.8em">'
        f"to repeat: {names}</td></tr>"
    )


def _minutes(chapter: ChapterProgress) -> str:
    """Return how long a chapter takes, or what is left of it."""
    if chapter.mark == "○":
        return f"{chapter.plan.minutes}"
    return f"{chapter.minutes_left} left"


def _share(hits: tuple[int, int]) -> str:
    return f"{hits[0]} of {hits[1]}" if hits[1] else "-"
