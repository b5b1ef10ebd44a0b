"""Rules about parameters that no step moves: no step at all, not registered, equal units."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labkit.insight.curves import Curve
from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import largest
from labkit.insight.rule import Rule, RuleMatch, enumerated

_MIN_PASSES = 100
"""Backward passes without a step; more than are usually accumulated for one."""
_MIN_ROWS = 3
_MIN_STEPS = 100
_MIN_GRADIENT_SHARE = 0.9
"""Share of the steps looked at in which a parameter has a gradient."""
_MIN_STEPS_EQUAL = 30
_ROUNDING = 1e-3
"""Gradient norm over the largest one, below which it may be due to rounding."""


def _no_step(evidence: Evidence) -> RuleMatch | None:
    passes = evidence.observed.passes_before_first_step
    if evidence.steps or passes < _MIN_PASSES:
        return None
    return RuleMatch(
        f"No optimizer has moved the model: {passes:,} backward passes have reached its "
        "parameters, and none of these was changed by a step.",
        (0, 0),
    )


def _unregistered(evidence: Evidence) -> RuleMatch | None:
    found = evidence.observed.unregistered
    if not found:
        return None
    many = len(found) > 1
    shapes = enumerated([str(list(shape)) for _, shape in found], "shape")
    modules = tuple(dict.fromkeys(path for path, _ in found))
    users = "" if modules == ("",) else f" in {', '.join(path or 'the model' for path in modules)}"
    return RuleMatch(
        f"The model uses {len(found)} parameter{'s' if many else ''} that "
        f"{'are' if many else 'is'} not its own, so no optimizer moves {'them' if many else 'it'} "
        f"and state_dict does not contain {'them' if many else 'it'}: "
        f"{'those' if many else 'that'} of {shapes}{users}.",
        (1, max(1, evidence.steps)),
        modules[:8],
    )


def _not_moving(evidence: Evidence) -> RuleMatch | None:
    ratios, gradients = evidence.table("update_ratio"), evidence.table("grad_norm")
    if ratios is None or gradients is None or evidence.steps < _MIN_STEPS:
        return None
    read = np.isfinite(ratios.values)
    is_known = read.sum(axis=0) >= _MIN_ROWS
    is_still = is_known & ~(ratios.values > 0).any(axis=0)
    if not is_still.any() or is_still[is_known].all():
        return None  # all stand still: another rule
    # Parameters that are used at some steps only stand still at the others.
    has_gradient = np.isfinite(gradients.values).mean(axis=0) >= _MIN_GRADIENT_SHARE
    medians = np.where(has_gradient, gradients.medians(), 0.0)
    pull = dict(zip(gradients.names, medians, strict=True))
    # A bias before a batch normalisation has no gradient but rounding errors.
    rounding = _ROUNDING * largest(medians)
    names = tuple(
        name
        for name, still in zip(ratios.names, is_still, strict=True)
        if still and pull.get(name, 0.0) > rounding
    )
    if not names:
        return None
    many = len(names) > 1
    resting = [rate for rate in evidence.rates if _was_zero(rate, ratios.steps)]
    if any(rate.values[-1] > 0 for rate in resting):
        return None  # a group that moves from now on
    why = (
        f"the learning rate of parameter group {resting[0].name} is 0"
        if resting
        else "their steps are too small for the precision of their numbers"
        if many
        else "its steps are too small for the precision of its numbers"
    )
    subject = enumerated(names, "parameter")
    return RuleMatch(
        f"{subject[0].upper()}{subject[1:]} {'do' if many else 'does'} not move although "
        f"{'they have gradients' if many else 'it has a gradient'}, while others do: {why}.",
        (int(ratios.steps[0]), int(ratios.steps[-1])),
        names[:8],
        (f"update_ratio/{names[0]}", *(f"lr/{rate.name}" for rate in evidence.rates)),
    )


def _was_zero(rate: Curve, steps: NDArray[np.int64]) -> bool:
    """Return whether a learning rate was 0 at all of some steps."""
    known = np.isin(rate.steps, steps)
    return bool(known.any() and (rate.values[known] == 0).all())


def _equal_units(evidence: Evidence) -> RuleMatch | None:
    gradients = evidence.table("grad_norm")
    if gradients is None or evidence.steps < _MIN_STEPS_EQUAL:
        return None
    known = dict(zip(gradients.names, gradients.newest()[0], strict=True))
    names = tuple(
        name
        for name, step in evidence.observed.equal_units.items()
        if step >= _MIN_STEPS_EQUAL and np.isfinite(known.get(name, np.nan))
    )
    if not names:
        return None
    weights = evidence.table("weight_norm")
    norms = dict(zip(weights.names, weights.newest()[0], strict=True)) if weights else {}
    value = "0" if all(norms.get(name) == 0 for name in names) else "the same"
    subject = enumerated(names, "parameter")
    return RuleMatch(
        f"All units of a layer are equal, and stay so: the rows of {subject} are {value} "
        f"after {evidence.steps:,} steps. The layer has the power of a single unit.",
        (1, evidence.steps),
        names[:8],
    )


RULES = (
    Rule(
        id="no-step",
        severity="error",
        certainty="certain",
        about_standstill=True,
        cause="The optimizer holds other parameters than this model's (those of a copy, or of a "
        "model that was replaced), or the condition for optimizer.step() is never true.",
        advice=(
            "Make the optimizer after the model, with the parameters of this very model.",
            "Look at the condition under which optimizer.step() is called.",
        ),
        match=_no_step,
        chapter="06_training_loop",
        explained_by=("updates-skipped", "labels-out-of-range"),
    ),
    Rule(
        id="not-registered",
        severity="error",
        certainty="certain",
        cause="A layer is made anew in forward, layers are in a plain Python list or dictionary, "
        "where the model does not find them, or an attribute is a tensor with requires_grad.",
        advice=(
            "Make layers in __init__ and assign them to attributes.",
            "Use nn.ModuleList, nn.ModuleDict or nn.ParameterList instead of a list or dictionary.",
            "Make a tensor that is learned an nn.Parameter.",
        ),
        match=_unregistered,
        chapter="06_training_loop",
    ),
    Rule(
        id="weights-not-moving",
        severity="warning",
        about_standstill=True,
        cause="A parameter group has a learning rate of 0, or the weights are in half precision, "
        "where a step of less than a few thousandths of a weight is lost.",
        advice=(
            "Print group['lr'] of every group in optimizer.param_groups.",
            "Keep the weights in float32, and use torch.autocast for the computation.",
        ),
        match=_not_moving,
        chapter="03_linear_regression",
        explained_by=(
            "loss-not-finite",
            "vanishing-gradients",
            "vanishing-in-time",
            "learning-rate-too-low",
            "rate-decayed",
            "clipped-to-nothing",
        ),
    ),
    Rule(
        id="equal-units",
        severity="warning",
        cause="The weights were all initialised with 0, or with another constant: units that begin "
        "equal get equal gradients.",
        advice=(
            "Leave the initialisation to PyTorch, or use torch.nn.init.kaiming_uniform_.",
            "Only biases and the scales of normalisation layers can begin with a constant.",
        ),
        match=_equal_units,
        chapter="03_linear_regression",
        explained_by=("no-change", "loss-not-finite"),
    ),
)
