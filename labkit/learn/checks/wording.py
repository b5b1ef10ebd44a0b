"""How values and inputs are written in a card: short, and safe for values of any type.

Only plain values are written in full. Of everything else the card names the type, because the
representation of an object (a model, a run, a function) tells a learner nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from labkit.learn.checks.comparison import as_tensor
from labkit.learn.checks.trial import Call

FEW = 8
"""The number of items up to which a value is written in full."""
_LONG = 160
# In memory, and on a disk, as `ImportError` names it.
_ADDRESSES = re.compile(r" at 0x[0-9a-fA-F]+| \([^()]*(?:\.py|\.so|unknown location)\)")
_SHORT = 48


def shorten(text: str, limit: int = _LONG) -> str:
    """Return text on one line, cut at `limit` characters, without backticks and addresses.

    Examples
    --------
    >>> shorten("a  long line", 6), shorten("cannot import 'b' from 'a' (/home/me/a.py)")
    ('a long ...', "cannot import 'b' from 'a'")
    """
    flat = " ".join(_ADDRESSES.sub("", text).replace("`", "'").split())
    return flat if len(flat) <= limit else f"{flat[:limit]} ..."


def show(value: object) -> str:
    """Return a value as it is written in a card.

    Examples
    --------
    >>> show(torch.tensor([0.5, 2.0])), show(torch.zeros(20, 3)), show(2 / 3)
    ('`tensor([0.5, 2])`', 'a tensor of shape `(20, 3)`', '`0.6667`')
    >>> show(torch.tensor([True, False]))
    '`tensor([True, False])`'
    >>> show(nn.ReLU()), show((1, torch.zeros(9)))
    ('a module `ReLU`', '`(1, ...)` with a tensor of shape `(9,)`')
    """
    written = _written(value)
    if written is not None:
        return f"`{shorten(written)}`"
    if isinstance(value, list | tuple):
        return _show_items(value)
    return _described(value)


def _written(value: object) -> str | None:
    """Return a small plain value in full; None for anything else."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return _digits(value)
    if isinstance(value, Tensor | np.ndarray):
        return _written_array(value)
    if isinstance(value, list | tuple) and not isinstance(value, torch.Size):
        return _written_items(value)
    plain = str | bool | torch.device | torch.dtype | torch.Size | None
    return repr(value) if isinstance(value, plain) else None


def _written_items(value: Sequence[Any]) -> str | None:
    items = [_written(item) for item in value[: FEW + 1]]
    if len(value) > FEW or any(item is None for item in items):
        return None
    return _bracketed(value, [str(item) for item in items])


def _bracketed(value: Sequence[Any], items: list[str]) -> str:
    joined = ", ".join(items)
    if isinstance(value, list):
        return f"[{joined}]"
    return f"({joined},)" if len(items) == 1 else f"({joined})"


def _digits(number: Any) -> str:
    try:
        return f"{number:.4g}" if isinstance(number, float | np.floating) else str(number)
    except (ValueError, TypeError, OverflowError):
        return f"a number of type {type(number).__name__}"


def _written_array(value: Tensor | np.ndarray) -> str | None:
    numbers = as_tensor(value)
    if numbers is None or numbers.numel() > FEW:
        return None
    kind = "tensor" if isinstance(value, Tensor) else "array"
    if value.dtype in (torch.bool, np.bool_):
        return f"{kind}({value.tolist()})"
    return f"{kind}({_nested(numbers.tolist())}{_dtype(value)})"


def _nested(numbers: Any) -> str:
    if isinstance(numbers, list):
        return f"[{', '.join(_nested(item) for item in numbers)}]"
    return f"{numbers:.4g}"


def _dtype(value: Tensor | np.ndarray) -> str:
    plain = (torch.float32, torch.int64, np.float64, np.int64)
    return "" if value.dtype in plain else f", dtype={str(value.dtype).removeprefix('torch.')}"


def _described(value: object) -> str:
    name = type(value).__name__
    kinds: tuple[tuple[Any, Callable[[Any], str]], ...] = (
        (Tensor, lambda tensor: _described_array(tensor, "a tensor")),
        (np.ndarray, lambda array: _described_array(array, "a NumPy array")),
        (nn.Module, lambda module: f"a module `{name}`"),
        (type, lambda kind: f"the class `{kind.__name__}`"),
        ((list, tuple), lambda items: f"a {name} of {len(items)} items"),
        (Mapping, lambda entries: f"a dictionary of length {len(entries)}"),
        (Generator, lambda made: "a generator (is there a `yield`, or a `for` in round brackets?)"),
        (Coroutine, lambda made: "a coroutine (`async def` makes one; write `def`)"),
        (Callable, lambda function: "a function"),
    )
    for kind, describe in kinds:
        if isinstance(value, kind):
            return describe(value)
    return f"an object of type `{name}`"


def _described_array(value: Tensor | np.ndarray, kind: str) -> str:
    dtype = _dtype(value).removeprefix(", dtype=")
    described = f"{kind}{_shape(value)}" + (f" and dtype `{dtype}`" if dtype else "")
    if isinstance(value, Tensor) and value.is_meta:
        return f"{described} on the device `meta`, which holds no values"
    if isinstance(value, Tensor) and value.layout is not torch.strided:
        return f"{described} whose layout is `{value.layout}`"
    return described


def _shape(value: Tensor | np.ndarray) -> str:
    if isinstance(value, Tensor) and value.is_nested:
        return " that is nested"
    return f" of shape `{tuple(value.shape)}`"


def _show_items(value: Sequence[Any]) -> str:
    if len(value) > FEW // 2:
        return _described(value)
    items = [_written(item) for item in value]
    described = [show(item) for item, text in zip(value, items, strict=True) if text is None]
    both = _bracketed(value, ["..." if item is None else item for item in items])
    return f"`{both}` with {' and '.join(described)}"


def show_input(call: Call, parameters: Sequence[str]) -> str:
    """Return the input of a call, as in ``with `w = 0.5`, `x` a tensor of shape `(3, 1)```.

    Examples
    --------
    >>> from labkit.learn.checks.trial import Case
    >>> case = Case(0.5, torch.zeros(3, 9))
    >>> show_input(Call(case, case.build()), ("w", "x"))
    '`w = 0.5` and `x` (a tensor of shape `(3, 9)`)'
    """
    if call.case.shown:
        return call.case.shown
    named = zip(parameters, call.case.build(), strict=False)
    return enumerated([_show_argument(name, value) for name, value in named])


def _show_argument(name: str, value: object) -> str:
    written = _written(value)
    if written is not None and len(written) <= _SHORT:
        return f"`{name} = {shorten(written)}`"
    return f"`{name}` ({_described(value)})"


def enumerated(parts: Sequence[str]) -> str:
    """Join with commas and an "and".

    Examples
    --------
    >>> enumerated(["w", "b", "lr"])
    'w, b and lr'
    """
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def safely(text: Callable[[], str], otherwise: str) -> str:
    """Return a text about a learner's object, whose own methods may raise.

    Examples
    --------
    >>> safely(lambda: 1 / 0, "something strange")
    'something strange'
    """
    try:
        return str(text())
    except Exception:  # noqa: BLE001 - an answer may be of any type
        return otherwise
