"""The colours of the panels of activations in a saved picture, as in the page.

They mirror ``frontend/src/views/activations/colours.ts``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from labkit.run.activations import Picture
from labkit.views.still.sheet import HEAT

SIGNED = ("#2166ac", "#67a9cf", "#f3f3f3", "#f0a05a", "#b24605")
"""Colours of a range around zero: blue, white, orange."""
_POSSIBLE = (("gate", (0.0, 1.0)), ("candidate", (-1.0, 1.0)))
"""The values that panels of a recurrent layer can have, by the end of their names."""
_NOT_FINITE = np.uint8(128)


@dataclass(frozen=True)
class PanelColours:
    """The ends of a scale, and its colours from low to high."""

    low: float
    high: float
    palette: tuple[str, ...]

    @property
    def words(self) -> str:
        """The scale in words."""
        if self.palette is SIGNED:
            return f"{self.low:.3g} (blue) over 0 (white) to {self.high:.3g} (orange)"
        return f"{self.low:.3g} (dark) to {self.high:.3g} (bright)"

    def of(self, values: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Return the colours of values, shape (n_rows, n_columns, 3); grey where not finite."""
        stops = np.array([[int(each[i : i + 2], 16) for i in (1, 3, 5)] for each in self.palette])
        finite = np.isfinite(values)
        share = (np.where(finite, values, self.low) - self.low) / (self.high - self.low)
        at = np.linspace(0, 1, len(stops))
        channels = [np.interp(share, at, stops[:, channel]) for channel in range(3)]
        mixed = np.stack(channels, axis=-1).round().astype(np.uint8)
        return np.where(finite[..., None], mixed, _NOT_FINITE)


def panel_colours(picture: Picture) -> list[PanelColours]:
    """Return the colours of each panel.

    Gates and candidates have the range of what they can be, and cell states one of their own; in
    other pictures all panels share one.
    """
    count = len(picture.values)
    if picture.kind != "gates":
        return [_around(picture.values)] * count
    names = [_quantity(picture.panels[place], place) for place in range(count)]
    found = {}
    for name in set(names):
        ends = next((range_ for end, range_ in _POSSIBLE if name.endswith(end)), None)
        own = picture.values[[each == name for each in names]]
        found[name] = _around(own if ends is None else np.array(ends, np.float32))
    return [found[name] for name in names]


def _quantity(panel: str, place: int) -> str:
    """Return the name of a panel without its layer, as in "layer 0: cell state"."""
    return panel.rpartition(": ")[2].strip() or str(place)


def _around(values: NDArray[np.float32]) -> PanelColours:
    """Return a range from zero if no value is negative, else one that is symmetric around zero."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if low < 0:
        end = max(-low, high)
        return PanelColours(-end, end, SIGNED)
    return PanelColours(0.0, high or 1.0, HEAT)
