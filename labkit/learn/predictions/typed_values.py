"""Reads numbers from what a learner typed, and shows any value in a sentence.

Accepts Python's numbers, one-element arrays and tensors, and texts such as ``"44"``, ``"50%"`` or
``"(1, 4)"``. Methods of the value may raise anything; the result is then a `ValueError` with a
sentence for the learner.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from labkit.run.printable import shortened

_MAX_LETTERS = 60
_LARGEST_WHOLE = 10**15
_FLOAT_DIGITS = 6
_LIST = re.compile(r"[\d\s,;()\[\]x×+-]*\d[\d\s,;()\[\]x×+-]*")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+")


def shown(value: object) -> str:
    """Return a value as code for a sentence, shortened; its type if it cannot be shown.

    Examples
    --------
    >>> shown("b"), shown(10**5000)
    ("`'b'`", '`an int`')
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a learner's object, or an int with too many digits
        kind = type(value).__name__
        text = f"{'an' if kind[:1] in 'aeiou' else 'a'} {kind}"
    flat = " ".join(text[: 4 * _MAX_LETTERS].replace("`", "'").split())
    return f"`{shortened(flat, _MAX_LETTERS)}`"


def number_from(value: object) -> float:
    """Return a finite number; raises ValueError with a sentence.

    Examples
    --------
    >>> number_from("50%"), number_from("2/3") > 0.66, number_from(3)
    (0.5, True, 3.0)
    """
    plain = _plain(value)
    if isinstance(plain, str):
        number = _parsed(plain)
    elif isinstance(plain, bool):
        number = None
    else:
        number = _float(plain)
    if number is None:
        raise ValueError(f"this asks for a number; got {shown(value)}")
    if not math.isfinite(number):
        raise ValueError(f"this asks for a finite number; got {shown(value)}")
    return number


def whole_number_from(value: object) -> int:
    """Return a whole number; raises ValueError with a sentence.

    Examples
    --------
    >>> whole_number_from("44"), whole_number_from(3.0), whole_number_from("1,168")
    (44, 3, 1168)
    """
    plain = _plain(value)
    if isinstance(plain, str) and _THOUSANDS.fullmatch(plain.strip()):
        plain = plain.replace(",", "")
    number = _parsed(plain) if isinstance(plain, str) else plain
    if isinstance(number, float) and math.isfinite(number) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) > _LARGEST_WHOLE:
        raise ValueError(f"this asks for whole numbers; got {shown(value)}")
    return number


def items_from(value: object, most: int) -> list[Any] | None:
    """Return the items of a sequence, array or text such as ``"(1, 4)"``; None for anything else.

    Examples
    --------
    >>> items_from("1 x 4", 10), items_from((1, 4), 10), items_from(3, 10)
    ([1, 4], [1, 4], None)
    """
    if isinstance(value, str):
        return (
            [int(part) for part in re.findall(r"[-+]?\d{1,15}", value)] if _is_list(value) else None
        )
    if not isinstance(value, Sequence):
        value = _listed(value)
    if not isinstance(value, Sequence) or isinstance(value, bytes):
        return None
    try:
        return [value[place] for place in range(min(len(value), most))]
    except Exception:  # noqa: BLE001 - a learner's own sequence
        return None


def rounded(number: float) -> float:
    """Return a number with six significant digits, as it is stored."""
    return float(f"{number:.{_FLOAT_DIGITS}g}")


def _is_list(text: str) -> bool:
    return len(text) <= _MAX_LETTERS and _LIST.fullmatch(text) is not None


def _plain(value: object) -> object:
    """Return the number in a one-element array or tensor, also in a nested one."""
    if isinstance(value, int | float | str):
        return value
    try:
        item = getattr(value, "item", None)
        return item() if callable(item) else value
    except Exception:  # noqa: BLE001 - several elements, or a learner's own object
        return None


def _listed(value: object) -> object:
    try:
        to_list = getattr(value, "tolist", None)
        return to_list() if callable(to_list) else None
    except Exception:  # noqa: BLE001 - a learner's own object
        return None


def _float(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a learner's own `__float__`, or an int that is too large
        return None


def _parsed(text: str) -> float | None:
    clean = text.strip().replace("−", "-")
    if _DECIMAL_COMMA.fullmatch(clean):
        raise ValueError(f"write a decimal point, as in `{clean.replace(',', '.')}`")
    percent = clean.endswith("%")
    if len(clean) > _MAX_LETTERS:
        return None
    try:
        number = float(Fraction(clean.removesuffix("%").strip()))
    except (ValueError, ZeroDivisionError, OverflowError):
        number = _float(clean)  # type: ignore[assignment]
    return None if number is None else number / 100 if percent else number
