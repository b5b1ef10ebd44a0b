"""The location of the course notebooks, for links from the views."""

from __future__ import annotations

from pathlib import Path

from labkit.bundle import ROOT

_FIRST = "00_start_here.ipynb"


def course_folder() -> str | None:
    """Return the folder of the course notebooks, in the format of a Jupyter server's root folder.

    Returns
    -------
    str or None
        An absolute path with ``/`` as separator and ``~`` for the user's home. None if the
        notebooks are neither in the working directory, nor in its subfolder ``notebooks``, nor next
        to the package.
    """
    candidates = (Path.cwd(), Path.cwd() / "notebooks", ROOT / "notebooks")
    folder = next((path.resolve() for path in candidates if (path / _FIRST).is_file()), None)
    if folder is None:
        return None
    try:
        return f"~/{folder.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):  # outside the home folder, or no home folder is known
        return folder.as_posix()
