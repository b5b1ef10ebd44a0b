"""The files of the built frontend in the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

STATIC = Path(__file__).parent.parent / "static"

ASSETS = ("labkit.js", "plotly.js", "layout.js")
"""Names of the scripts that a page requests, once each."""


def loader_source() -> str:
    """Return the source of the script that every view contains; raises as `small_script`."""
    return small_script("loader.js")


@cache
def small_script(name: str) -> str:
    """Return the source of an uncompressed script, which a widget can contain.

    Parameters
    ----------
    name : str
        File name in ``labkit/static``.

    Raises
    ------
    RuntimeError
        If the file does not exist because the frontend was not built.
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
    """Return the gzip-compressed bytes of a script; `name` is one of `ASSETS`."""
    return (STATIC / f"{name}.gz").read_bytes()
