"""Records a page as an animated WebP, with a pointer, in the page's own time."""

from __future__ import annotations

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Error, Locator, Page

_SHORTEST_SECONDS = 0.08
_LONGEST_SECONDS = 12

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


@dataclass
class Film:
    """Pictures of a page and when each was taken, in seconds of the page's clock."""

    frames: list[tuple[float, bytes]] = field(default_factory=list)
    """Times in seconds and PNG files, in the order of their times."""

    def save(
        self, path: Path, box: tuple[int, int, int, int], *, last_seconds: float, speed: float = 1.0
    ) -> None:
        """Write an animated WebP, lossless, that repeats forever.

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
        times, images = self._spaced(box)
        seconds = [*(np.diff(times) / speed), last_seconds]
        if sum(seconds) > _LONGEST_SECONDS:
            raise RuntimeError(
                f"the film is {sum(seconds):.1f} s long, more than {_LONGEST_SECONDS} s; "
                "record it again while the machine does nothing else"
            )
        images[0].save(
            path,
            save_all=True,
            append_images=images[1:],
            duration=[round(1000 * each) for each in seconds],
            loop=0,
            lossless=True,
            method=6,
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
