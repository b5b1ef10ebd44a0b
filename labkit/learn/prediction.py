"""Predictions: what a learner commits to before a run, and how the run's outcome scores it.

Three kinds: pick one of several letters, type a number, or give an exact value such as a shape.
Each knows how to read what was typed, and what to say of a wrong pick. A prediction holds no
state: the chapter keeps what was predicted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Score = Literal["right", "close", "off"]


@dataclass(frozen=True)
class Prediction:
    """A question that is answered before the cell that answers it is run.

    Attributes
    ----------
    name : str
        How the notebook calls it.
    question : str
        One sentence, as it is asked.
    reasons : mapping of str to str
        For picks and exact values: what usually lies behind a wrong answer, by the answer's text.
    """

    name: str
    question: str
    reasons: Mapping[str, str] = field(default_factory=dict)

    def read(self, value: object) -> Any:
        """Take in what was typed; raises ValueError with a sentence if it cannot be an answer."""
        raise NotImplementedError

    def score(self, value: Any, outcome: Any) -> Score:
        """Say how near the prediction came."""
        return "right" if value == outcome else "off"

    def reason(self, value: Any) -> str:
        """Say what usually lies behind this answer; an empty text where nothing is known."""
        return self.reasons.get(str(value), "")

    def text(self, value: Any) -> str:
        """Return how a value is shown."""
        return f"`{value}`"


@dataclass(frozen=True)
class MultipleChoice(Prediction):
    """One letter out of several, listed in the notebook's text.

    Examples
    --------
    >>> MultipleChoice("device", "Where does it lie?", options="ab").read(" B ")
    'b'
    """

    options: str = "abc"

    def read(self, value: object) -> str:
        """Take one letter, in quotes."""
        letter = value.strip().lower() if isinstance(value, str) else ""
        if len(letter) != 1 or letter not in self.options:
            raise ValueError(
                f"this asks for one letter of {', '.join(self.options)}; "
                f"got `{value!r}`. Write it in quotes, as in `{self.options[0]!r}`"
            )
        return letter


@dataclass(frozen=True)
class Number(Prediction):
    """A number; right within `near` of the outcome, close within `far` (as fractions of it).

    Examples
    --------
    >>> guess = Number("loss", "How large?", near=0.1, far=0.5)
    >>> guess.score(0.65, 0.69), guess.score(1.0, 0.69), guess.score(5.0, 0.69)
    ('right', 'close', 'off')
    """

    near: float = 0.1
    far: float = 0.5
    floor: float = 1e-9

    def read(self, value: object) -> float:
        """Take a finite number."""
        try:
            number = float(value)  # type: ignore[arg-type]
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(f"this asks for a number; got `{value!r}`") from None
        if not math.isfinite(number):
            raise ValueError(f"this asks for a finite number; got `{value!r}`")
        return number

    def score(self, value: Any, outcome: Any) -> Score:
        """Compare the distance with the outcome's own size."""
        distance = abs(value - outcome) / max(abs(outcome), self.floor)
        if distance <= self.near:
            return "right"
        return "close" if distance <= self.far else "off"

    def text(self, value: Any) -> str:
        """Return the number in four digits."""
        return f"`{value:.4g}`"


@dataclass(frozen=True)
class Exact(Prediction):
    """A whole number, or a tuple of them such as a shape or a stride.

    Examples
    --------
    >>> Exact("stride", "Which stride?", length=2).read([1, 4])
    (1, 4)
    """

    length: int | None = None

    def read(self, value: object) -> int | tuple[int, ...]:
        """Take a whole number, or as many of them as `length` says."""
        if self.length is None:
            return _whole(value)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError(  # noqa: TRY004 - what was typed is a value, whatever its type
                f"this asks for {self.length} whole numbers in round brackets; got `{value!r}`"
            )
        numbers = tuple(_whole(item) for item in value)
        if len(numbers) != self.length:
            raise ValueError(f"this asks for {self.length} whole numbers; got {len(numbers)}")
        return numbers


def _whole(value: object) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and number.is_integer():
            return int(value)
    raise ValueError(f"this asks for whole numbers; got `{value!r}`")
