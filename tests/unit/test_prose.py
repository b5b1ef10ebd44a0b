"""The check of the English: what it reads, and what it finds."""

import pytest

from docs.prose.checking import findings
from docs.prose.passages import Passage, passages


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Every row is classified rightly.", "'classified correctly'"),
        ("A grid of 3 x 4 cells.", "'3 x 4'"),
        ("Use this in order to learn.", "'in order to'"),
        ("The the loss falls.", "repeated"),
        ("The gray line has a recieved value.", "received"),
        ("The color of the line.", "colour"),
    ],
)
def test_a_habit_to_avoid_is_found_with_its_place(text, found):
    lines = findings([Passage("fine.md:1", "The loss falls."), Passage("a.md:7", text)])
    assert all(line.startswith("a.md:7: ") for line in lines)
    assert any(found in line for line in lines)


def test_guides_notebooks_and_the_texts_of_the_course_are_read_without_their_code():
    places = [passage.place for passage in passages()]
    for beginning in (
        "README.md:",
        "docs/usage.md:",
        "notebooks/00_start_here.ipynb cell ",
        "labkit/learn/",
    ):
        assert any(place.startswith(beginning) for place in places)
    assert not any("import " in passage.text for passage in passages() if "README" in passage.place)
