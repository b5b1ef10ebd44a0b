"""Imports of libraries that labkit runs without, with an error that says what to install."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def import_optional(name: str, *, needed_by: str, package: str | None = None) -> ModuleType:
    """Import a library that may be missing.

    Parameters
    ----------
    name : str
        The module's name, as in ``"pandas"`` or ``"sklearn.datasets"``.
    needed_by : str
        What the user called, for the error's text, as in ``"run.to_frame()"``.
    package : str, optional
        What pip calls the library; by default the module's first name.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    ImportError
        If the library is not installed; the text names the command that installs it. An error
        from within an installed library is passed through unchanged.

    Examples
    --------
    >>> import_optional("json", needed_by="this example").dumps([1])
    '[1]'
    """
    top = name.partition(".")[0]
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name not in {name, top}:
            raise
        package = package or top
        raise ImportError(
            f"{needed_by} needs {package}, which is not installed. "
            f"Install it: pip install {package}",
            name=top,
        ) from error
