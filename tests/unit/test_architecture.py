"""The picture of the architecture shows the packages and arrows that the code has."""

import itertools
import re

import pytest

from docs.architecture.layout import place
from docs.architecture.packages import Floor, Package, floors
from docs.architecture.picture import PICTURE, draw

OUTDATED = "docs/architecture.svg is out of date; run `make architecture`"
PACKAGE = re.compile(r'data-package="([^"]+)" data-files="(\d+)" data-lines="(\d+)"')
ARROW = re.compile(r'data-arrow="([^"]+)"')


@pytest.fixture(scope="module")
def drawn():
    return draw(floors())


def test_the_picture_shows_the_rooms_and_arrows_of_the_code(drawn):
    committed = PICTURE.read_text()
    packages = [[found[1] for found in PACKAGE.finditer(text)] for text in (committed, drawn)]
    assert packages[0] == packages[1], OUTDATED
    assert ARROW.findall(committed) == ARROW.findall(drawn), OUTDATED


def test_the_sizes_in_the_picture_are_about_right(drawn):
    committed, now = (
        {found[1]: (int(found[2]), int(found[3])) for found in PACKAGE.finditer(text)}
        for text in (PICTURE.read_text(), drawn)
    )
    for name, sizes in now.items():
        assert committed[name] == pytest.approx(sizes, rel=0.3, abs=100), f"{name}: {OUTDATED}"


def test_the_same_code_gives_the_same_picture(drawn):
    assert draw(floors()) == drawn


@pytest.fixture
def floor():
    packages = [Package(name, 1, 10, ()) for name in "abcd"]
    arrows = (("a", "b"), ("a", "c"), ("b", "c"), ("c", "d"), ("a", "d"))
    return Floor("test", tuple(packages), arrows)


def test_arrows_point_down_through_every_row_between(floor):
    layout = place(floor, 100, 10)
    boxes = [[name for name in row if len(name) == 1] for row in layout.rows]
    assert boxes == [["a"], ["b"], ["c"], ["d"]]
    for path in layout.paths.values():
        rows = [layout.row(name) for name in path]
        assert rows == list(range(rows[0], rows[-1] + 1))


def test_boxes_and_bends_of_a_row_do_not_overlap(floor):
    layout = place(floor, 100, 10)
    widths = {name: 100 if len(name) == 1 else 10 for row in layout.rows for name in row}
    for row in layout.rows:
        for left, right in itertools.pairwise(row):
            apart = layout.middles[right] - layout.middles[left]
            assert apart >= (widths[left] + widths[right]) / 2 + 9.9
