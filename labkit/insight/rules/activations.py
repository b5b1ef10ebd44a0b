"""Rules about sampled activations: dead units, saturation, the same class for all samples."""

from __future__ import annotations

import math

import numpy as np

from labkit.insight.curves import Curve
from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import RecentRows
from labkit.insight.rule import Rule, RuleMatch

_MIN_ROWS = 3
_MAX_DEAD = 0.85
"""Share of dead units of a layer, in a model that learns."""
_MAX_DEAD_WITHOUT_PROGRESS = 0.7
"""The same in a model that does not learn."""
_PROGRESS = 0.8
"""Final loss over initial loss, below which the model learns."""
_MIN_VALUES = 8
"""Values per unit in a batch, below which a ReLU is often zero for all of them by chance."""
_MIN_UNITS = 6
"""Units of a layer that is not affected as a whole: of a few, most may be at rest by chance."""
_MAX_SATURATED = 0.8
_WHOLE = 0.999
"""Share of the units from which on a layer counts as dead or saturated as a whole."""
_MIN_STEPS = 30
_MIN_FALL = 0.03
"""Relative fall of the loss, below which a model with known labels learns nothing more."""
_MIN_SHARE = 0.98
"""Share of the samples for which the same class is predicted."""
_MIN_SAMPLES = 4
_MIN_LOSS = 0.5
"""Loss over ln(classes), below which predicting one class is correct for the given batches."""
_MIN_STEPS_ONE_CLASS = 100
_MIN_LABELLED = 3
_MIN_OTHERS = 0.02
"""Share of the labels that are of other classes than the predicted one."""
_NO_BETTER = 0.95
"""Loss over the entropy of the labels, above which the model ignores its inputs."""


def _dead(evidence: Evidence) -> RuleMatch | None:
    curve = evidence.loss
    learns = curve is None or curve.final() < _PROGRESS * curve.initial()
    return _layers_above(
        evidence,
        "act_dead",
        _MAX_DEAD if learns else _MAX_DEAD_WITHOUT_PROGRESS,
        "{part:.0%} of the units of {name} are dead: their output was zero for every sample of the "
        "batches looked at, so no gradient passes through them.",
    )


def _saturated(evidence: Evidence) -> RuleMatch | None:
    return _layers_above(
        evidence,
        "act_saturated",
        _MAX_SATURATED,
        "{part:.0%} of the outputs of {name} are saturated: they lie at the flat ends of the "
        "activation, where hardly any gradient passes.",
    )


def _layers_above(evidence: Evidence, kind: str, limit: float, words: str) -> RuleMatch | None:
    """Match the hidden layers whose newest values of a kind all exceed a limit.

    Parameters
    ----------
    evidence : Evidence
    kind : str
        A kind whose values are shares, 0 to 1.
    limit : float
    words : str
        The message, with ``{part}`` and ``{name}`` for the layer with the largest value.
    """
    table = evidence.table(kind)
    if table is None or len(table) < _MIN_ROWS or evidence.steps < _MIN_STEPS:
        return None
    recent = table.recent(_MIN_ROWS)
    newest = table.newest(_MIN_ROWS)  # per module, as modules may be called at different steps
    newest = np.where(np.isnan(newest), 0.0, newest)
    # Of a whole layer that has died, two readings leave no doubt.
    least = np.where(newest[-2:].min(axis=0) >= _WHOLE, newest[-1], newest.min(axis=0))
    columns = np.flatnonzero(least > limit)
    over = np.array(
        [
            column
            for column in columns
            if recent.names[column] in evidence.hidden
            and evidence.values_per_unit(recent.names[column]) >= _MIN_VALUES
            and (
                least[column] >= _WHOLE
                or least[column] * evidence.units(recent.names[column]) >= _MIN_UNITS
            )
        ]
    )
    if not len(over):
        return None
    worst = int(over[least[over].argmax()])
    name = table.names[worst]
    others = len(over) - 1
    message = words.format(part=float(least[worst]), name=name)
    if others:
        message += f" The same holds for {others} more layer{'s' if others > 1 else ''}."
    return RuleMatch(
        message,
        (_first_above(table, worst, limit), int(recent.steps[-1])),
        tuple(table.names[column] for column in over[:8]),
        (f"{kind}/{name}",),
    )


def _first_above(table: RecentRows, column: int, limit: float) -> int:
    """Return the first step from which on all values of a column exceed a limit."""
    values = table.values[:, column]
    below = np.flatnonzero(values <= limit)
    known = np.flatnonzero(~np.isnan(values))
    return int(table.steps[known[known > (below[-1] if len(below) else -1)][0]])


def _one_class(evidence: Evidence) -> RuleMatch | None:
    curve = evidence.loss
    if curve is None or evidence.steps < _MIN_STEPS_ONE_CLASS or evidence.rates_rise:
        return None
    return _one_of_labels(evidence, curve) or _one_of_predictions(evidence, curve)


def _one_of_labels(evidence: Evidence, curve: Curve) -> RuleMatch | None:
    """Match one predicted class where the labels are known, and are of other classes, too."""
    newest = list(evidence.observed.labels)[-_MIN_LABELLED:]
    if len(newest) < _MIN_LABELLED or len({(r.predicted, r.classes) for r in newest}) > 1:
        return None
    if curve.is_falling(min_fall=_MIN_FALL) or (curve.is_falling() and _accelerates(curve)):
        return None
    others = 1 - sum(read.label_share for read in newest) / len(newest)
    guessing = sum(read.entropy for read in newest) / len(newest)
    is_one = all(read.predicted_share >= _MIN_SHARE for read in newest)
    if not is_one or others < _MIN_OTHERS or curve.final() < _NO_BETTER * guessing:
        return None
    first, last = newest[0], newest[-1]
    return RuleMatch(
        f"The model predicts class {last.predicted} for nearly every sample, of {last.classes} "
        f"classes, at each of the last {len(newest)} steps looked at, though {others:.0%} of the "
        f"labels are of other classes. The loss, {curve.final():.4g}, is that of guessing by their "
        f"frequency ({guessing:.4g}).",
        (first.step, last.step),
        series=(curve.name,),
    )


def _accelerates(curve: Curve) -> bool:
    """Return whether the loss falls faster than before, as after a slow start."""
    early, middle, late = (curve.median_between(at, at + 0.25) for at in (0.25, 0.5, 0.75))
    return middle - late > early - middle


def _one_of_predictions(evidence: Evidence, curve: Curve) -> RuleMatch | None:
    """Match one predicted class where the labels are unknown, from the model's outputs."""
    newest = list(evidence.observed.predictions)[-_MIN_SAMPLES:]
    if len(newest) < _MIN_SAMPLES or evidence.observed.labels:
        return None
    # Many models predict the most frequent class for a while, and then learn to distinguish.
    if curve.is_falling():
        return None
    classes, predicted = newest[-1].classes, newest[0].most_frequent
    if classes != evidence.classes:
        return None
    if any(each.share < _MIN_SHARE or each.most_frequent != predicted for each in newest):
        return None
    if curve.final() < _MIN_LOSS * math.log(max(2, classes)):
        return None
    return RuleMatch(
        f"The model predicts class {predicted} for nearly every sample, of {classes} "
        f"classes, at each of the last {len(newest)} steps looked at.",
        (newest[0].step, newest[-1].step),
        series=(curve.name,),
    )


RULES = (
    Rule(
        id="dead-units",
        severity="warning",
        cause="A step that was too large has pushed the units' biases so far down that a ReLU "
        "gives zero for every input; then no gradient brings them back.",
        advice=(
            "Lower the learning rate, or let it rise slowly at the beginning.",
            "Use LeakyReLU, GELU or SiLU, which let some gradient through.",
            "Put a normalisation layer before the activation.",
        ),
        match=_dead,
        chapter="08_cnn",
        explained_by=("loss-not-finite",),
    ),
    Rule(
        id="saturated-units",
        severity="warning",
        cause="What goes into sigmoid or tanh is too large: inputs that are not scaled, or weights "
        "that are too large.",
        advice=(
            "Scale the inputs to mean 0 and standard deviation 1.",
            (
                "Initialise with torch.nn.init.xavier_uniform_, or put a normalisation layer "
                "before the activation."
            ),
            "Lower the learning rate.",
        ),
        match=_saturated,
        chapter="03_linear_regression",
        explained_by=("loss-not-finite", "input-not-scaled"),
    ),
    Rule(
        id="one-class",
        severity="warning",
        cause="Most samples have this class, the inputs tell nothing of the label (they were "
        "shuffled apart), or the network gives the same output for every input.",
        advice=(
            (
                "Count the labels by class; weigh rare ones up (weight= of cross_entropy) or "
                "sample evenly."
            ),
            "Look whether inputs and labels still belong together after shuffling.",
            "Look at dead and saturated units: behind them all inputs look the same.",
        ),
        match=_one_class,
        chapter="08_cnn",
        explained_by=(
            "loss-not-finite",
            "no-change",
            "no-gradient",
            "not-in-optimizer",
            "not-registered",
            "weight-decay-too-strong",
            "rate-decayed",
            "clipped-to-nothing",
            "learning-rate-too-low",
            "input-not-scaled",
            "learning-rate-too-high",
            "softmax-before-loss",
            "softmax-dimension",
            "equal-units",
            "dead-units",
            "vanishing-gradients",
            "vanishing-in-time",
        ),
    ),
)
