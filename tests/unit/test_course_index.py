"""The index of the course says what the chapters hold."""

import json

import pytest

from docs.course_index.chapters import WORDS_PER_MINUTE, chapter_facts
from docs.course_index.page import MEMORY, PAGE, page
from labkit.learn.chapters import rounded_up

OUTDATED = "notebooks/README.md is out of date; run `make course-index`"


def test_the_index_is_that_of_the_chapters():
    assert PAGE.read_text(encoding="utf-8") == page(chapter_facts(), WORDS_PER_MINUTE), OUTDATED


@pytest.mark.parametrize("chapter", chapter_facts(), ids=lambda chapter: chapter.name)
def test_the_minutes_of_a_plan_are_those_of_its_notebook(chapter):
    """Within half a step of rounding more, so that a sentence more does not change a plan."""
    about = f"write minutes={rounded_up(chapter.estimate)} into the plan of {chapter.name}"
    assert chapter.minutes - 7.5 <= chapter.estimate <= chapter.minutes + 2.5, about


def test_the_memory_of_every_chapter_was_measured_and_is_within_binders_limit():
    megabytes = json.loads(MEMORY.read_text(encoding="utf-8"))["megabytes"]
    assert set(megabytes) == {chapter.name for chapter in chapter_facts()}
    assert max(megabytes.values()) < 1200
