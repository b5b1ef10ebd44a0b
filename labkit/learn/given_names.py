"""The list of given names from which the course's network learns to spell."""

from __future__ import annotations

from pathlib import Path

_FILE = Path(__file__).parent / "data" / "names.txt"


def given_names() -> list[str]:
    """Return 1314 given names in lower case, with the letters a to z only, in alphabetical order.

    The list was compiled for this course and is dedicated to the public domain (CC0 1.0).

    Returns
    -------
    list of str

    Examples
    --------
    >>> names = given_names()
    >>> len(names), names[0], names[-1]
    (1314, 'aaron', 'zuri')
    """
    return _FILE.read_text(encoding="ascii").split()
