"""The configuration and the note that a user gives to a run."""

from __future__ import annotations

import os
import re
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum
from itertools import islice
from types import SimpleNamespace
from typing import Any

_EXAMPLE = 'Example: lk.watch(model, config={"lr": 0.1, "width": 64})'
_MAX_ITEMS = 1_000
_MAX_LETTERS = 2_000
_MAX_DEPTH = 8
_MAX_INTEGER = 2**63
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def checked_config(config: object) -> dict[str, Any]:
    """Return a configuration as plain data: numbers, texts, booleans, None, lists and mappings.

    Parameters
    ----------
    config : mapping, argparse.Namespace, data class or None
        Also nested. Numbers of NumPy and tensors of one element become numbers, paths and members
        of enumerations texts. Other values are replaced by their ``repr`` without addresses; long
        texts are cut.

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
    items = _items(config)
    if items is None:
        raise TypeError(
            "config takes a mapping, the namespace of argparse or a data class, not "
            f"{type(config).__name__}. {_EXAMPLE}"
        )
    return _plain_items(items, 0)


def plain_config(config: object) -> dict[str, Any]:
    """Return a configuration that was changed after it was checked as plain data, without errors.

    Examples
    --------
    >>> plain_config({"sizes": (64, 10)}), plain_config(3)
    ({'sizes': [64, 10]}, {})
    """
    found = _plain_value(config)
    return found if isinstance(found, dict) else {}


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


def _plain_value(value: object, depth: int = 0) -> Any:
    """Return a value of a configuration as plain data; never raises an error."""
    try:
        return _plain(value, depth)
    except Exception:  # noqa: BLE001 - a user's class may do anything
        return type(value).__name__


def _plain(value: object, depth: int) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return _simple(value)
    nested = _nested(value, depth) if depth < _MAX_DEPTH else None
    return _described(value) if nested is None else nested


def _simple(value: object) -> Any:
    """Return a text, a number, a boolean or None, also of an enumeration of such."""
    if isinstance(value, str):
        return _cut(str.__str__(value))
    if isinstance(value, int) and not isinstance(value, bool):
        number = int(value)
        return number if -_MAX_INTEGER <= number < _MAX_INTEGER else _cut(hex(number))
    return value


def _nested(value: object, depth: int) -> Any:
    """Return the values in a mapping, a set or a sequence; None for other values."""
    items = _items(value)
    if items is not None:
        return _plain_items(items, depth)
    if isinstance(value, AbstractSet):  # in an order that is the same in each process
        return sorted(
            (_plain_value(each, depth + 1) for each in islice(value, _MAX_ITEMS)), key=str
        )
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [_plain_value(each, depth + 1) for each in islice(value, _MAX_ITEMS)]
    return None


def _described(value: object) -> Any:
    """Return the number in an array of no dimension, or a text that is the same in equal runs."""
    if isinstance(value, os.PathLike):
        return _cut(os.fsdecode(value))
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if getattr(value, "shape", None) == () and hasattr(value, "item"):
        number = value.item()
        if isinstance(number, (bool, int, float)):
            return number
    if callable(value) and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return _cut(_ADDRESS.sub("", repr(value)))


def _items(value: object) -> Iterator[tuple[object, object]] | None:
    """Return the names and values of a mapping, a namespace or a data class; None of others."""
    if isinstance(value, (Namespace, SimpleNamespace)):
        return iter(vars(value).items())
    if is_dataclass(value) and not isinstance(value, type):
        return ((field.name, getattr(value, field.name, None)) for field in fields(value))
    if isinstance(value, Mapping):
        return ((key, _value_of(value, key)) for key in value)
    return None


def _value_of(mapping: Mapping[object, object], key: object) -> object:
    """Return a value of a mapping, or what is wrong with it, as OmegaConf has missing values."""
    try:
        return mapping[key]
    except Exception as error:  # noqa: BLE001 - a user's class may do anything
        return f"unknown ({type(error).__name__})"


def _plain_items(items: Iterator[tuple[object, object]], depth: int) -> dict[str, Any]:
    return {
        _cut(str(key)): _plain_value(value, depth + 1) for key, value in islice(items, _MAX_ITEMS)
    }


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[:_MAX_LETTERS]} …"
