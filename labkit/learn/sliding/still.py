"""The image, the kernel and the feature map side by side, for notebooks without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from labkit.learn.pictures.png import colours, data_address
from labkit.views.still.sheet import INSET, Section, label, sheet

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.learn.sliding.convolution import Convolution

_SIDE, _GAP, _TOP = 180, 24, 20


def sliding_text(slid: Convolution) -> str:
    """Return in words what slides over what."""
    (height, width), (rows, columns) = slid.image.shape, slid.answers().shape
    k = len(slid.weights)
    return (
        f"A kernel of {k} x {k} slides over an image of {height} x {width}, stride {slid.stride}, "
        f"padding {slid.padding}: a feature map of {rows} x {columns}."
    )


def sliding_svg(slid: Convolution) -> str:
    """Return the three tables as one picture."""
    body = ""
    parts = (("image", slid.image), ("kernel", slid.weights), ("feature map", slid.answers()))
    for place, (name, values) in enumerate(parts):
        left = INSET + place * (_SIDE + _GAP)
        body += label(left, 12, name)
        body += (
            f'<image x="{left}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}" '
            f'href="{_address(values)}" style="image-rendering:pixelated"/>'
        )
    return sheet("Sliding kernel", sliding_text(slid), [Section(body, _SIDE + _TOP)])


def _address(values: Tensor) -> str:
    array = values.double().numpy()
    low, high = float(array.min()), float(array.max())
    if low < 0:
        high = max(-low, high)
        low = -high
    shares = (array - low) / max(high - low, 1e-12)
    return data_address(colours(np.asarray(shares), "diverging" if low < 0 else "grey"))
