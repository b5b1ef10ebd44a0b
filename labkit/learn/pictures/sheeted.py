"""A picture on a sheet of its own, as an image for notebooks without a kernel."""

from __future__ import annotations

import re

from labkit.learn.pictures.picture import Picture
from labkit.views.still.sheet import INSET, ROOM, Section, sheet, style

_COLOURS = style({".sheeted": "color:#333"}, {".sheeted": "color:#ddd"})
"""What the picture's `currentColor` is, as the page's own colours do not reach an image."""


def sheeted(picture: Picture, title: str) -> str:
    """Return a picture under a title, on a sheet with colours of its own, as SVG source."""
    found = re.search(r'width="(\d+)" height="(\d+)"', picture.svg)
    assert found
    width, height = (float(side) for side in found.groups())
    scale = min(1.0, ROOM / width)
    place = f'x="{INSET}" width="{width * scale:.0f}" height="{height * scale:.0f}"'
    # The rules of the sheet would win over the sizes that are attributes.
    sized = re.sub(
        r'font-size="([\d.]+)"([^>]*?)style="',
        r'\2style="font-size:\1px;',
        picture.svg.replace(found[0], place, 1),
    )
    plain = re.sub(r"var\(--jp-[\w-]+, ([^()]+)\)", r"\1", sized)
    body = f'{_COLOURS}<g class="sheeted">{plain}</g>'
    return sheet(title, "", [Section(body, height * scale)])
