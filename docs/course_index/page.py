"""The text of ``notebooks/README.md``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from docs.course_index.chapters import FOLDER, ChapterFacts

PAGE = FOLDER / "README.md"
MEMORY = Path(__file__).with_name("peak_memory.json")
"""The peak memory of each chapter in MB, which ``--memory`` measures."""
_HEAD = """\
# The course

Ten chapters, from the first tensor to networks that read. Each chapter asks what you expect before
it shows what happens (an answer, a curve that you sketch, or a place on a picture), explains why,
and checks your exercises: it tells the usual wrong answers apart and says what each of them does.
Begin with [`00_start_here`](00_start_here.ipynb); `make lab` opens it in JupyterLab.

"""
_FOOT = """
*Minutes* are estimated from what there is to read and to do: {reading} words a minute, a minute for
a prediction, four for an exercise; `learn.progress()` shows what is left of them. *Sketched*
predictions are curves that you draw. *Recognised* wrong answers are those that a check explains by
name; any other wrong answer is answered with the first input for which it fails. *Memory* is the
peak of the kernel when the whole notebook is run on one CPU, as measured on {date} with {versions}.
"""
_COLUMNS = (
    "chapter",
    "question",
    "minutes",
    "predictions",
    "sketched",
    "exercises",
    "recognised wrong answers",
    "memory, MB",
)


def page(chapters: Sequence[ChapterFacts], reading: int) -> str:
    """Return the page for the chapters.

    Parameters
    ----------
    chapters : sequence of ChapterFacts
    reading : int
        Words per minute, as the page says.
    """
    measured = json.loads(MEMORY.read_text(encoding="utf-8"))
    rows: list[Sequence[str]] = [_COLUMNS, ["---"] * 2 + ["--:"] * (len(_COLUMNS) - 2)]
    rows += [_row(each, measured["megabytes"]) for each in chapters]
    rows.append(_total(chapters))
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    foot = _FOOT.format(reading=reading, date=measured["date"], versions=measured["versions"])
    return f"{_HEAD}{lines}\n{foot}"


def _row(chapter: ChapterFacts, megabytes: dict[str, int]) -> list[str]:
    counts = (chapter.predictions, chapter.sketched, chapter.exercises, chapter.mistakes)
    return [
        f"[{chapter.name[:2]} {chapter.title}]({chapter.name}.ipynb)",
        chapter.question,
        str(chapter.minutes),
        *(str(count) for count in counts),
        str(megabytes.get(chapter.name, "not measured")),
    ]


def _total(chapters: Sequence[ChapterFacts]) -> list[str]:
    columns = ("minutes", "predictions", "sketched", "exercises", "mistakes")
    sums = (sum(getattr(each, column) for each in chapters) for column in columns)
    return ["**all**", "", *(f"**{total}**" for total in sums), ""]
