"""A widget on which a decision threshold is moved across the predictions of a classifier.

The page counts by itself, so it needs no kernel while the threshold is moved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from labkit.learn.boundary.messages import base64_text, pair_of_names, standing_alone
from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import FAINT, LINE, Sheet
from labkit.views.assets import small_script
from labkit.views.lifetimes import ShownViews
from labkit.views.message_builders import PROTOCOL_VERSION
from labkit.views.saved_output import PicturedWidget

if TYPE_CHECKING:
    from torch import Tensor

_COLOURS = ("#0a84c6", "#d55e00")
_WIDTH, _HALF, _BINS, _END = 640.0, 110.0, 64, 10.0
_DOT = 3.2
_TICKS = range(-8, 9, 2)
_CUT = 0.5


class ThresholdView(PicturedWidget):
    """The predictions of a classifier in a row, with a threshold to move through them.

    Each sample is a dot at its logit: class 1 above the line, class 0 below it. Moving the
    threshold, with the mouse or with the keys, counts hits, misses and false alarms again, and what
    they cost at a price for a miss that can be changed.

    Parameters
    ----------
    probabilities : Tensor, shape (n,)
        What the classifier gives to class 1.
    labels : Tensor, shape (n,)
        0 or 1.
    classes : sequence of two str
        The names of the classes 0 and 1.
    price : float
        How many false alarms a miss is worth at first.

    Examples
    --------
    >>> import torch
    >>> view = ThresholdView(torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1, 1, 0]))
    >>> print(view.picture())
    3 samples: 2 of 1, 1 of 0.
    At a threshold of 0.5: 1 hit, 1 miss, 1 false alarm.
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    logits = traitlets.Unicode().tag(sync=True)
    labels = traitlets.Unicode().tag(sync=True)
    price = traitlets.Float(1.0).tag(sync=True)

    def __init__(
        self,
        probabilities: Tensor,
        labels: Tensor,
        *,
        classes: tuple[str, str] = ("0", "1"),
        price: float = 1.0,
    ) -> None:
        self._logits, self._labels = _read(probabilities, labels)
        super().__init__(
            classes=list(pair_of_names("classes", classes)),
            logits=base64_text(self._logits),
            labels=base64_text(self._labels),
            price=float(price),
            _esm=small_script("threshold.js"),
        )

    def picture(self) -> Picture:
        """Return a still picture with the threshold at 0.5."""
        sheet = Sheet()
        for label in (1, 0):
            for x, y in _places(self._logits[self._labels == label], up=label == 1):
                sheet.dot(x, y, _DOT, fill=_COLOURS[label])
        sheet.box(0, _HALF, _WIDTH, 0, stroke=LINE)
        sheet.path([(_WIDTH / 2, 0), (_WIDTH / 2, 2 * _HALF)], width=2.5)
        sheet.text(0, 12, f"{self.classes[1]}, above the line", colour=FAINT, size=12)
        sheet.text(0, 2 * _HALF - 4, f"{self.classes[0]}, below it", colour=FAINT, size=12)
        for logit in _TICKS:
            x = (logit + _END) / (2 * _END) * _WIDTH
            sheet.text(x, 2 * _HALF + 16, f"{logit}".replace("-", "−"), anchor="middle", size=12)
        sheet.text(_WIDTH - 2, 2 * _HALF + 16, "logit", anchor="end", size=12)
        sheet.text(_WIDTH / 2, 2 * _HALF + 34, "threshold 0.5 (logit 0)", anchor="middle", size=12)
        return sheet.finish(self._words())

    def _words(self) -> str:
        flagged, ones = self._logits > 0, self._labels == 1
        n_ones = int(ones.sum())
        hits, alarms = int((flagged & ones).sum()), int((flagged & ~ones).sum())
        counted = [
            _count(hits, "hit"),
            _count(n_ones - hits, "miss"),
            _count(alarms, "false alarm"),
        ]
        n = len(self._labels)
        return (
            f"{n} samples: {n_ones} of {self.classes[1]}, {n - n_ones} of {self.classes[0]}.\n"
            f"At a threshold of {_CUT}: {', '.join(counted)}."
        )

    def _picture(self) -> dict[str, str]:
        picture = self.picture()
        still = standing_alone("Threshold", picture, 2 * _HALF + 48)
        return {"text/plain": picture.text, "image/svg+xml": still}

    def _revision(self) -> object:
        return 1

    def _on_display(self) -> None:
        ShownViews.add(self)


def _read(probabilities: Any, labels: Any) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    import torch

    p = torch.as_tensor(probabilities).detach().cpu().double().numpy().reshape(-1)
    y = torch.as_tensor(labels).detach().cpu().numpy().reshape(-1)
    if not len(p) or len(p) != len(y):
        raise ValueError(f"one label for each probability is needed; got {len(p)} and {len(y)}")
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(
            "probabilities between 0 and 1 are taken; logits become such with torch.sigmoid(logits)"
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError("labels of 0 and 1 are taken")
    inside = np.clip(p, 1e-9, 1 - 1e-9)
    return np.log(inside / (1 - inside)).astype(np.float32), y.astype(np.uint8)


def _places(logits: NDArray[np.float32], *, up: bool) -> list[tuple[float, float]]:
    """Return the places of the dots, stacked where they are near each other."""
    share = (np.clip(logits, -_END, _END) + _END) / (2 * _END)
    bins = np.minimum((share * _BINS).astype(int), _BINS - 1)
    most = max(1, int(np.bincount(bins, minlength=1).max())) if len(bins) else 1
    step = min(2 * _DOT, (_HALF - 24) / most)
    height = np.zeros(_BINS, dtype=int)
    found = []
    for at in bins:
        height[at] += 1
        y = _HALF - (height[at] - 0.5) * step * (1 if up else -1)
        found.append(((at + 0.5) * _WIDTH / _BINS, float(y)))
    return found


def _count(number: int, name: str) -> str:
    plural = "es" if name.endswith("s") else "s"
    return f"{number} {name}{'' if number == 1 else plural}"
