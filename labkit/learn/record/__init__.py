"""The JSON file beside the notebooks that stores predictions, answers and progress.

`chapter_record` is one chapter's part of it, `progress_file` the file with what could not be
written yet, `contents` its text and what is valid in it, and `lock` the turns of several kernels.
"""

from __future__ import annotations

from labkit.learn.record.chapter_record import Record
from labkit.learn.record.contents import VERSION, parsed, written
from labkit.learn.record.progress_file import FILE_NAME, text_of

__all__ = ["FILE_NAME", "VERSION", "Record", "parsed", "text_of", "written"]
