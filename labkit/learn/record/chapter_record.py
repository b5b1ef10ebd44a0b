"""One chapter's part of the progress file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labkit.learn.record.contents import SECTIONS, Entry, found
from labkit.learn.record.progress_file import progress_file


class Record:
    """What is stored of one chapter.

    Parameters
    ----------
    chapter : str
        The chapter's name, as in ``"01_tensors"``.
    folder : path
        The folder of the file: that of the notebooks.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Record("01_tensors", folder).put("predictions", "stride", {"value": [1, 4]})
    ...     Record("01_tensors", folder).get("predictions", "stride")
    {'value': [1, 4]}
    """

    def __init__(self, chapter: str, folder: str | os.PathLike[str] = ".") -> None:
        self._chapter = chapter
        self._file = progress_file(folder)
        # A file that cannot be used is reported when the chapter is opened.
        self.section(SECTIONS[0])

    @property
    def chapter(self) -> str:
        """The name of the chapter."""
        return self._chapter

    @property
    def path(self) -> Path:
        """The path of the file, absolute and without links."""
        return self._file.path

    def get(self, section: str, name: str) -> Entry:
        """Return a copy of the entry `name` of a section; an empty dict if there is none."""
        return found(self.section(section), name)

    def section(self, section: str) -> dict[str, Any]:
        """Return a copy of the entries of a section: "predictions" or "exercises"."""
        return self._file.entries(self._chapter, section)

    def put(self, section: str, name: str, entry: Entry) -> None:
        """Store `entry` under `name` and write the file."""
        self.update(section, name, lambda _: entry)

    def update(self, section: str, name: str, change: Callable[[Entry], Entry]) -> Entry:
        """Replace the entry `name` by what `change` makes of it, write the file, and return it."""
        return self._file.update((self._chapter, section, name), change)

    def put_all(self, entries: Mapping[str, Mapping[str, Entry]]) -> None:
        """Store entries by section and name, and write the file once."""
        self._file.change(
            {
                (self._chapter, section, name): entry
                for section, named in entries.items()
                for name, entry in named.items()
            }
        )

    def drop(self, section: str, name: str) -> None:
        """Delete the entry `name`, if there is one, and write the file."""
        if name in self.section(section):
            self._file.change({(self._chapter, section, name): None})

    def clear(self) -> None:
        """Delete all entries and write the file."""
        self._file.change(
            {
                (self._chapter, section, name): None
                for section in SECTIONS
                for name in self.section(section)
            }
        )
