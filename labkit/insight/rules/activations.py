"""What sampled activations say: dead units, saturation, one class for everything."""

from __future__ import annotations

import math

import numpy as np

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch

_MIN_ROWS = 3
_DEAD = 0.85
_DEAD_WITHOUT_PROGRESS = 0.5
"""Fewer dead units are enough where nothing is learned; one that learns may do without many."""
_PROGRESS = 0.8
_SATURATED = 0.8
_MIN_STEPS = 30
_ALWAYS = 0.98
_MIN_SAMPLES = 4
_WRONG = 0.5
"""Part of ln(classes): below it one class for all is right for the batches that come."""


def _dead(evidence: Evidence) -> RuleMatch | None:
    curve = evidence.loss
    learns = curve is None or curve.last() < _PROGRESS * curve.first()
    return _over(
        evidence,
        "act_dead",
        _DEAD if learns else _DEAD_WITHOUT_PROGRESS,
        "{part:.0%} of the units of {name} are dead: their output was zero for every sample of the "
        "batches looked at, so no gradient passes through them.",
    )


def _saturated(evidence: Evidence) -> RuleMatch | None:
    return _over(
        evidence,
        "act_saturated",
        _SATURATED,
        "{part:.0%} of the outputs of {name} are saturated: they lie at the flat ends of the "
        "activation, where hardly any gradient passes.",
    )


def _over(evidence: Evidence, kind: str, limit: float, words: str) -> RuleMatch | None:
    table = evidence.table(kind)
    if table is None or len(table) < _MIN_ROWS or evidence.steps < _MIN_STEPS:
        return None
    recent = table.recent(_MIN_ROWS)
    newest = table.newest(_MIN_ROWS)  # each module's own, as not all are called at all steps
    least = np.where(np.isnan(newest), 0.0, newest).min(axis=0)
    over = np.array(
        [p for p in np.flatnonzero(least > limit) if recent.names[p] in evidence.hidden]
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
        (int(recent.steps[0]), int(recent.steps[-1])),
        tuple(table.names[place] for place in over[:8]),
        (f"{kind}/{name}",),
    )


def _one_class(evidence: Evidence) -> RuleMatch | None:
    seen = list(evidence.observed.predictions)[-_MIN_SAMPLES:]
    curve = evidence.loss
    if len(seen) < _MIN_SAMPLES or curve is None or seen[-1].step < _MIN_STEPS:
        return None
    classes = seen[-1].classes
    if classes != evidence.classes:
        return None
    if any(each.share < _ALWAYS or each.most_frequent != seen[0].most_frequent for each in seen):
        return None
    if curve.last() < _WRONG * math.log(max(2, classes)):
        return None
    return RuleMatch(
        f"The model predicts class {seen[0].most_frequent} for nearly every sample, of {classes} "
        f"classes, at each of the last {len(seen)} steps looked at.",
        (seen[0].step, seen[-1].step),
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
            "learning-rate-too-high",
            "dead-units",
            "vanishing-gradients",
            "vanishing-in-time",
        ),
    ),
)
