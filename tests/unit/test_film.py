"""The films of the documentation: palettes, cropping and durations."""

import io

import pytest
from PIL import Image

from tests.browser.film import Film, with_palette

BOX = (1, 1, 4, 3)


def png(colour, size=(5, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def frames_of(path):
    """Return the first pixels and the durations in milliseconds of a GIF's frames."""
    with Image.open(path) as film:
        for index in range(film.n_frames):
            film.seek(index)
            yield film.convert("RGB").getpixel((0, 0)), film.info["duration"]


def test_few_colours_are_kept_exactly():
    pictures = [Image.new("RGB", (40, 40), "white"), Image.new("RGB", (40, 40), (1, 2, 3))]
    pictures[0].putpixel((5, 7), (200, 30, 40))
    made = [each.convert("RGB") for each in with_palette(*pictures)]
    assert [each.tobytes() for each in made] == [each.tobytes() for each in pictures]


def test_a_rare_colour_is_kept_among_many_others():
    picture = Image.new("RGB", (64, 64))
    picture.putdata([(grey // 16,) * 3 for grey in range(64 * 64)])
    picture.putpixel((63, 63), (255, 0, 0))
    (made,) = with_palette(picture)
    assert made.convert("RGB").getpixel((63, 63)) == (255, 0, 0)


def test_a_film_shows_each_change_for_its_time(tmp_path):
    film = Film([(10.0, png("red")), (10.5, png("red")), (11.0, png("blue"))])
    film.save(tmp_path / "film.gif", BOX, last_seconds=2, speed=2)
    assert list(frames_of(tmp_path / "film.gif")) == [((255, 0, 0), 500), ((0, 0, 255), 2000)]
    with Image.open(tmp_path / "film.gif") as made:
        assert made.size == (3, 2)


def test_a_film_that_is_too_long_is_refused(tmp_path):
    film = Film([(0.0, png("red")), (20.0, png("blue"))])
    with pytest.raises(RuntimeError, match=r"22\.0 s long"):
        film.save(tmp_path / "film.gif", BOX, last_seconds=2)
