"""Records a page as an animated GIF, with a pointer, in the page's own time."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Error, Locator, Page

_SHORTEST_SECONDS = 0.08
_LONGEST_SECONDS = 12
_FREQUENT_COLOURS = 64
_COLOURS = 255  # one of GIF's 256 is left for pixels that stay as they are

_POINTER = """() => {
  const pointer = document.createElement("div");
  pointer.innerHTML = `<svg width="22" height="26" viewBox="0 0 22 26">
    <path d="M2 2 L2 20 L7 15.5 L10.5 23.5 L14 22 L10.5 14.2 L17 14 Z"
      fill="#111" stroke="#fff" stroke-width="1.6" stroke-linejoin="round"/></svg>`;
  pointer.style.cssText = "position:fixed;z-index:100000;pointer-events:none;left:-40px;top:0";
  document.body.append(pointer);
  addEventListener("mousemove", (event) => {
    pointer.style.left = `${event.clientX - 2}px`;
    pointer.style.top = `${event.clientY - 2}px`;
  }, true);
  addEventListener("mousedown", () => {
    pointer.style.transform = "scale(0.8)";
    setTimeout(() => { pointer.style.transform = ""; }, 150);
  }, true);
}"""


class Pointer:
    """A mouse pointer that is visible on the page and moves at a hand's pace.

    Parameters
    ----------
    page : Page
    """

    def __init__(self, page: Page) -> None:
        self._page = page
        self._at = (0.0, 0.0)
        page.evaluate(_POINTER)

    def move(self, x: float, y: float, seconds: float = 0.6) -> None:
        """Move to a point of the page, given in CSS pixels."""
        from_x, from_y = self._at
        began = time.monotonic()
        part = 0.0
        while part < 1:
            part = min(1.0, (time.monotonic() - began) / seconds)
            eased = part * part * (3 - 2 * part)
            self._page.mouse.move(from_x + (x - from_x) * eased, from_y + (y - from_y) * eased)
            self._page.wait_for_timeout(20)
        self._at = (x, y)

    def click(self, target: Locator, seconds: float = 0.6) -> None:
        """Move to the middle of an element and click."""
        box = target.bounding_box()
        assert box is not None, f"{target} is not on the page"
        self.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, seconds)
        self._page.mouse.down()
        self._page.wait_for_timeout(60)
        self._page.mouse.up()


def scroll(page: Page, panel: str, to: float, seconds: float = 0.8) -> None:
    """Scroll the first element that matches a selector smoothly to an offset in CSS pixels."""
    page.evaluate(
        """([panel, to, seconds]) => new Promise((done) => {
          const element = document.querySelector(panel);
          const from = element.scrollTop, began = performance.now();
          const move = (now) => {
            const part = Math.min(1, Math.max(0, (now - began) / 1000 / seconds));
            element.scrollTop = from + (to - from) * part * part * (3 - 2 * part);
            if (part < 1) requestAnimationFrame(move); else done();
          };
          requestAnimationFrame(move);
        })""",
        [panel, to, seconds],
    )


@dataclass
class Film:
    """Pictures of a page and when each was taken, in seconds of the page's clock."""

    frames: list[tuple[float, bytes]] = field(default_factory=list)
    """Times in seconds and PNG files, in the order of their times."""

    def save(
        self, path: Path, box: tuple[int, int, int, int], *, last_seconds: float, speed: float = 1.0
    ) -> None:
        """Write an animated GIF that repeats forever.

        Parameters
        ----------
        path : Path
        box : tuple of int
            Left, top, right and bottom of the part that is shown, in pixels.
        last_seconds : float
            Time for which the last picture is shown.
        speed : float
            2 plays the film twice as fast as it was recorded.

        Raises
        ------
        RuntimeError
            If the film is longer than 12 seconds, as where other work slowed the page down.
        """
        times, pictures = self._spaced(box)
        images = with_palette(*pictures)
        seconds = [*(np.diff(times) / speed), last_seconds]
        if sum(seconds) > _LONGEST_SECONDS:
            raise RuntimeError(
                f"the film is {sum(seconds):.1f} s long, more than {_LONGEST_SECONDS} s; "
                "record it again while the machine does nothing else"
            )
        durations = [10 * max(2, round(100 * each)) for each in seconds]  # GIF counts in 10 ms
        images[0].save(
            path,
            save_all=True,
            append_images=images[1:],
            duration=durations,
            loop=0,
            optimize=False,
        )

    def _spaced(self, box: tuple[int, int, int, int]) -> tuple[list[float], list[Image.Image]]:
        """Return the pictures that differ from the one before and are not too close to it."""
        times: list[float] = []
        pictures: list[Image.Image] = []
        for moment, png in self.frames:
            picture = Image.open(io.BytesIO(png)).convert("RGB").crop(box)
            if pictures and picture.tobytes() == pictures[-1].tobytes():
                continue
            if times and moment - times[-1] < _SHORTEST_SECONDS:
                pictures[-1] = picture  # the newest of those that are close to each other
                continue
            times.append(moment)
            pictures.append(picture)
        return times, pictures


def with_palette(*pictures: Image.Image) -> list[Image.Image]:
    """Return RGB pictures as pictures with one common palette of 255 colours, without dithering.

    The palette has the most frequent colours, then those that are most distant from the others:
    by frequency alone, the colours of thin curves and of small legends would be lost.
    """
    codes = [_codes(picture) for picture in pictures]
    parts = [np.unique(each, return_counts=True) for each in codes]
    found, places = np.unique(np.concatenate([part[0] for part in parts]), return_inverse=True)
    counts = np.bincount(places, weights=np.concatenate([part[1] for part in parts]))
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], axis=1)  # (n_found, 3)
    chosen = _chosen_colours(colours, counts)
    nearest = np.array([_distances(colours[chosen], each).argmin() for each in colours])
    results = []
    for each in codes:
        image = Image.fromarray(nearest[np.searchsorted(found, each)].astype(np.uint8))
        image.putpalette(colours[chosen].astype(np.uint8).tobytes())  # the mode becomes "P"
        results.append(image)
    return results


def _codes(picture: Image.Image) -> NDArray[np.int32]:
    """Return an RGB picture's colours as one number each, shape (height, width)."""
    parts = np.asarray(picture, dtype=np.int32)
    return parts[..., 0] << 16 | parts[..., 1] << 8 | parts[..., 2]


def _distances(colours: NDArray[np.int32], colour: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the squared distances of colours, shape (n, 3), from one, shape (3,)."""
    squares: NDArray[np.int32] = np.square(colours - colour).sum(axis=1, dtype=np.int32)
    return squares


def _chosen_colours(colours: NDArray[np.int32], counts: NDArray[Any]) -> list[int]:
    """Return the rows of at most `_COLOURS` colours for a palette."""
    chosen = [int(row) for row in np.argsort(-counts)[:_FREQUENT_COLOURS]]
    distances = np.min([_distances(colours, colours[row]) for row in chosen], axis=0)
    while len(chosen) < _COLOURS and distances.max() > 0:
        chosen.append(int(distances.argmax()))
        distances = np.minimum(distances, _distances(colours, colours[chosen[-1]]))
    return chosen


@contextmanager
def filmed(page: Page) -> Iterator[Film]:
    """Record every picture that the page draws while the context is open."""
    film = Film()
    session = page.context.new_cdp_session(page)

    def take(frame: dict[str, object]) -> None:
        metadata = frame["metadata"]
        assert isinstance(metadata, dict)
        film.frames.append((metadata["timestamp"], base64.b64decode(str(frame["data"]))))
        # No further frame is sent until this one is acknowledged, which limits their rate.
        with suppress(Error):  # the page was closed in the meantime
            page.wait_for_timeout(1000 * _SHORTEST_SECONDS)
            session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    session.on("Page.screencastFrame", take)
    session.send("Page.startScreencast", {"format": "png", "everyNthFrame": 1})
    yield film
    session.send("Page.stopScreencast")
    session.detach()
