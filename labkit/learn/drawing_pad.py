"""A pad on which a learner draws a small grey image, for a network to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from labkit.run.error_text import described
from labkit.views.assets import small_script
from labkit.views.jupyter_compat import handle_on_subshell
from labkit.views.message_builders import PROTOCOL_VERSION, other_version

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 8
# A seven, so that there is something to look at before anything is drawn.
_SEVEN = "........ .######. .....##. ....##.. ...##... ...##... ...##... ........"


class DrawingPad(anywidget.AnyWidget):
    """A pad of 8 x 8 pixels, drawn on with the pointer or the keyboard.

    Parameters
    ----------
    answer : callable, optional
        Takes the image, shape (1, 1, 8, 8), dtype float32, from 0 (black) to 1, and returns a
        sentence that is shown below the pad; called whenever the drawing has changed.

    Examples
    --------
    >>> pad = DrawingPad(lambda image: f"{int((image > 0).sum())} bright pixels")
    >>> tuple(pad.image.shape), pad.said
    ((1, 1, 8, 8), '16 bright pixels')
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    page_protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    pixels = traitlets.List(traitlets.Float()).tag(sync=True)
    side = traitlets.Int(SIDE).tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(self, answer: Callable[[Tensor], object] | None = None) -> None:
        self._answer = answer
        drawn = [float(sign == "#") for sign in _SEVEN if sign in ".#"]
        super().__init__(pixels=drawn, _esm=small_script("pad.js"))
        handle_on_subshell(self.comm)
        self.observe(self._drawn, "pixels")
        self._drawn()

    @property
    def image(self) -> Tensor:
        """What is drawn, shape (1, 1, 8, 8), dtype float32, from 0 (black) to 1."""
        import torch

        return torch.tensor(self.pixels).reshape(1, 1, SIDE, SIDE)

    def _drawn(self, _: Any = None) -> None:
        if self.page_protocol != PROTOCOL_VERSION:
            self.said = other_version(self.page_protocol)
            return
        if self._answer is None:
            return
        try:
            self.said = str(self._answer(self.image))
        except Exception as error:  # noqa: BLE001 - a learner's function may raise anything
            self.said = f"The function that answers raised {described(error)}"
