"""Conversion of scalars of Python, numpy or a tensor library to float."""

from __future__ import annotations

from typing import Any


def number(name: str, value: Any) -> float:
    """Convert a logged value to a float.

    Parameters
    ----------
    name : str
        Name of the metric, for the error message.
    value : object
        Anything that `float` accepts except text, or an array or tensor with one element. A tensor
        is detached first.

    Raises
    ------
    TypeError
        If the value is not a real number, or has more than one element.

    Examples
    --------
    >>> import fractions
    >>> import numpy
    >>> number("a", fractions.Fraction(1, 4)), number("a", numpy.array([[True]]))
    (0.25, 1.0)
    """
    plain = value
    try:
        if callable(getattr(plain, "detach", None)):
            plain = plain.detach()
        if callable(getattr(plain, "item", None)):
            plain = plain.item()
        if not isinstance(plain, (str, bytes, bytearray, complex)):
            return float(plain)
    except (TypeError, ValueError, RuntimeError, OverflowError) as error:
        raise TypeError(_refusal(name, value)) from error
    raise TypeError(_refusal(name, value))


def _refusal(name: str, value: Any) -> str:
    shape = getattr(value, "shape", None)
    of_shape = f" of shape {tuple(shape)}" if isinstance(shape, tuple) else ""
    return (
        f"run.log({name}=...) takes a real number or a one-element tensor or array, not "
        f"{type(value).__name__}{of_shape}. Example: run.log({name}=0.93), or "
        f"run.log({name}=values.mean())."
    )
