"""A number, right or close by its distance from the outcome."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from labkit.learn.predictions.prediction import Prediction, Score
from labkit.learn.predictions.typed_values import number_from, rounded, shown
from labkit.views.messages.prediction import NumberForm

_SMALLEST_SIZE = 1e-9
_EXACT = 1e-3
"""Largest relative difference of two numbers that are the same; outcomes are often float32."""
_RANGE = ".."


@dataclass(frozen=True)
class Number(Prediction):
    """A number; right within `near` of the outcome, close within `far`, both as fractions of it.

    The keys of `reasons` are numbers, as in ``"36"``, or ranges, as in ``"0.9..1"``.

    Attributes
    ----------
    near, far : float
        There is no "close" if they are equal.
    exact : bool
        Whether only the outcome itself is right, as for a result that can be worked out.
    low, high : float or None
        The ends of the slider; the field accepts any number, but for 0 and 1, the ends of a
        fraction, none beyond them. Without them there is no slider.
    unit : str
        Written after the number.

    Examples
    --------
    >>> loss = Number("loss", "How large?", reasons={"1": "That is the logarithm to base 2."})
    >>> loss.score(0.65, 0.69), loss.score(0.9, 0.69), loss.score(1.0, 0.69), loss.score(5.0, 0.69)
    ('right', 'close', 'off', 'off')
    >>> Number("share", "How many?", unit="%").read("94 %")
    94.0
    """

    near: float = field(default=0.1, kw_only=True)
    far: float = field(default=0.5, kw_only=True)
    exact: bool = field(default=False, kw_only=True)
    low: float | None = field(default=None, kw_only=True)
    high: float | None = field(default=None, kw_only=True)
    unit: str = field(default="", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a `near` that is no fraction of the outcome: anything would be right."""
        if not 0 <= self.near <= self.far or self.near >= 1:
            raise ValueError(
                f"near and far of {self.name!r} are fractions of the outcome, as 0.02 and 0.05; "
                f"got {self.near:g} and {self.far:g}"
            )

    def read(self, value: object) -> float:
        """Return a finite number; a fraction in place of per cent is refused, and the reverse."""
        number = rounded(number_from(value))
        if self.unit == "%" and number:
            number = self._per_cent(number, value)
        if self.low == 0 and self.high == 1 and not 0 <= number <= 1:
            raise ValueError(
                "this asks for a fraction, from 0 to 1: 80 percent is `0.8`, or `80%`; got "
                f"{shown(value)}"
            )
        return number

    def read_outcome(self, outcome: object) -> float:
        """Return the outcome, which has its unit already."""
        return rounded(number_from(outcome))

    def _per_cent(self, number: float, value: object) -> float:
        """Return the number before the sign: a text such as ``"97%"`` was read as a fraction."""
        if isinstance(value, str) and value.strip().endswith("%"):
            return rounded(100 * number)
        if 0 < number < 1:
            raise ValueError(
                f"this asks for a percentage: `{100 * number:g}` in place of `{number:g}`, or "
                f"`'{number:g}%'` if it is that small; got {shown(value)}"
            )
        return number

    def reason(self, value: float) -> str:
        """Return the reason whose number or range has this value."""
        for key, reason in self.reasons.items():
            low, _, high = key.partition(_RANGE)
            if high and float(low) <= value <= float(high):
                return reason
            if not high and math.isclose(float(low), value, rel_tol=_EXACT, abs_tol=_SMALLEST_SIZE):
                return reason
        return ""

    def text(self, value: float) -> str:
        """Return the number in four digits, with its unit."""
        unit = self.unit if self.unit in ("", "%") else f" {self.unit}"
        return f"`{value:.4g}`{unit}"

    def form(self) -> NumberForm:
        """Return the slider's ends and the unit."""
        return {"kind": "number", "low": self.low, "high": self.high, "unit": self.unit}

    def misconceptions(self) -> dict[str, float]:
        """Return the number of each key, or the middle of its range."""
        found = {}
        for key in self.reasons:
            low, _, high = key.partition(_RANGE)
            found[key] = (float(low) + float(high or low)) / 2
        return found

    def _distance_score(self, value: float, outcome: float) -> Score:
        distance = abs(value - outcome) / max(abs(outcome), _SMALLEST_SIZE)
        near, far = (0.0, 0.0) if self.exact else (self.near, self.far)
        if distance <= near + _EXACT:
            return "right"
        return "close" if distance <= far + _EXACT else "off"
