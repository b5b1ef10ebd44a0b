"""The configuration and the note that a user gives to a run."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from typing import Any

_EXAMPLE = 'Example: lk.watch(model, config={"lr": 0.1, "width": 64})'
_MAX_ITEMS = 1_000
_MAX_LETTERS = 2_000
_MAX_DEPTH = 8


def checked_config(config: object) -> dict[str, Any]:
    """Return a configuration as plain data: numbers, texts, booleans, None, lists and mappings.

    Parameters
    ----------
    config : mapping, argparse.Namespace, data class or None
        Other values in it are replaced by their ``repr``; long texts are cut.

    Raises
    ------
    TypeError
        If it is none of these.

    Examples
    --------
    >>> checked_config({"lr": 0.1, "sizes": (64, 10), "seed": None})
    {'lr': 0.1, 'sizes': [64, 10], 'seed': None}
    """
    if config is None:
        return {}
    if isinstance(config, Namespace):
        config = vars(config)
    elif is_dataclass(config) and not isinstance(config, type):
        config = asdict(config)
    if not isinstance(config, Mapping):
        raise TypeError(
            "config takes a mapping, the namespace of argparse or a data class, not "
            f"{type(config).__name__}. {_EXAMPLE}"
        )
    return {_cut(str(key)): _plain(value, 1) for key, value in [*config.items()][:_MAX_ITEMS]}


def checked_note(note: object) -> str:
    """Return a note about a run; raises a TypeError if it is no text."""
    if note is None:
        return ""
    if not isinstance(note, str):
        raise TypeError(
            f"note takes a text, not {type(note).__name__}. "
            'Example: lk.watch(model, note="a wider head")'
        )
    return note


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return _cut(value)
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        items = [*value.items()][:_MAX_ITEMS]
        return {_cut(str(key)): _plain(each, depth + 1) for key, each in items}
    if depth < _MAX_DEPTH and isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(each, depth + 1) for each in [*value][:_MAX_ITEMS]]
    try:
        return _cut(repr(value))
    except Exception:  # noqa: BLE001 - a user's class may have a faulty __repr__
        return type(value).__name__


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[:_MAX_LETTERS]} …"
