"""Rules about the loss and the logged metrics: not finite, not falling, overfitting."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from labkit.insight.curves import Curve
from labkit.insight.evidence import Evidence
from labkit.insight.loss_form import LossForm
from labkit.insight.recent_rows import medians
from labkit.insight.rule import Rule, RuleMatch

_PLATEAU_STEPS = 150
_DISCARDED = 0.1
"""Discarded passes over steps, above which another model is trained through this one."""
_GUESSING = (0.97, 1.1)
"""Loss over ln(classes), the cross entropy of guessing: range in which a classifier guesses."""
_NEARLY_CONSTANT = 0.02
"""Variance of the outputs over the squared error, below which they are nearly the same."""
_FALL = 0.1
"""Fall of the loss, including its error, over its level, above which it may still be falling."""
_SLOW_START_STEPS = 1_000
_NEARLY_ZERO = 0.1
"""Norm of a weight that began at 0 when it was read first, after some steps."""
_STILL_GROWING = 1.3
"""Norm of a weight over that at half of the steps, above which it still grows."""
_MIN_ROWS = 3
_LOSS_RISE = 0.1
"""Rise of a held-out loss over its minimum, above which the model overfits."""
_FALL_LOST = 0.02
"""Rise of a held-out loss over its fall before, above which the model overfits."""
_SCORE_DROP = 0.03
"""Drop of a held-out score from its maximum, over the larger of this and 1."""
_MIN_POINTS_AFTER_BEST = 5
_TRAINING_POINTS = 50
"""Points of the training loss that determine its level when the held-out data were met best."""
_POINTS_OF_PART = 10
_TRAINING_RISE = 3.0
"""Training loss over its level at the best held-out value, above which the task has changed."""
_NOISE_RANGE = 4.0
"""Rise over the noise of a held-out metric, below which it is noise; a minimum is biased, too."""
_CLOSE_PART = 0.1
"""Part of the recent values that may come close to the best one by chance."""
_TREND = 4.0
"""Kendall's statistic, in its standard deviations without a trend, above which a metric worsens."""
_TREND_POINTS = 40
_HELD_OUT = re.compile(
    r"(^|[_/\- ])(val|valid|validation|test|eval|dev|heldout)([_/\- ]|$)", re.IGNORECASE
)
_LOWER_IS_BETTER = re.compile(r"loss|err|mse|mae|nll|entropy|perplexity|ppl", re.IGNORECASE)
_HIGHER_IS_BETTER = re.compile(r"acc|auc|f1|precision|recall|score|r2", re.IGNORECASE)


def _not_finite(evidence: Evidence) -> RuleMatch | None:
    for curve in evidence.losses:
        points = np.flatnonzero(~np.isfinite(curve.values))
        if not len(points):
            continue
        step = int(curve.steps[points[0]])
        value = "NaN" if np.isnan(curve.values[points[0]]) else "infinite"
        message = f"The {curve.name} became {value} at step {step:,}"
        steps = (step, int(curve.steps[points[-1]]))
        incident = evidence.run.incident
        if incident is None or incident.explanation is None or incident.step != step:
            return RuleMatch(f"{message}.", steps, series=(curve.name,))
        where = (incident.module,) if incident.module else ()
        return RuleMatch(
            f"{message}: {incident.explanation.rstrip('.')}.",
            steps,
            where,
            (curve.name,),
            incident.node,
            incident.line,
        )
    return None


def _plateau(evidence: Evidence) -> RuleMatch | None:
    """Match a model that has learned nothing: it guesses, or gives a constant.

    A loss that does not fall is no evidence by itself: converged models, surrogates of policy
    gradients and targets that move with the model have such losses, too.
    """
    curve, form = evidence.loss, evidence.loss_form
    if curve is None or form is None or evidence.steps < _PLATEAU_STEPS:
        return None
    if curve.is_falling() or _is_adversarial(evidence) or _begins_slowly(evidence):
        return None
    first, last = curve.initial(), curve.final(0.5)
    if not np.isfinite(curve.values[-1]) or not curve.largest_fall() < _FALL * abs(last):
        return None
    if form.guessing is not None:
        if not _GUESSING[0] * form.guessing <= last <= _GUESSING[1] * form.guessing:
            return None
        reason = (
            f"guessing among {form.classes} classes without looking at the input gives "
            f"{form.guessing:.4g}"
        )
    else:
        deviation = _output_deviation(evidence, form)
        error = last if form.kind == "squared" else last**2
        if deviation is None or not deviation**2 < _NEARLY_CONSTANT * error:
            return None
        reason = (
            f"the outputs are nearly the same for all samples (standard deviation {deviation:.2g})"
        )
    return RuleMatch(
        f"The loss does not fall: it began at {first:.4g} and is at {last:.4g} after "
        f"{evidence.steps:,} steps, and {reason}.",
        (int(curve.steps[0]), evidence.steps),
        series=(curve.name,),
    )


def _begins_slowly(evidence: Evidence) -> bool:
    """Return whether the loss may begin to fall later: in a warm-up, or beside weights of 0."""
    is_early = evidence.steps < _SLOW_START_STEPS
    return evidence.rates_rise or (is_early and _leaves_zero(evidence))


def _leaves_zero(evidence: Evidence) -> bool:
    """Return whether weights that began at 0, as those of a word embedding, grow steadily.

    Products with them have hardly any gradient at first, so that the loss begins to fall late.
    """
    weights, first = evidence.table("weight_norm"), evidence.first_values("weight_norm")
    if weights is None or first is None or len(weights) < _MIN_ROWS:
        return False
    began = {name for name, norm in zip(weights.names, first, strict=True) if norm < _NEARLY_ZERO}
    growing = weights.only(frozenset(began & evidence.matrices))
    if not growing.names:
        return False
    middle = growing.steps <= (growing.steps[0] + growing.steps[-1]) / 2
    half, now = medians(growing.values[middle][-1:]), growing.newest()[0]
    return bool((now > _STILL_GROWING * half).any())


def _is_adversarial(evidence: Evidence) -> bool:
    """Return whether another model is trained through this one, whose loss then need not fall."""
    return evidence.observed.discarded_passes > _DISCARDED * evidence.steps


def _output_deviation(evidence: Evidence, form: LossForm) -> float | None:
    """Return the recent standard deviation of the outputs; None if it was not read."""
    table = evidence.table("act_std")
    if table is None or form.output not in table.names:
        return None
    newest = table.newest(_MIN_ROWS)[:, table.names.index(form.output)]
    return None if np.isnan(newest).any() else float(newest.max())


def _overfitting(evidence: Evidence) -> RuleMatch | None:
    training = evidence.loss
    if training is None:
        return None
    for curve in evidence.metrics:
        if _HELD_OUT.search(curve.name) and len(curve) > _MIN_POINTS_AFTER_BEST:
            match = _overfits(curve, training)
            if match is not None:
                return match
    return None


def _overfits(held_out: Curve, training: Curve) -> RuleMatch | None:
    """Match a held-out metric that gets worse, beyond its noise, while the training loss falls."""
    higher_is_better = _HIGHER_IS_BETTER.search(held_out.name) is not None
    if not higher_is_better and not _LOWER_IS_BETTER.search(held_out.name):
        return None
    known = np.isfinite(held_out.values)
    steps, values = held_out.steps[known], held_out.values[known]
    worsening = -values if higher_is_better else values
    if len(values) <= _MIN_POINTS_AFTER_BEST:
        return None
    best = int(_smoothed(worsening).argmin())
    after = worsening[best + 1 :]
    if len(after) < _MIN_POINTS_AFTER_BEST:
        return None
    recent = after[-max(_MIN_POINTS_AFTER_BEST, len(after) // 2) :]
    lowest = float(_smoothed(worsening)[best])
    rise = float(np.median(recent)) - lowest
    enough = (
        _SCORE_DROP * max(1.0, abs(lowest))
        if higher_is_better
        else max(_LOSS_RISE * abs(lowest), _FALL_LOST * (float(worsening[0]) - lowest))
    )
    # The best value may be an exception. Then some of the recent ones come close to it.
    close = float(np.sort(recent)[int(_CLOSE_PART * len(recent))])
    is_noise = rise <= _NOISE_RANGE * _noise_of_few(worsening[best // 2 :])
    if (
        not min(close - lowest, rise) > enough
        # Held-out values of a model that overfits vary more and more; their trend remains.
        or (is_noise and not _trend(after) > _TREND)
        or not _keeps_falling(training, steps[best])
    ):
        return None
    return RuleMatch(
        f"{held_out.name} was best around step {int(steps[best]):,} ({values[best]:.4g}) and "
        f"is worse since ({float(np.median(values[-len(recent) :])):.4g}), while the training loss "
        "goes on falling.",
        (int(steps[best]), int(steps[-1])),
        series=(held_out.name, training.name),
    )


def _noise_of_few(values: NDArray[np.float32]) -> float:
    """Return the standard deviation of the noise, which few values rather over- than underestimate.

    In contrast to `labkit.insight.curves.noise`, every difference counts.
    """
    differences = np.diff(values.astype(np.float64))
    return float(np.sqrt(np.mean(np.square(differences)) / 2)) if len(differences) else 0.0


def _trend(values: NDArray[np.float32]) -> float:
    """Return Kendall's statistic of values over their order, in its standard deviations."""
    parts = np.array_split(values, min(len(values), _TREND_POINTS))
    medians = np.array([np.median(part) for part in parts])
    n = len(medians)
    rises = np.sign(medians[None, :] - medians[:, None])
    deviation = math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    return float(np.triu(rises, 1).sum()) / deviation if n > 1 else 0.0


def _smoothed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the running median over three points; the ends are as they are."""
    padded = np.concatenate([values[:1], values, values[-1:]])
    found: NDArray[np.float32] = np.median(
        np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0
    )
    return found


def _keeps_falling(training: Curve, since: int) -> bool:
    """Return whether a training loss is lower than at a step, and was at no time much higher."""
    finite = np.isfinite(training.values)
    steps, values = training.steps[finite], training.values[finite]
    before, after = values[steps <= since][-_TRAINING_POINTS:], values[steps > since]
    if not len(before):  # the held-out data were met best before the first step
        before = values[:1]
    if not len(before) or not len(after):
        return False
    level = float(np.median(before))
    parts = np.array_split(after, max(1, len(after) // _POINTS_OF_PART))
    highest = max(float(np.median(part)) for part in parts)
    return training.final(0.1) < level and not highest > max(_TRAINING_RISE * level, level)


RULES = (
    Rule(
        id="loss-not-finite",
        severity="error",
        certainty="certain",
        cause="A division by zero, the logarithm or root of a number that is not positive, an "
        "exponential that is too large, or weights that were pushed away by too large a step.",
        advice=(
            (
                "Look at the operation that is named: keep its input away from zero (an epsilon), "
                "or use the stable form (log_softmax, binary_cross_entropy_with_logits, logsumexp)."
            ),
            "Lower the learning rate, or clip the gradients with clip_grad_norm_.",
            "Look for NaN or infinite values in the data.",
        ),
        match=_not_finite,
        chapter="02_autograd",
    ),
    Rule(
        id="plateau",
        severity="warning",
        certainty="possible",
        about_standstill=True,
        cause="The model does not get what it needs from the data: a learning rate that does not "
        "suit, labels that do not belong to the inputs, or a gradient that does not arrive.",
        advice=(
            (
                "Try to learn one single batch by heart. If that fails, something is wrong with "
                "the model, the loss or the labels; if it works, look at the data."
            ),
            "Try learning rates ten times larger and ten times smaller.",
        ),
        match=_plateau,
        chapter="03_linear_regression",
        explained_by=("*",),
    ),
    Rule(
        id="overfitting",
        severity="warning",
        cause="The model learns its training data by heart: it is large for the amount of data, "
        "or it has been trained for too long.",
        advice=(
            "Stop at the step where the held-out data were met best, and keep those weights.",
            "Use more data, or vary what there is (augmentation).",
            "Use weight decay or dropout, or a smaller model.",
        ),
        match=_overfitting,
        chapter="06_training_loop",
    ),
)
