"""Pictures of the learner's own objects, as SVG with a text beside it.

Every picture reads what it draws from the object it is given, follows the notebook's light or dark
theme, and says in words what it shows. They are still pictures: live views of a run are in
`labkit.views`.
"""

from __future__ import annotations

from labkit.learn.pictures.broadcast import broadcast_picture
from labkit.learn.pictures.colour import colour_picture
from labkit.learn.pictures.confusion import confusion_picture
from labkit.learn.pictures.letters import letter_picture
from labkit.learn.pictures.lines import line_picture
from labkit.learn.pictures.listing import listing_picture
from labkit.learn.pictures.padding import padding_picture
from labkit.learn.pictures.picture import Picture
from labkit.learn.pictures.reliability import reliability_picture
from labkit.learn.pictures.storage import storage_picture
from labkit.learn.pictures.surface import LossSurface
from labkit.learn.pictures.tiles import tile_picture

__all__ = [
    "LossSurface",
    "Picture",
    "broadcast_picture",
    "colour_picture",
    "confusion_picture",
    "letter_picture",
    "line_picture",
    "listing_picture",
    "padding_picture",
    "reliability_picture",
    "storage_picture",
    "tile_picture",
]
