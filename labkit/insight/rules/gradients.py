"""What the gradients say: exploding, vanishing, missing, and never cleared."""

from __future__ import annotations

import math

import numpy as np

from labkit.insight.evidence import Evidence, RecentRows, largest, medians
from labkit.insight.rule import Rule, RuleMatch, counted
from labkit.run.activations import Picture

_MIN_ROWS = 3
_GROWTH = 100.0
_HUGE_AGAINST_WEIGHTS = 1e3
_FAINT = 1e-5
"""Gradient of the first layers over that of the last, an element each, that counts as vanished."""
_FAINT_IN_TIME = 1e-5
_TELLING = 0.01
_MIN_LAYERS = 4
_MIN_TIMES = 8
_MIN_CHECKS = 3
_MIN_STEPS = 10
_ALMOST_ALWAYS = 0.9
_PROGRESS = 0.8


def _exploding(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    early = evidence.early("grad_norm")
    if table is None or early is None or len(table) < _MIN_ROWS:
        return None
    recent = table.recent(max(_MIN_ROWS, len(table) // 4))
    bad = _not_finite(evidence, recent)
    if bad and _loss_was_finite(evidence, bad[0][0]):
        step, _, name = bad[0]
        return RuleMatch(
            f"The gradient of {name} is not finite at step {step:,}.",
            (step, max(step, int(recent.steps[-1]))),
            tuple(dict.fromkeys(name for _, _, name in bad))[:8],
            (f"grad_norm/{name}", f"grad_not_finite/{name}"),
        )
    before = float(np.sqrt(np.nansum(np.square(early.astype(np.float64)))))
    now = float(np.median(recent.totals()))
    weights = evidence.table("weight_norm")
    size = weights.size() if weights is not None else math.nan
    # What was 0 at first has not grown by a factor, and next to weights of 0 nothing is huge.
    grown = before > 0 and now > _GROWTH * before and now > size
    if not grown and not (size > 0 and now > _HUGE_AGAINST_WEIGHTS * size):
        return None
    strengths = recent.medians()
    if np.isnan(strengths).all():
        return None
    worst = int(np.nanargmax(strengths))
    against = f", {now / size:,.3g} times that of all weights together" if size > 0 else ""
    return RuleMatch(
        f"The gradients explode: their norm was {before:.3g} at first and is {now:.3g} now"
        f"{against}. {table.names[worst]} has the largest.",
        (int(recent.steps[0]), int(recent.steps[-1])),
        (table.names[worst],),
        (f"grad_norm/{table.names[worst]}",),
    )


def _not_finite(evidence: Evidence, recent: RecentRows) -> list[tuple[int, int, str]]:
    """Return at which steps whose gradients were not finite, as (step, column, parameter), rising.

    NaN says that nothing was read; the norm of a gradient that holds NaN is recorded as infinite.
    """
    lately = recent.steps[:1]
    signs = [(recent, np.isinf(recent.values))]
    parts = evidence.table("grad_not_finite")
    if parts is not None:
        signs.append((parts, (parts.values > 0) & (parts.steps >= lately)[:, None]))
    return sorted(
        (int(table.steps[row]), int(column), table.names[column])
        for table, bad in signs
        for row, column in np.argwhere(bad)
    )


def _loss_was_finite(evidence: Evidence, step: int) -> bool:
    """Return whether the loss was finite still when the first gradient was not."""
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
    ends = np.fmax.reduce(strengths[:, last], axis=1)
    # Where the last layers have nothing left to learn, rounding is all that comes back.
    telling = strengths[ends > _TELLING * largest(ends)]
    if not len(telling) or not largest(ends) > 0 or _learns(evidence):
        return None
    strength = medians(telling)
    strongest = largest(strength[last])
    faint = np.flatnonzero(strength[: len(strength) // 2] < _FAINT * strongest)
    if not len(faint):
        return None
    names = tuple(weights.names[place] for place in faint)
    weakest = float(strength[faint].min())
    ratio = f"{strongest / weakest:.0e}" if weakest > 0 else "infinitely many"
    return RuleMatch(
        f"The gradient vanishes on its way back: an element of {names[0]} gets {ratio} times less "
        f"than one of {weights.names[-1]}, so {counted(names, 'parameter')} hardly learn.",
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
        if shares and max(shares) < _FAINT_IN_TIME:
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
    """Return the gradient at the first time step over the largest; 1 for short sequences."""
    times = picture.values[-1, 0]
    if len(times) < _MIN_TIMES or not np.isfinite(times).all() or not times.max() > 0:
        return 1.0
    return float(times[0] / times.max())


def _learns(evidence: Evidence) -> bool:
    """Return whether the loss has fallen well below what it began with."""
    curve = evidence.loss
    return curve is not None and curve.last() < _PROGRESS * curve.first()


def _no_gradient(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    if table is None or len(table) < _MIN_STEPS:
        return None
    # Parts that are used in turn, as experts are, have a gradient at other steps.
    names = tuple(
        name
        for name in evidence.observed.without_gradient
        if not evidence.has_points(f"grad_norm/{name}")
    )
    if not names:
        return None
    called = evidence.called
    home = names[0].rpartition(".")[0]
    in_graph = names[0] in evidence.shapes
    if in_graph:
        why = "it is in the graph, but its gradient was taken away again before the step"
    elif home in called:
        why = f"{home or 'the model'} was called, but what came of this parameter did not go on to "
        why += "the loss: detached, computed under no_grad, or not used"
    else:
        why = f"nothing that {home or 'the model'} computes reaches the loss"
    return RuleMatch(
        f"{_verb(names)} no gradient although an optimizer holds "
        f"{'them' if len(names) > 1 else 'it'}: {why}.",
        (int(table.steps[0]), int(table.steps[-1])),
        names[:8],
    )


def _verb(names: tuple[str, ...]) -> str:
    words = counted(names, "parameter")
    return f"{words[0].upper()}{words[1:]} {'get' if len(names) > 1 else 'gets'}"


def _unheld(evidence: Evidence) -> RuleMatch | None:
    names = evidence.observed.without_optimizer
    if not names or evidence.steps < _MIN_STEPS:
        return None
    return RuleMatch(
        f"{_verb(names).removesuffix('get').removesuffix('gets')}"
        f"{'have' if len(names) > 1 else 'has'} a gradient, but no optimizer moves "
        f"{'them' if len(names) > 1 else 'it'}.",
        (1, max(1, evidence.steps)),
        names[:8],
    )


def _uncleared(evidence: Evidence) -> RuleMatch | None:
    seen = evidence.observed.stale_gradients
    if seen.checks < _MIN_CHECKS or seen.share < _ALMOST_ALWAYS:
        return None
    return RuleMatch(
        "The gradients are never cleared: each step adds to those of all steps before, so the "
        f"weights are moved by a sum over the whole run (seen at {seen.seen} of {seen.checks} "
        "steps looked at).",
        (1, evidence.steps),
    )


RULES = (
    Rule(
        id="gradients-not-cleared",
        severity="error",
        cause="optimizer.zero_grad() is missing from the loop, or is called between backward and "
        "step of another loop.",
        advice=("Call optimizer.zero_grad() in every step, before loss.backward().",),
        match=_uncleared,
        chapter="02_autograd",
    ),
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
    Rule(
        id="no-gradient",
        severity="warning",
        cause="The parameter's layer is not used, or its result is cut off from the loss by "
        "detach, no_grad, item, numpy, argmax or a comparison.",
        advice=(
            "Look in the graph for where the path from the parameter to the loss ends.",
            (
                "If it is meant to stay as it is, set requires_grad to False and leave it out of "
                "the optimizer."
            ),
        ),
        match=_no_gradient,
        chapter="02_autograd",
    ),
    Rule(
        id="not-in-optimizer",
        severity="warning",
        cause="The optimizer was made before this layer was added or replaced, or was given only "
        "part of the model's parameters.",
        advice=(
            "Make the optimizer after the model is complete, with model.parameters().",
            (
                "If the layer is meant to stay as it is, set requires_grad to False: its gradient "
                "costs time."
            ),
        ),
        match=_unheld,
        chapter="03_linear_regression",
    ),
)
