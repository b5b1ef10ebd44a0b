"""Where the course's notebooks lie, for links to them from the views."""

from __future__ import annotations

from pathlib import Path

from labkit.bundle import ROOT

_FIRST = "00_start_here.ipynb"


def course_folder() -> str | None:
    """Return the folder of the course's notebooks as a Jupyter server writes its own root.

    Returns
    -------
    str or None
        An absolute path with ``/``, the user's home as ``~``. None where the course is not: neither
        in the working folder, nor below it, nor beside labkit.
    """
    places = (Path.cwd(), Path.cwd() / "notebooks", ROOT / "notebooks")
    folder = next((place.resolve() for place in places if (place / _FIRST).is_file()), None)
    if folder is None:
        return None
    try:
        return f"~/{folder.relative_to(Path.home()).as_posix()}"
    except (ValueError, RuntimeError):  # elsewhere, or nobody's home is known
        return folder.as_posix()
