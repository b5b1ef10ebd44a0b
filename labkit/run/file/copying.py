"""Writes a copy of what a run has in memory to a file."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from labkit.run.file.contents import Contents
from labkit.run.file.errors import write_problem
from labkit.run.file.paths import check_is_run, claim
from labkit.run.file.saved_run import SavedRun


def write_copy(run: SavedRun, path: Path) -> None:
    """Write all that a run has in memory to a file, replacing one of a run that may be there.

    Raises
    ------
    ValueError
        If there is a file of another kind.
    OSError
        If the file cannot be written.
    """
    if os.path.exists(path):  # noqa: PTH110 - False where it may not be looked at
        check_is_run(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = claim(path.with_name(f".{path.name}.writing"))
        try:
            contents = Contents.created(draft, run)
            try:
                contents.end = "copy"
                contents.write_all()
            finally:
                contents.close()
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except (sqlite3.Error, OSError) as error:
        raise OSError(f"{write_problem(error, path)}. Nothing was written.") from error
