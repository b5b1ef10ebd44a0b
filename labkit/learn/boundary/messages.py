"""What the widgets of this package have in common: names, arrays as text, still pictures."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labkit.learn.pictures import Picture
from labkit.views.still.sheet import INSET, Section, sheet, style


def pair_of_names(argument: str, given: tuple[str, str]) -> tuple[str, str]:
    """Return two names, or raise ValueError.

    Examples
    --------
    >>> pair_of_names("classes", ("benign", "malignant"))
    ('benign', 'malignant')
    """
    names = tuple(str(each) for each in given)
    if isinstance(given, str) or len(names) != 2:  # noqa: PLR2004 - two features, two classes
        raise ValueError(
            f'{argument} takes two texts, as in ("benign", "malignant"); got {given!r}'
        )
    return names


def base64_text(values: NDArray[Any]) -> str:
    """Return the bytes of an array as text, little endian.

    Examples
    --------
    >>> base64_text(np.array([1, 2], dtype=np.uint8))
    'AQI='
    """
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode("ascii")


def standing_alone(title: str, picture: Picture, height: float) -> str:
    """Return the source of a picture on a background of its own, for notebooks without a kernel."""
    ink = style({"svg": "color:#333"}, {"svg": "color:#ddd"})
    inside = Section(f'{ink}<svg x="{INSET}">{picture.svg}</svg>', height)
    return sheet(title, picture.text.partition("\n")[2], [inside])
