"""What the score of a prediction shows: prediction and outcome, and then the explanation."""

from __future__ import annotations

from labkit.learn.feedback import Feedback, Tone
from labkit.learn.marked_text import paragraphs_of
from labkit.learn.pictures import Picture
from labkit.learn.predictions.curve import Curve
from labkit.learn.predictions.overlay import curve_overlay, place_overlay
from labkit.learn.predictions.place import Place
from labkit.learn.predictions.prediction import Prediction, Score
from labkit.learn.predictions.stored import Stored, Sure

LABELS: dict[Score, str] = {
    "right": "Right",
    "close": "Close",
    "off": "Not what you expected",
}
_NOT_MADE = (
    "You made no prediction here. You can still make one, in the card above, before you open this; "
    "then run this cell again. A prediction made first, even a wrong one, is what makes the answer "
    "stick."
)
_LATE = (
    "You predicted after the outcome had been computed, so this one is left out of the count of "
    "how sure and how right you were."
)
_SURE: dict[Sure, str] = {
    1: "You were guessing",
    2: "You were fairly sure",
    3: "You were certain",
}
_AFTER: dict[tuple[Sure, Score], str] = {
    (1, "right"): ", and you were right. Compare the explanation with your own reasons.",
    (1, "close"): ", and you came close.",
    (1, "off"): ". Now you will know.",
    (2, "right"): ", and you were right.",
    (2, "close"): ", and you came close.",
    (2, "off"): ". See below where your idea and the outcome part ways.",
    (3, "right"): ", and you were right.",
    (3, "close"): ", and you came close.",
    (3, "off"): ". A surprise like this one teaches the most: read on slowly.",
}


def score_card(prediction: Prediction, stored: Stored) -> Feedback:
    """Return the card of a prediction with an outcome.

    Without a prediction, outcome and explanation are folded.

    Examples
    --------
    >>> from labkit.learn.predictions import Number
    >>> loss = Number("loss", "How large?", why="Minus the logarithm of 1/2 is 0.693.")
    >>> score_card(loss, Stored(0.7, 3, 0.693, "right"))
    Right. You predicted 0.7; the outcome is 0.693.
    You were certain, and you were right.
    Minus the logarithm of 1/2 is 0.693.
    """
    why = paragraphs_of(prediction.why)
    picture = _picture(prediction, stored)
    outcome = prediction.outcome_text(stored.outcome)
    if stored.score is None:
        return Feedback(
            "open",
            (_NOT_MADE,),
            label="No prediction",
            picture=picture,
            more=(f"The outcome is {outcome}.", *why),
            fold="Show the outcome and the explanation",
        )
    said = [prediction.comparison(stored.value, stored.outcome)]
    if stored.late:
        said.append(_LATE)
    elif stored.sure is not None:
        said.append(_SURE[stored.sure] + _AFTER[stored.sure, stored.score])
    if stored.score != "right" and (reason := prediction.reason(stored.value)):
        said.append(reason)
    tone: Tone = "right" if stored.score == "right" else "wrong"
    return Feedback(tone, tuple(said), label=LABELS[stored.score], picture=picture, more=why)


def _picture(prediction: Prediction, stored: Stored) -> Picture | None:
    """Return the outcome over a sketch or on a picture; None for other kinds."""
    if isinstance(prediction, Curve):
        return curve_overlay(prediction, stored.value, stored.outcome)
    if isinstance(prediction, Place):
        return place_overlay(prediction, stored.value, stored.outcome)
    return None
