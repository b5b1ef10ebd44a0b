"""Rules about the size of the gradients: exploding, vanishing with depth, vanishing in time."""

from __future__ import annotations

import math

import numpy as np

from labkit.insight.evidence import Evidence
from labkit.insight.recent_rows import RecentRows, largest, medians
from labkit.insight.rule import Rule, RuleMatch, enumerated
from labkit.run.activations import Picture

_MIN_ROWS = 3
_EXPLODED_GROWTH = 100.0
"""Factor of growth of the total gradient norm."""
_EXPLODED_RATIO = 1e3
"""Total gradient norm over total weight norm."""
_VANISHED_RATIO = 1e-5
"""Gradient of the first layers over that of the last layers, per element."""
_VANISHED_IN_TIME = 1e-5
"""Gradient at the first time step over the largest one."""
_MIN_STRENGTH = 0.01
"""Gradient of the last layers, relative to its maximum, below which a row is ignored."""
_MIN_LAYERS = 4
_MIN_TIME_STEPS = 8
_PROGRESS = 0.8
"""Final loss over initial loss, below which the model learns."""


def _exploding(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    first = evidence.first_values("grad_norm")
    if table is None or first is None or len(table) < _MIN_ROWS:
        return None
    recent = table.recent(max(_MIN_ROWS, len(table) // 4))
    not_finite = _not_finite(evidence, recent)
    if not_finite and _loss_was_finite(evidence, not_finite[0][0]):
        step, _, name = not_finite[0]
        return RuleMatch(
            f"The gradient of {name} is not finite at step {step:,}.",
            (step, max(step, int(recent.steps[-1]))),
            tuple(dict.fromkeys(name for _, _, name in not_finite))[:8],
            (f"grad_norm/{name}", f"grad_not_finite/{name}"),
        )
    before = float(np.sqrt(np.nansum(np.square(first.astype(np.float64)))))
    now = float(np.median(recent.row_norms()))
    weights = evidence.table("weight_norm")
    size = weights.norm_of_medians() if weights is not None else math.nan
    # The ratios are defined only if the first gradients, or the weights, are not zero.
    grown = before > 0 and now > _EXPLODED_GROWTH * before and now > size
    if not grown and not (size > 0 and now > _EXPLODED_RATIO * size):
        return None
    norms = recent.medians()
    if np.isnan(norms).all():
        return None
    worst = int(np.nanargmax(norms))
    against = f", {now / size:,.3g} times that of all weights together" if size > 0 else ""
    return RuleMatch(
        f"The gradients explode: their norm was {before:.3g} at first and is {now:.3g} now"
        f"{against}. {table.names[worst]} has the largest.",
        (int(recent.steps[0]), int(recent.steps[-1])),
        (table.names[worst],),
        (f"grad_norm/{table.names[worst]}",),
    )


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


def _loss_was_finite(evidence: Evidence, step: int) -> bool:
    """Return whether all losses were finite up to a step."""
    return all(np.isfinite(curve.values[curve.steps <= step]).all() for curve in evidence.losses)


def _vanishing(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    if table is None or len(table) < _MIN_ROWS:
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
    if not len(relevant) or not largest(strongest_last) > 0 or _learns(evidence):
        return None
    strength = medians(relevant)
    strongest = largest(strength[last])
    vanished = np.flatnonzero(strength[: len(strength) // 2] < _VANISHED_RATIO * strongest)
    if not len(vanished):
        return None
    names = tuple(weights.names[column] for column in vanished)
    weakest = float(strength[vanished].min())
    ratio = f"{strongest / weakest:.0e}" if weakest > 0 else "infinitely many"
    return RuleMatch(
        f"The gradient vanishes on its way back: an element of {names[0]} gets {ratio} times less "
        f"than one of {weights.names[-1]}, so {enumerated(names, 'parameter')} hardly learn.",
        (int(weights.steps[0]), int(weights.steps[-1])),
        names[:8],
        tuple(f"grad_norm/{name}" for name in (names[0], weights.names[-1])),
    )


def _vanishing_in_time(evidence: Evidence) -> RuleMatch | None:
    log = evidence.run.activations
    if _learns(evidence):
        return None
    for module, kind in log.subjects():
        steps = log.steps(module, kind) if kind == "time_gradient" else ()
        if len(steps) < _MIN_ROWS:
            continue
        recent = [log.at(module, "time_gradient", step) for step in steps[-_MIN_ROWS:]]
        shares = [_first_over_strongest(picture) for picture in recent if picture is not None]
        if shares and max(shares) < _VANISHED_IN_TIME:
            newest = recent[-1]
            times = newest.values.shape[-1] if newest is not None else 0
            return RuleMatch(
                f"The gradient vanishes through time in {module or 'the model'}: the state at the "
                f"first of {times} time steps gets {shares[-1]:.0e} of what the strongest gets, so "
                "what happened early cannot be learned.",
                (steps[-_MIN_ROWS], steps[-1]),
                (module,),
            )
    return None


def _first_over_strongest(picture: Picture) -> float:
    """Return the gradient at the first time step over the largest one; 1 for short sequences."""
    norms = picture.values[-1, 0]  # (n_time_steps,)
    if len(norms) < _MIN_TIME_STEPS or not np.isfinite(norms).all() or not norms.max() > 0:
        return 1.0
    return float(norms[0] / norms.max())


def _learns(evidence: Evidence) -> bool:
    """Return whether the loss has fallen well below its initial value."""
    curve = evidence.loss
    return curve is not None and curve.final() < _PROGRESS * curve.initial()


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
    Rule(
        id="vanishing-in-time",
        severity="warning",
        about_stopped_layers=True,
        cause="A recurrent layer multiplies the gradient by its recurrent weights at each time "
        "step, and tanh makes it smaller still.",
        advice=(
            (
                "Use an LSTM or a GRU instead of a plain RNN; if it is one, begin with its gates "
                "open (a bias of 1 to 3 for the forget gate of an LSTM, the update gate of a GRU)."
            ),
            "Begin with recurrent weights that are orthogonal (torch.nn.init.orthogonal_).",
            "Shorten the sequences, or put what matters nearer to their end.",
        ),
        match=_vanishing_in_time,
        chapter="09_rnn",
        explained_by=("loss-not-finite", "no-change"),
    ),
)
