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
from labkit.views.messages.pad import PadTiles
from labkit.views.saved_output import with_still
from labkit.views.still.sheet import INSET, Section, lines, paragraph, sheet

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 8
_MOST_TILES = 16
_NO_TILES: PadTiles = {"count": 0, "rows": 0, "columns": 0, "values": []}
_SQUARE = 20
"""Side of a pixel in the still picture, in px."""
# A seven with its bar, so that there is something to look at before anything is drawn.
_SEVEN = ".######. .....#.. ....##.. ..####.. ...#.... ..##.... ........ ........"


class DrawingPad(anywidget.AnyWidget):
    """A pad of 8 x 8 pixels, drawn on with the pointer or the keyboard.

    Parameters
    ----------
    answer : callable, optional
        Takes the image, shape (1, 1, 8, 8), dtype float32, from 0 (black) to 1, and returns a
        sentence that is shown below the pad; called whenever the drawing has changed.
    maps : callable, optional
        Takes the image and returns maps of it, shape (n, height, width), up to 16; they are drawn
        beside the pad, from 0 (black) to the largest value of all (white).

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
    tiles = traitlets.Dict().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        answer: Callable[[Tensor], object] | None = None,
        *,
        maps: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        self._answer, self._maps = answer, maps
        drawn = [float(sign == "#") for sign in _SEVEN if sign in ".#"]
        super().__init__(pixels=drawn, tiles=dict(_NO_TILES), _esm=small_script("pad.js"))
        handle_on_subshell(self.comm)
        self.observe(self._drawn, "pixels")
        self._drawn()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = {"text/plain": f"Drawing pad. {self.said}".strip(), "image/svg+xml": self._svg()}
        return with_still(data, self.model_id, still), metadata

    def _svg(self) -> str:
        """Return what is drawn, and what is said about it, for notebooks without a kernel."""
        squares = "".join(
            f'<rect x="{INSET + _SQUARE * (place % SIDE)}" y="{_SQUARE * (place // SIDE)}" '
            f'width="{_SQUARE}" height="{_SQUARE}" fill="rgb({grey},{grey},{grey})"/>'
            for place, grey in enumerate(round(255 * pixel) for pixel in self.pixels)
        )
        drawn = Section(squares, _SQUARE * SIDE)
        return sheet("Drawing pad", "", [drawn, paragraph(lines(self.said, 100, 4))])

    @property
    def image(self) -> Tensor:
        """What is drawn, shape (1, 1, 8, 8), dtype float32, from 0 (black) to 1."""
        import torch

        return torch.tensor(self.pixels).reshape(1, 1, SIDE, SIDE)

    def _drawn(self, _: Any = None) -> None:
        if self.page_protocol != PROTOCOL_VERSION:
            self.said = other_version(self.page_protocol)
            return
        with self.hold_sync():
            if self._answer is not None:
                try:
                    self.said = str(self._answer(self.image))
                except Exception as error:  # noqa: BLE001 - a learner's function may raise anything
                    self.said = f"The function that answers raised {described(error)}"
            if self._maps is not None:
                try:
                    self.tiles = dict(_as_tiles(self._maps(self.image)))
                except Exception as error:  # noqa: BLE001 - a learner's function may raise anything
                    self.said = f"The function that makes the maps raised {described(error)}"


def _as_tiles(maps: Tensor) -> PadTiles:
    """Return maps as they are sent."""
    values = maps.detach().cpu().float()
    if values.ndim != len(("n", "height", "width")) or len(values) > _MOST_TILES:
        raise ValueError(
            f"up to {_MOST_TILES} maps of shape (n, height, width) are drawn; got "
            f"{tuple(values.shape)}"
        )
    count, rows, columns = values.shape
    scaled = (values / values.max().clamp(min=1e-12)).clamp(0, 1).nan_to_num()
    shown = [round(value, 3) for value in scaled.flatten().tolist()]
    return {"count": count, "rows": rows, "columns": columns, "values": shown}
