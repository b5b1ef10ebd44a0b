"""Paths that the functions of this package are given."""

from __future__ import annotations

import os
from pathlib import Path


def source(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file or a folder to read; ``~`` is the home folder."""
    return Path(os.path.expanduser(path))  # noqa: PTH111 - no error where there is no such user


def target(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file or a folder to write; the folder that it is in is created."""
    place = source(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    return place
