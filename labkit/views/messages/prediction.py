"""The synchronised state of a prediction's card, and the message of a page that locks it in."""

from __future__ import annotations

from typing import Literal, TypedDict


class ChoiceOption(TypedDict):
    """An option: the letter that is sent, and its text."""

    value: str
    text: str


class ChoiceForm(TypedDict):
    """One of several options."""

    kind: Literal["choice"]
    options: list[ChoiceOption]


class NumberForm(TypedDict):
    """A number, in a field; with a slider if it has ends."""

    kind: Literal["number"]
    low: float | None
    high: float | None
    unit: str


class ExactForm(TypedDict):
    """A whole number, or as many as `length` says (0 for any number of them), in a field."""

    kind: Literal["exact"]
    length: int | None


class CurveForm(TypedDict):
    """A curve to be sketched; `x` and `y` are the two ends of each axis."""

    kind: Literal["curve"]
    x: list[float]
    y: list[float]
    x_label: str
    y_label: str
    log: bool


class PlaceForm(TypedDict):
    """A place on a picture.

    `picture` is SVG source. `x` has the coordinates at its left and right edge, `y` those at its
    bottom and top edge. With `cells` a place is the centre of a cell, at whole coordinates; cells
    that are `numbered` are called by that word and their number, counted row by row from 0.
    """

    kind: Literal["place"]
    picture: str
    description: str
    x: list[float]
    y: list[float]
    cells: bool
    names: list[str]
    numbered: str


PredictionForm = ChoiceForm | NumberForm | ExactForm | CurveForm | PlaceForm

PredictionValue = str | float | list[float]
"""A letter or a typed text, a number, or the numbers of a shape, a curve or a place."""


class LockedPrediction(TypedDict):
    """What was predicted: the value, how it is shown, and how sure the learner was: 1, 2, 3."""

    value: PredictionValue
    text: str
    sure: int | None


class PredictionState(TypedDict):
    """The state that the kernel sends.

    `is_open` says whether a prediction can be locked in; not if the outcome was shown beside one.
    `note` is a sentence about an outcome that is there before a prediction, and `said` one about
    the last attempt; each may be empty.
    """

    protocol: int
    question: str
    form: PredictionForm
    locked: LockedPrediction | None
    is_open: bool
    note: str
    said: str


class LockMessage(TypedDict):
    """A page locks a prediction in. `sure` is 1 for guessing, 2 for fairly sure, 3 for certain."""

    type: Literal["lock"]
    protocol: int
    value: PredictionValue
    sure: int
