"""The text of the progress file: what is valid in it, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

VERSION = 1
LARGEST = 20_000_000
"""Bytes of the largest file that is read; answers of the whole course take less than one MB."""

SECTIONS = ("predictions", "exercises")

Entry = dict[str, Any]


def parsed(text: str) -> dict[str, Any]:
    """Return the contents; raises ValueError with the reason if they are none.

    Examples
    --------
    >>> parsed('{"version": 1, "chapters": {}}')["chapters"]
    {}
    """
    try:
        # Numbers that JSON does not have would make the file impossible to write again.
        data = json.loads(text, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        raise ValueError("it is damaged") from None
    if not isinstance(data, dict) or "version" not in data:
        raise ValueError("it holds something else")
    if data["version"] != VERSION:
        raise ValueError("it is of another version of labkit")
    return data


def written(data: Mapping[str, Any]) -> str:
    """Return contents as text."""
    return json.dumps({**data, "version": VERSION}, indent=1, allow_nan=False)


def branch(tree: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return the dict under a row of names, made where it is missing or is something else.

    Examples
    --------
    >>> tree = {"chapters": 3}
    >>> branch(tree, "chapters", "01_tensors")["predictions"] = {}
    >>> tree
    {'chapters': {'01_tensors': {'predictions': {}}}}
    """
    for name in names:
        found = tree.get(name)
        if not isinstance(found, dict):
            found = tree[name] = {}
        tree = found
    return tree


def found(tree: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy of what is under a row of names; empty if there is something else.

    Examples
    --------
    >>> found({"chapters": 3}, "chapters", "01_tensors")
    {}
    """
    place: Any = tree
    for name in names:
        place = place.get(name) if isinstance(place, Mapping) else None
    return dict(place) if isinstance(place, Mapping) else {}
