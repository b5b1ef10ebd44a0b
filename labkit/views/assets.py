"""The files of the built frontend in the package."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from labkit.views.messages.page import AssetName

STATIC = Path(__file__).parent.parent / "static"

ASSETS: tuple[AssetName, ...] = ("labkit.js", "plotly.js", "layout.js")
"""Names of the scripts that a page needs once each, the main one first."""


SCRIPTS_OF_VIEWS: dict[str, tuple[AssetName, ...]] = {
    "dashboard": ASSETS,
    "comparison": ASSETS,
    "curves": ("labkit.js", "plotly.js"),
    "gradients": ("labkit.js", "plotly.js"),
    "samples": ("labkit.js", "plotly.js"),
    "graph": ("labkit.js", "layout.js"),
    "stepper": ("labkit.js", "layout.js"),
}
"""The scripts of each kind of view that needs more than the main one."""


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
