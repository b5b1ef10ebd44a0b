"""A whole number, or several, of which only the outcome itself is right."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from labkit.learn.predictions.prediction import Prediction
from labkit.learn.predictions.typed_values import items_from, shown, whole_number_from
from labkit.views.messages.prediction import ExactForm

_MAX_LENGTH = 8


@dataclass(frozen=True)
class Exact(Prediction):
    """A whole number, or a tuple of them such as a shape or a stride.

    The keys of `reasons` are texts of the values, as in ``"44"`` or ``"(1, 4)"``.

    Attributes
    ----------
    length : int or None
        How many numbers; None for a single one, which is no tuple, and 0 for a tuple of any
        length, where the length is part of the answer.

    Examples
    --------
    >>> stride = Exact("stride", "What is the stride?", length=2)
    >>> stride.read([1, 4]), stride.read("(1, 4)"), stride.read("1 x 4")
    ((1, 4), (1, 4), (1, 4))
    """

    length: int | None = field(default=None, kw_only=True)

    def read(self, value: object) -> int | tuple[int, ...]:
        """Return a whole number, or as many of them as `length` says."""
        if self.length is None:
            return whole_number_from(value)
        items = items_from(value, _MAX_LENGTH)
        count = f"{self.length} whole numbers" if self.length else "whole numbers"
        if not items:
            raise ValueError(f"this asks for {count} in round brackets; got {shown(value)}")
        numbers = tuple(whole_number_from(item) for item in items)
        if self.length and len(numbers) != self.length:
            raise ValueError(f"this asks for {self.length} whole numbers; got {len(numbers)}")
        return numbers

    def form(self) -> ExactForm:
        """Return how many numbers are asked for."""
        return {"kind": "exact", "length": self.length}

    def misconceptions(self) -> dict[str, int | tuple[int, ...]]:
        """Return the value of each key."""
        return {key: self.read(ast.literal_eval(key)) for key in self.reasons}
