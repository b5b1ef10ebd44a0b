"""Conversion of data classes to JSON, and back with a check of every type.

What comes from a file is not trusted: every value is compared with the type of its field, so that
the rest of labkit never receives data that it would not have recorded itself.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from labkit.run.file.errors import DamagedError

T = TypeVar("T")

_INFINITE = {"Infinity": math.inf, "-Infinity": -math.inf}
_MAX_INTEGER = 2**63 - 1
_MAX_DEPTH = 24


def to_text(value: object) -> str:
    """Return JSON of data classes, mappings, sequences, texts, numbers, booleans and None.

    Examples
    --------
    >>> to_text({"loss": math.nan, "rates": (0.1, math.inf)})
    '{"loss": null, "rates": [0.1, "Infinity"]}'
    """
    return json.dumps(_plain(value), allow_nan=False)


def parsed(text: object, what: str) -> Any:
    """Return the data of JSON.

    Parameters
    ----------
    text : object
        The JSON; anything else is refused.
    what : str
        What it is, for an error's text.

    Raises
    ------
    DamagedError
        If it is not JSON.
    """
    if not isinstance(text, str):
        raise DamagedError(f"{what} is no text")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DamagedError(f"{what} is not JSON") from error


def decoded(hint: Any, value: Any, what: str) -> Any:
    """Return a value of JSON as a type: a data class, a tuple, a mapping, a number and so on.

    Parameters
    ----------
    hint : type
        The type, as in an annotation.
    value : object
        What `parsed` returned.
    what : str
        What it is, for an error's text.

    Raises
    ------
    DamagedError
        If the value is not of this type.

    Examples
    --------
    >>> decoded(tuple[float, ...], [1, None, "Infinity"], "the rates")
    (1.0, nan, inf)
    """
    return _decode(hint, value, what, 0)


def with_infinities(value: Any) -> Any:
    """Return data of JSON with infinite numbers in place of their names.

    Examples
    --------
    >>> with_infinities({"clip": ["Infinity", 1.0]})
    {'clip': [inf, 1.0]}
    """
    if isinstance(value, str):
        return _INFINITE.get(value, value)
    if isinstance(value, list):
        return [with_infinities(each) for each in value]
    if isinstance(value, dict):
        return {key: with_infinities(each) for key, each in value.items()}
    return value


def _plain(value: object) -> object:
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, (int, float)):
        return _plain_number(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [_plain(each) for each in items]
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    raise TypeError(f"{type(value).__name__} has no place in the file of a run")


def _plain_number(value: float) -> object:
    if isinstance(value, int):
        return int(value)
    if math.isfinite(value):
        return float(value)
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _decode(hint: Any, value: Any, what: str, depth: int) -> Any:
    scalar = _SCALARS.get(hint)
    if scalar is not None:
        return scalar(value, what)
    if depth > _MAX_DEPTH:
        raise DamagedError(f"{what} is nested too deeply")
    if hint is Any:
        return value
    decode = _GENERIC.get(get_origin(hint))
    if decode is not None:
        return decode(get_args(hint), value, what, depth + 1)
    if is_dataclass(hint):
        return _decode_fields(hint, value, what, depth + 1)
    if hasattr(hint, "_fields"):  # a NamedTuple
        return hint(*_decode_tuple(_named_hints(hint), value, what, depth + 1))
    raise KeyError(hint)


def _decode_literal(options: tuple[Any, ...], value: Any, what: str, _depth: int) -> Any:
    if not isinstance(value, str) or value not in options:
        raise DamagedError(f"{what} is none of {', '.join(map(str, options))}")
    return value


def _decode_mapping(hints: tuple[Any, ...], value: Any, what: str, depth: int) -> Any:
    key_hint, item_hint = hints
    return {
        _decode(key_hint, key, what, depth): _decode(item_hint, item, what, depth)
        for key, item in _checked(value, dict, what).items()
    }


def _decode_set(hints: tuple[Any, ...], value: Any, what: str, depth: int) -> Any:
    items = _checked(value, list, what)
    return frozenset(_decode(hints[0], item, what, depth) for item in items)


def _decode_union(hints: tuple[Any, ...], value: Any, what: str, depth: int) -> Any:
    if value is None and type(None) in hints:
        return None
    for hint in hints:
        if hint is type(None):
            continue
        try:
            return _decode(hint, value, what, depth)
        except DamagedError:
            continue
    raise DamagedError(f"{what} is of another type than expected")


def _decode_tuple(hints: tuple[Any, ...], value: Any, what: str, depth: int) -> tuple[Any, ...]:
    items = _checked(value, list, what)
    if len(hints) == 2 and hints[1] is Ellipsis:  # noqa: PLR2004
        scalar = _SCALARS.get(hints[0])
        if scalar is not None:  # a model of 3,000 parameters has half a million of them
            return tuple([scalar(item, what) for item in items])
        return tuple(_decode(hints[0], item, what, depth) for item in items)
    if len(items) != len(hints):
        raise DamagedError(f"{what} has {len(items)} items instead of {len(hints)}")
    return tuple(_decode(hint, item, what, depth) for hint, item in zip(hints, items, strict=True))


def _decode_fields(cls: Any, value: Any, what: str, depth: int) -> Any:
    data, hints = _checked(value, dict, what), _hints(cls)
    try:
        return cls(
            **{
                name: _decode(hint, data[name], f"{what}: {name}", depth)
                for name, hint in hints.items()
                if name in data
            }
        )
    except TypeError as error:  # a field without a default is missing
        raise DamagedError(f"{what} is incomplete") from error


@cache
def _hints(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


@cache
def _named_hints(cls: Any) -> tuple[Any, ...]:
    return tuple(get_type_hints(cls).values())


def _checked(value: Any, kind: type[T], what: str) -> T:
    if not isinstance(value, kind):
        raise DamagedError(f"{what} is no {kind.__name__}")
    return value


def _integer(value: Any, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_INTEGER:
        raise DamagedError(f"{what} is no whole number")
    return value


def _number(value: Any, what: str) -> float:
    if value is None:
        return math.nan
    if isinstance(value, str) and value in _INFINITE:
        return _INFINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise DamagedError(f"{what} is no number")
    try:
        return float(value)
    except OverflowError as error:
        raise DamagedError(f"{what} is no number") from error


_GENERIC: Mapping[Any, Callable[[tuple[Any, ...], Any, str, int], Any]] = {
    Union: _decode_union,
    types.UnionType: _decode_union,
    Literal: _decode_literal,
    tuple: _decode_tuple,
    dict: _decode_mapping,
    Mapping: _decode_mapping,
    frozenset: _decode_set,
}
_SCALARS: Mapping[Any, Callable[[Any, str], Any]] = {
    str: lambda value, what: _checked(value, str, what),
    bool: lambda value, what: _checked(value, bool, what),
    int: _integer,
    float: _number,
}
