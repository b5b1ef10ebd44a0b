"""Writes the index; with ``--memory`` it measures the chapters' memory before."""

from __future__ import annotations

import sys

from docs.course_index.chapters import WORDS_PER_MINUTE, chapter_facts
from docs.course_index.memory import measure
from docs.course_index.page import PAGE, page

if "--memory" in sys.argv:
    measure()
PAGE.write_text(page(chapter_facts(), WORDS_PER_MINUTE), encoding="utf-8")
