"""Draws the picture: ``python -m docs.architecture``."""

from __future__ import annotations

from docs.architecture.packages import floors
from docs.architecture.picture import PICTURE, draw

PICTURE.write_text(draw(floors()))
