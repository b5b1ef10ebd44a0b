"""Rules about the set-up of the loop: training mode, labels, scale of the inputs."""

from __future__ import annotations

import re

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch, enumerated
from labkit.run.observations import FrozenNorm

_MIN_CHECKS = 3
_MIN_SHARE = 0.9
"""Share of the forward passes in the wrong mode."""
_FAR = 4.0
"""Distance of a batch's mean from the running mean, in running standard deviations, and ratio of
the standard deviations, above which running statistics do not fit."""
_LARGE_MEAN = 10.0
_LARGE_STD = 10.0
_SMALL_STD = 1e-3
_LARGE_STD_RATIO = 1e3
"""Largest over smallest standard deviation of a feature."""
_LABEL_ERRORS = (
    re.compile(r"Target (?P<label>-?\d+) is out of bounds"),
    re.compile(r"all elements of (target|input) should be between 0 and 1"),
    re.compile(r"Class values must be smaller than num_classes"),
    re.compile(r"t >= 0 && t < n_classes"),
)


def _evaluation_mode(evidence: Evidence) -> RuleMatch | None:
    in_eval, names = evidence.observed.trained_in_eval, evidence.observed.mode_dependent
    if not names or in_eval.streak < _MIN_CHECKS:
        return None
    since = f" since step {in_eval.since:,}" if in_eval.since > 1 else ""
    return RuleMatch(
        f"The model is trained in evaluation mode{since} (model.training is False), so "
        f"{enumerated(names, 'module')} {'do' if len(names) > 1 else 'does'} not work as meant for "
        "training.",
        (max(1, in_eval.since), max(1, evidence.steps)),
        names[:8],
    )


def _frozen_norm(evidence: Evidence) -> RuleMatch | None:
    for path, readings in list(evidence.observed.frozen_norms.items()):
        newest = list(readings)[-_MIN_CHECKS:]
        if len(newest) < _MIN_CHECKS or not all(map(_is_far, newest)):
            continue
        last = newest[-1]
        return RuleMatch(
            f"The batch normalisation {path or 'of the model'} uses running statistics that do not "
            f"fit: the mean of a batch is {last.shift:.3g} running standard deviations from the "
            f"running mean, and its standard deviation is {last.scale:.3g} times the running one.",
            (newest[0].step, max(last.step, evidence.steps)),
            (path,),
        )
    return None


def _is_far(read: FrozenNorm) -> bool:
    return read.shift > _FAR or read.scale > _FAR or 0 < read.scale < 1 / _FAR


def _training_mode(evidence: Evidence) -> RuleMatch | None:
    in_training, names = evidence.observed.evaluated_in_training, evidence.observed.mode_dependent
    if not names or not in_training.seen:
        return None
    if in_training.share < _MIN_SHARE and in_training.streak < _MIN_CHECKS:
        return None
    return RuleMatch(
        "The model is evaluated in training mode: passes under no_grad ran while model.training "
        f"was True, so {enumerated(names, 'module')} drop{'' if len(names) > 1 else 's'} units or "
        f"use{'' if len(names) > 1 else 's'} the batch's own statistics.",
        (1, evidence.steps),
        names[:8],
    )


def _labels(evidence: Evidence) -> RuleMatch | None:
    message = evidence.run.message or ""
    step = evidence.steps + 1
    for pattern in _LABEL_ERRORS:
        found = pattern.search(message)
        if found is None:
            continue
        label = found.groupdict().get("label")
        known = (
            f"the label {label} does not exist" if label else "they lie outside of what is taken"
        )
        return RuleMatch(
            f"The labels do not fit the loss: {known}, and the loop ended at step {step:,} "
            f"({message.partition(': ')[2] or message}).",
            (step, step),
        )
    return _labels_outside(evidence)


def _labels_outside(evidence: Evidence) -> RuleMatch | None:
    """Match a negative binary cross entropy, which implies a label below 0 or above 1."""
    curve = evidence.loss
    ops = {node.op for node in evidence.graph.nodes} if evidence.graph is not None else set()
    if curve is None or "binarycrossentropywithlogits" not in ops:
        return None
    other_terms = [op for op in ops if op.endswith("loss") and op != "loss"]
    if other_terms or not (curve.values < 0).any():
        return None
    step = int(curve.steps[curve.values < 0][0])
    return RuleMatch(
        f"The labels do not fit the loss: binary cross entropy fell below zero at step {step:,}, "
        "which cannot be with labels between 0 and 1.",
        (step, int(curve.steps[-1])),
        series=(curve.name,),
    )


def _input_scale(evidence: Evidence) -> RuleMatch | None:
    inputs = list(evidence.observed.inputs)
    if len(inputs) < _MIN_CHECKS:
        return None
    for last in (each for each in inputs if each.step == inputs[-1].step):
        if abs(last.mean) > _LARGE_MEAN or last.std > _LARGE_STD:
            words = (
                f"its values have a mean of {last.mean:.4g} and a standard deviation of "
                f"{last.std:.4g}"
            )
        elif 0 < last.std < _SMALL_STD and abs(last.mean) < 1:
            words = f"its values hardly vary (standard deviation {last.std:.1g})"
        elif last.max_std > _LARGE_STD_RATIO * last.min_std > 0:
            words = (
                f"its features vary by {last.min_std:.2g} to {last.max_std:.2g}, so no "
                "one learning rate suits them all"
            )
        else:
            continue
        return RuleMatch(
            f"The input of shape {list(last.shape)} is not scaled: {words}.",
            (inputs[0].step, last.step),
        )
    return None


RULES = (
    Rule(
        id="labels-out-of-range",
        severity="error",
        certainty="certain",
        cause="Classes counted from 1 instead of 0, fewer outputs than classes, or numbers where "
        "the loss takes labels between 0 and 1.",
        advice=(
            (
                "cross_entropy takes labels 0 to classes - 1: compare labels.min() and "
                "labels.max() with the size of the last layer."
            ),
            "Binary cross entropy takes labels between 0 and 1.",
        ),
        match=_labels,
        chapter="06_training_loop",
    ),
    Rule(
        id="input-not-scaled",
        severity="warning",
        certainty="possible",
        cause="The data go into the model as they came, for example pixels from 0 to 255 or "
        "features in different units.",
        advice=(
            (
                "Subtract the mean and divide by the standard deviation of the training data, for "
                "each feature."
            ),
        ),
        match=_input_scale,
        chapter="03_linear_regression",
    ),
    Rule(
        id="trained-in-evaluation-mode",
        severity="warning",
        cause="model.eval() was called for a validation, and model.train() not after it.",
        advice=("Call model.train() at the beginning of every epoch.",),
        match=_evaluation_mode,
        chapter="06_training_loop",
    ),
    Rule(
        id="frozen-batch-norm",
        severity="warning",
        cause="The batch normalisation is in evaluation mode, but its running statistics were "
        "never fitted to these data: they are the initial ones, or those of other data.",
        advice=(
            "Put it into training mode for some epochs, or call torch.optim.swa_utils.update_bn.",
            "Normalise the inputs as for the training from which the statistics come.",
        ),
        match=_frozen_norm,
        chapter="08_cnn",
        explained_by=("trained-in-evaluation-mode", "loss-not-finite"),
    ),
    Rule(
        id="evaluated-in-training-mode",
        severity="hint",
        cause="model.eval() is missing before the validation; torch.no_grad() does not do that.",
        advice=("Call model.eval() before the validation and model.train() after it.",),
        match=_training_mode,
        chapter="06_training_loop",
    ),
)
