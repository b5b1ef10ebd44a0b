"""The films of the documentation: cropping and durations."""

import io

import pytest
from PIL import Image

from tests.browser.film import Film

BOX = (1, 1, 4, 3)


def png(colour, size=(5, 4)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


def frames_of(path):
    """Return the first pixels and the durations in milliseconds of a film's frames."""
    with Image.open(path) as film:
        for index in range(film.n_frames):
            film.seek(index)
            yield film.convert("RGB").getpixel((0, 0)), film.info["duration"]


def test_a_film_shows_each_change_for_its_time(tmp_path):
    film = Film([(10.0, png("red")), (10.5, png("red")), (11.0, png("blue"))])
    film.save(tmp_path / "film.webp", BOX, last_seconds=2, speed=2)
    assert list(frames_of(tmp_path / "film.webp")) == [((255, 0, 0), 500), ((0, 0, 255), 2000)]
    with Image.open(tmp_path / "film.webp") as made:
        assert made.size == (3, 2)


def test_a_film_that_is_too_long_is_refused(tmp_path):
    film = Film([(0.0, png("red")), (20.0, png("blue"))])
    with pytest.raises(RuntimeError, match=r"22\.0 s long"):
        film.save(tmp_path / "film.webp", BOX, last_seconds=2)
