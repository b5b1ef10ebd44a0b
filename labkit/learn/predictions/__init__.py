"""What a learner predicts before a run: the kinds of questions, their cards and their scores.

`choice`, `number`, `exact`, `curve` and `place` are the kinds; they are data. `stored` is the
record of what was predicted, `card` the widget that asks, and `score_card` what a score shows.
"""

from __future__ import annotations

from labkit.learn.predictions.choice import Choice
from labkit.learn.predictions.curve import Curve
from labkit.learn.predictions.exact import Exact
from labkit.learn.predictions.number import Number
from labkit.learn.predictions.place import Place
from labkit.learn.predictions.prediction import Prediction, Score

__all__ = ["Choice", "Curve", "Exact", "Number", "Place", "Prediction", "Score"]
