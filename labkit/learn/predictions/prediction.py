"""A question that is answered before the cell that answers it: what all kinds have in common.

A prediction is data. It reads what a learner gives, compares it with the outcome of the run, and
says what usually lies behind a wrong answer. What was predicted is stored elsewhere
(`labkit.learn.predictions.stored`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labkit.views.messages.prediction import PredictionForm

Score = Literal["right", "close", "off"]


@dataclass(frozen=True)
class Prediction:
    """A question with its explanation.

    Texts may contain ``code`` between backticks, *emphasis* between asterisks, and paragraphs
    separated by an empty line.

    Attributes
    ----------
    name : str
        The name in the notebook's call.
    question : str
        The question, as it is asked in the card.
    why : str
        The explanation of the outcome, which the card of the score shows.
    reasons : mapping of str to str
        Known misconceptions: what usually lies behind a wrong answer. The keys depend on the kind.
    """

    name: str
    question: str
    why: str = field(default="", kw_only=True)
    reasons: Mapping[str, str] = field(default_factory=dict, kw_only=True)

    def read(self, value: object) -> Any:
        """Return the prediction in a value; raises ValueError with a sentence if there is none."""
        raise NotImplementedError

    def read_outcome(self, outcome: object) -> Any:
        """Return the outcome in a value; raises ValueError as `read`."""
        return self.read(outcome)

    def score(self, value: Any, outcome: Any) -> Score:
        """Return how near a prediction is; never "close" for a known misconception."""
        score = self._distance_score(value, outcome)
        return "off" if score == "close" and self.reason(value) else score

    def reason(self, value: Any) -> str:
        """Return what usually lies behind an answer; an empty text where nothing is known."""
        return self.reasons.get(str(value), "")

    def text(self, value: Any) -> str:
        """Return a prediction as it is shown in a sentence."""
        return f"`{value}`"

    def outcome_text(self, outcome: Any) -> str:
        """Return an outcome as it is shown in a sentence."""
        return self.text(outcome)

    def comparison(self, value: Any, outcome: Any) -> str:
        """Return a sentence with a prediction and the outcome."""
        return f"You predicted {self.text(value)}; the outcome is {self.outcome_text(outcome)}."

    def form(self) -> PredictionForm:
        """Return what the card needs to ask the question."""
        raise NotImplementedError

    def misconceptions(self) -> dict[str, Any]:
        """Return a value for each of the reasons, by its key."""
        raise NotImplementedError

    def _distance_score(self, value: Any, outcome: Any) -> Score:
        return "right" if value == outcome else "off"
