"""How a card says in what a value differs from the one that is expected.

Small values are both written in full. Of large ones, and of several values in a tuple or a
dictionary, only the first difference is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.learn.checks.comparison import as_tensor, close
from labkit.learn.checks.wording import FEW, show

_BRIEF = 60
_same = close()


def difference(got: object, expected: object) -> str:
    """Say what was returned and what is expected, and for large values where they differ first.

    Examples
    --------
    >>> import torch
    >>> difference(1.0, 2.0)
    'you returned `1`, expected `2`'
    >>> difference(torch.zeros(3, 4), torch.eye(3, 4)).partition("; ")[2]
    'the first difference is at `[0, 0]`: `0`, expected `1`'
    >>> difference((torch.zeros(9), 1), (torch.zeros(9), 2))
    'the second of what you returned is `1`, expected `2`'
    >>> difference({"a": 1}, {"b": 1})
    "the keys of what you returned are `['a']`, expected `['b']`"
    """
    if isinstance(got, Mapping) and isinstance(expected, Mapping):
        return _of_mappings(got, expected)
    if _are_lists(got, expected) and not (_is_brief(got) and _is_brief(expected)):
        return _of_items(got, expected)  # type: ignore[arg-type]
    return f"you returned {got_and_expected(got, expected)}"


def got_and_expected(got: object, expected: object) -> str:
    """Return both values, as in ```1`, expected `2```, or where large arrays differ first.

    Examples
    --------
    >>> got_and_expected(0.12, 0.119999)
    '`0.12`, expected `0.119999`'
    """
    where = _first_difference(got, expected)
    if where is None:
        return _both(got, expected)
    index, found, wanted = where
    return (
        f"{show(got)}, as expected; the first difference is at `{index}`: {_numbers(found, wanted)}"
    )


def other_shape(got: object, expected: object) -> str:
    """Say that the numbers are right and in another shape; else an empty text.

    Examples
    --------
    >>> import torch
    >>> other_shape(torch.ones(3, 1), torch.ones(3))
    'the numbers are right, but their shape is `(3, 1)`; it should be `(3,)`'
    """
    found, wanted = as_tensor(got), as_tensor(expected)
    if found is None or wanted is None or not wanted.dim():
        return ""
    if found.shape == wanted.shape or found.numel() != wanted.numel():
        return ""
    if not found.flatten().allclose(wanted.flatten(), rtol=1e-4, atol=1e-4, equal_nan=True):
        return ""
    return (
        f"the numbers are right, but their shape is `{tuple(found.shape)}`; it should be "
        f"`{tuple(wanted.shape)}`"
    )


def _both(got: object, expected: object) -> str:
    texts = show(got), show(expected)
    if texts[0] == texts[1] and isinstance(got, float) and isinstance(expected, float):
        texts = f"`{got:.8g}`", f"`{expected:.8g}`"
    return f"{texts[0]}, expected {texts[1]}"


def _numbers(found: float, wanted: float) -> str:
    digits = 4 if f"{found:.4g}" != f"{wanted:.4g}" else 8
    return f"`{found:.{digits}g}`, expected `{wanted:.{digits}g}`"


def _is_brief(value: object) -> bool:
    text = show(value)
    return len(text) <= _BRIEF and "..." not in text


def _are_lists(got: object, expected: object) -> bool:
    return (
        isinstance(got, list | tuple)
        and isinstance(expected, list | tuple)
        and len(got) == len(expected)
    )


def _of_items(got: Sequence[object], expected: Sequence[object]) -> str:
    """Say in which item two lists of one length differ first."""
    for place, (one, other) in enumerate(zip(got, expected, strict=True)):
        if not _same(one, other):
            return f"the {_ordinal(place)} of what you returned is {got_and_expected(one, other)}"
    return f"you returned {got_and_expected(got, expected)}"


def _ordinal(place: int) -> str:
    named = ("first", "second", "third")
    return named[place] if place < len(named) else f"{place + 1}th"


def _of_mappings(got: Mapping[object, object], expected: Mapping[object, object]) -> str:
    if got.keys() != expected.keys():
        return (
            f"the keys of what you returned are {show(list(got))}, expected {show(list(expected))}"
        )
    for key, wanted in expected.items():
        if not _same(got[key], wanted):
            return f"{show(key)} in what you returned is {got_and_expected(got[key], wanted)}"
    return f"you returned {got_and_expected(got, expected)}"


def _first_difference(got: object, expected: object) -> tuple[list[int], float, float] | None:
    """Return the place and the two numbers, for arrays of one shape that are too large to show."""
    found, wanted = as_tensor(got), as_tensor(expected)
    if found is None or wanted is None or found.shape != wanted.shape or found.numel() <= FEW:
        return None
    differs = ~found.isclose(wanted, rtol=1e-4, atol=1e-4, equal_nan=True)
    places = differs.nonzero()
    if not len(places):
        return None
    index = places[0].tolist()
    return index, found[tuple(index)].item(), wanted[tuple(index)].item()
