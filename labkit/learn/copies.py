"""Copies of the progress: taken in, and set aside when a chapter is forgotten."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labkit.learn.attempts import is_more as is_more_of_an_exercise
from labkit.learn.chapters import chapter_names, load_plan
from labkit.learn.feedback import Feedback
from labkit.learn.predictions.card import refresh_cards
from labkit.learn.predictions.stored import is_more
from labkit.learn.record import Record, parsed, text_of, written
from labkit.learn.record.contents import SECTIONS, found

COPY_NAME = "labkit-progress.json"


def restore_progress(
    path: str | os.PathLike[str] = COPY_NAME, folder: str | os.PathLike[str] = "."
) -> Feedback:
    """Take a copy of the progress in; what is stored here already stays.

    Parameters
    ----------
    path : path
        The copy: downloaded from the map of the course, or set aside by ``chapter.forget()``.
    folder : path
        The folder of the progress file; by default the working directory.

    Examples
    --------
    >>> restore_progress("no-such-file.json")  # doctest: +ELLIPSIS
    Nothing restored. There is no file no-such-file.json here. Drag your copy into the list of ...
    """
    try:
        data = parsed(text_of(Path(path).expanduser()))
    except FileNotFoundError:
        return _nothing(
            f"There is no file `{path}` here. Drag your copy into the list of files at the "
            "left, into the folder of the notebooks, and run this again."
        )
    except OSError as error:
        return _nothing(f"`{path}` cannot be read ({error.strerror}).")
    except ValueError as error:
        return _nothing(f"`{path}` cannot be used as a copy of your progress: {error}.")
    added = sum(_restore(name, data, folder) for name in chapter_names())
    refresh_cards()
    return Feedback(
        "note",
        (f"Predictions and exercises that were added to what is stored here: {added}.",),
        label="Restored",
    )


def _nothing(reason: str) -> Feedback:
    return Feedback("note", (reason,), label="Nothing restored")


def _restore(name: str, data: Mapping[str, Any], folder: str | os.PathLike[str]) -> int:
    """Add what a copy holds of a chapter; return how many entries are new or better."""
    copied = {section: found(data, "chapters", name, section) for section in SECTIONS}
    if not any(copied.values()):
        return 0
    plan, record = load_plan(name), Record(name, folder)
    predictions = {
        each.name: entry
        for each in plan.predictions
        if (entry := found(copied["predictions"], each.name))
        and is_more(each, entry, record.get("predictions", each.name))
    }
    exercises = {
        each: entry
        for each in plan.exercise_names
        if (entry := found(copied["exercises"], each))
        and is_more_of_an_exercise(entry, record.get("exercises", each))
    }
    record.put_all({"predictions": predictions, "exercises": exercises})
    return len(predictions) + len(exercises)


def set_aside(record: Record) -> Path | None:
    """Write what is stored of a chapter to a file of its own, and return its path.

    None if nothing is stored. Raises OSError if it cannot be written.
    """
    stored = {section: record.section(section) for section in SECTIONS}
    if not any(stored.values()):
        return None
    number = 1
    folder = record.path.parent
    while True:
        path = folder / f"labkit-progress-{record.chapter}-{number}.json"
        try:
            with path.open("x", encoding="utf-8") as stream:
                stream.write(written({"chapters": {record.chapter: stored}}))
        except FileExistsError:
            number += 1
        else:
            return path
