"""The built frontend that ships in the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"

ASSETS = ("labkit.js", "plotly.js", "layout.js")
"""Scripts that a page asks for by name, once each."""


def loader_source() -> str:
    """Return the small script that every view carries; errors are those of `small_script`."""
    return small_script("loader.js")


@cache
def small_script(name: str) -> str:
    """Return a script that is small enough for a widget to carry it.

    Raises
    ------
    RuntimeError
        If the frontend was not built.
    """
    path = STATIC / name
    if not path.exists():
        raise RuntimeError(
            f"labkit's frontend is not built: there is no {name} in labkit/static. Install "
            "labkit with `pip install .`, or run `python hatch_build.py` in a development clone."
        )
    return path.read_text("utf-8")


@cache
def compressed_asset(name: str) -> bytes:
    """Return a script as it ships, compressed with gzip; `name` is one of `ASSETS`."""
    return (STATIC / f"{name}.gz").read_bytes()
