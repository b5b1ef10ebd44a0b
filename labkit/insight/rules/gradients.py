"""Rules about the size of the gradients: exploding, vanishing with depth."""

from __future__ import annotations

import math

import numpy as np

from labkit.insight.convergence import has_converged, learns
from labkit.insight.curves import Curve
from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import RecentRows, largest, medians
from labkit.insight.rule import Rule, RuleMatch, enumerated
from labkit.insight.rules.gradients_in_time import exploding_in_time

_MIN_ROWS = 3
_EXPLODED_GROWTH = 100.0
"""Growth of the total gradient norm beyond that of the loss."""
_RISEN = 2.0
"""Size of one of several losses at the end over that at the start, above which it has risen."""
_EXPLODED_WITH_DEPTH = 1e4
"""Gradient at the output of an early layer over that at the output of the last one."""
_VANISHED_RATIO = 1e-5
"""Gradient of the first layers over that of the last layers, per element."""
_MIN_STRENGTH = 0.01
"""Gradient of the last layers, relative to its maximum, below which a row is ignored."""
_MIN_LAYERS = 4
_MIN_STEPS = 30
"""Steps before which gradients say little of a loop.

Layers that begin at zero, or a warm-up from a rate of 0, stop them. With a high rate of Adam they
grow with the weights by a factor of 1,000 in some steps before the loss falls.
"""


def _exploding(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    if table is None or len(table) < _MIN_ROWS:
        return None
    recent = table.recent(max(_MIN_ROWS, len(table) // 4))
    not_finite = _not_finite(evidence, recent)
    if not_finite and _loss_was_finite(evidence, not_finite[0][0]):
        step, _, name = not_finite[0]
        return RuleMatch(
            f"{_what_is_not_finite(evidence, name)} at step {step:,}.",
            (step, max(step, int(recent.steps[-1]))),
            tuple(dict.fromkeys(name for _, _, name in not_finite))[:8],
            (f"grad_norm/{name}", f"grad_not_finite/{name}"),
        )
    return (
        _exploding_with_depth(evidence)
        or exploding_in_time(evidence)
        or _growing(evidence, table, recent)
    )


def _exploding_with_depth(evidence: Evidence) -> RuleMatch | None:
    """Match layers that multiply the gradient on its way back.

    The ratio of two gradients of the same pass does not depend on a factor of the loss.
    """
    table, graph = evidence.table("act_grad"), evidence.graph
    if table is None or graph is None or len(table) < _MIN_ROWS:
        return None
    columns = {name: column for column, name in enumerate(table.names)}
    order = [path for path in dict.fromkeys(m.path for m in graph.modules) if path in columns]
    if len(order) < _MIN_LAYERS:
        return None
    norms = medians(table.recent(_MIN_ROWS).values)[[columns[path] for path in order]]
    early, late = norms[: len(norms) // 2], norms[-max(1, len(norms) // 4) :]
    strongest, last = largest(early), largest(late)
    if not (last > 0 and strongest > _EXPLODED_WITH_DEPTH * last):
        return None
    first = order[int(np.nanargmax(early))]
    return RuleMatch(
        f"The gradients explode on their way back through the layers: at the output of {first} the "
        f"gradient is {strongest / last:.0e} times that at the outputs of the last layers.",
        (int(table.steps[0]), int(table.steps[-1])),
        (first,),
        (f"act_grad/{first}", f"act_grad/{order[-1]}"),
    )


def _growing(evidence: Evidence, table: RecentRows, recent: RecentRows) -> RuleMatch | None:
    """Match gradients that have grown without use: more than the losses, and none falls.

    The norm itself says little: it is proportional to any factor of the loss. Of several losses,
    which may be those of adversaries, one must have risen as well.
    """
    first = evidence.first_values("grad_norm")
    if first is None or recent.steps[-1] < _MIN_STEPS or has_converged(evidence):
        return None
    early = table.row_norms()[: max(1, len(table) // 8)]
    before = max(float(np.sqrt(np.nansum(np.square(first.astype(np.float64))))), float(early.max()))
    now = float(np.median(recent.row_norms()))
    losses = [curve for curve in evidence.losses if len(curve.finite)]
    if len(losses) == 1 and losses[0].is_falling(0.0):
        return None
    rise = max([1.0, *map(_rise, losses)])
    if len(losses) > 1 and rise < _RISEN:
        return None
    norms = recent.medians()
    if not (before > 0 and now > _EXPLODED_GROWTH * rise * before) or np.isnan(norms).all():
        return None
    worst = table.names[int(np.nanargmax(norms))]
    meanwhile = ("", ", while the loss does not fall", ", while a loss rises")[min(2, len(losses))]
    return RuleMatch(
        f"The gradients explode: their norm was {before:.3g} at first and is {now:.3g} "
        f"now{meanwhile}. {worst} has the largest.",
        (int(recent.steps[0]), int(recent.steps[-1])),
        (worst,),
        (f"grad_norm/{worst}",),
    )


def _rise(loss: Curve) -> float:
    """Return the size of a loss at the end over that at the start; 1 if it began at zero."""
    start, end = abs(loss.initial()), abs(loss.final())
    return end / start if start > 0 else 1.0


def _not_finite(evidence: Evidence, recent: RecentRows) -> list[tuple[int, int, str]]:
    """Return the non-finite gradients as (step, column, parameter), sorted.

    In the table NaN means "not read"; the norm of a gradient that contains NaN is infinite.
    """
    signs = [(recent, np.isinf(recent.values))]
    counts = evidence.table("grad_not_finite")
    if counts is not None:
        signs.append((counts, (counts.values > 0) & (counts.steps >= recent.steps[:1])[:, None]))
    return sorted(
        (int(table.steps[row]), int(column), table.names[column])
        for table, not_finite in signs
        for row, column in np.argwhere(not_finite)
    )


def _what_is_not_finite(evidence: Evidence, name: str) -> str:
    """Return the beginning of a sentence: a norm is infinite above 1e19, too, where squares are."""
    counts = evidence.table("grad_not_finite")
    if counts is None or name not in counts.names:
        return f"The norm of the gradient of {name} is not finite"
    newest = counts.newest()[0][counts.names.index(name)]
    if newest == 0:
        return f"The gradient of {name} is so large that the sum of its squares is not finite"
    return f"The gradient of {name} is not finite"


def _loss_was_finite(evidence: Evidence, step: int) -> bool:
    """Return whether all losses were finite up to a step."""
    return all(np.isfinite(curve.values[curve.steps <= step]).all() for curve in evidence.losses)


def _vanishing(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    if table is None or len(table) < _MIN_ROWS or evidence.steps < _MIN_STEPS:
        return None
    weights = table.only(evidence.matrices)
    if len(weights.names) < _MIN_LAYERS:
        return None
    sizes = np.array([max(1, math.prod(evidence.shapes[name])) for name in weights.names])
    strengths = weights.values / np.sqrt(sizes, dtype=np.float32)  # (row, parameter)
    last = slice(-max(1, len(sizes) // 4), None)
    strongest_last = np.fmax.reduce(strengths[:, last], axis=1)
    # If the gradient of the last layers is close to zero, that of the first ones is rounding error.
    relevant = strengths[strongest_last > _MIN_STRENGTH * largest(strongest_last)]
    if not len(relevant) or not largest(strongest_last) > 0 or learns(evidence):
        return None
    strength = medians(relevant)
    strongest = largest(strength[last])
    vanished = np.flatnonzero(strength[: len(strength) // 2] < _VANISHED_RATIO * strongest)
    if not len(vanished):
        return None
    names = tuple(weights.names[column] for column in vanished)
    weakest = float(strength[vanished].min())
    share = f"{strongest / weakest:.0e} times less than" if weakest > 0 else "nothing, unlike"
    return RuleMatch(
        f"The gradient vanishes on its way back: an element of {names[0]} gets {share} "
        f"one of {weights.names[-1]}, so {enumerated(names, 'parameter')} hardly "
        f"{'learn' if len(names) > 1 else 'learns'}.",
        (int(weights.steps[0]), int(weights.steps[-1])),
        names[:8],
        tuple(f"grad_norm/{name}" for name in (names[0], weights.names[-1])),
    )


RULES = (
    Rule(
        id="exploding-gradients",
        severity="error",
        cause="A learning rate that is too large, a deep or recurrent network that multiplies its "
        "gradient at each layer or time step, or an operation with an infinite slope.",
        advice=(
            (
                "Clip the gradients: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0) "
                "between backward and step."
            ),
            "Lower the learning rate, or let it rise slowly at the beginning (warm-up).",
            "Use normalisation layers or smaller initial weights.",
        ),
        match=_exploding,
        chapter="03_linear_regression",
        explained_by=("gradients-not-cleared", "loss-not-finite"),
    ),
    Rule(
        id="vanishing-gradients",
        severity="warning",
        about_stopped_layers=True,
        cause="Each layer multiplies the gradient by something small: sigmoid and tanh by at most "
        "1/4 and 1, small weights by their size.",
        advice=(
            "Use ReLU-like activations, residual connections or normalisation layers.",
            (
                "Initialise for the activation used: torch.nn.init.xavier_uniform_ for tanh and "
                "sigmoid, kaiming_normal_ for ReLU."
            ),
        ),
        match=_vanishing,
        chapter="02_autograd",
        explained_by=("loss-not-finite", "no-change"),
    ),
)
