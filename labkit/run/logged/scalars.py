"""Conversion of scalars of Python, numpy or a tensor library to float, and its errors."""

from __future__ import annotations

from typing import Any

_IMAGE_DIMENSIONS = (3, 4)
_CHANNELS = " Images have 1, 3 or 4 channels; images[:, None] adds one to grey images."


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
        raise TypeError(refusal(name, value)) from error
    raise TypeError(refusal(name, value))


def refusal(name: str, value: Any) -> str:
    """Return the sentence on a value that `Run.log` does not take."""
    shape = getattr(value, "shape", None)
    of_shape = f" of shape {tuple(shape)}" if isinstance(shape, tuple) else ""
    is_batch = isinstance(shape, tuple) and len(shape) in _IMAGE_DIMENSIONS
    return (
        f"run.log({name}=...) takes a real number or a one-element tensor or array, an image or a "
        "batch of images, a text, or a figure of matplotlib or plotly, not "
        f"{type(value).__name__}{of_shape}. Example: run.log({name}=0.93), "
        f"run.log({name}=values.mean()), or run.log({name}=images) with images of shape "
        "(16, 1, 28, 28)."
        f"{_CHANNELS if is_batch else ''}"
    )
