"""The package that draws figures, which imports this one and is therefore looked up when used."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from labkit.run.optional import import_optional


def figures(needed_by: str) -> Any:
    """Return `labkit.exports.figures`.

    Parameters
    ----------
    needed_by : str
        What the user called.

    Raises
    ------
    ImportError
        If plotly is not installed; the text names the command that installs it.
    """
    import_optional("plotly", needed_by=needed_by)
    return import_module("labkit.exports.figures")
