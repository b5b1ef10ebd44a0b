"""Draws the picture: ``python -m docs.house``."""

from __future__ import annotations

from docs.house.picture import PICTURE, draw
from docs.house.rooms import floors

PICTURE.write_text(draw(floors()))
