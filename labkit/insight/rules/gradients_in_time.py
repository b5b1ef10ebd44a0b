"""Rule about gradients that vanish on their way back through time, and those that explode."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from labkit.insight.convergence import learns
from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch
from labkit.run.activations import Picture

_MIN_ROWS = 3
_EXPLODED_IN_TIME = 1e4
"""Gradient at the first time step over that at the last one."""
_VANISHED_IN_TIME = 1e-5
"""Gradient at the first time step over the largest one."""
_MIN_TIME_STEPS = 8
_MIN_STEPS_IN_TIME = 100


def exploding_in_time(evidence: Evidence) -> RuleMatch | None:
    """Match a recurrent layer that multiplies the gradient on its way back through time."""
    for module, pictures, steps in _newest_time_gradients(evidence):
        growths = [_first_over_last(picture) for picture in pictures]
        if min(growths) > _EXPLODED_IN_TIME:
            return RuleMatch(
                f"The gradients explode through time in {module or 'the model'}: the state at the "
                f"first of {pictures[-1].values.shape[-1]} time steps gets {growths[-1]:.0e} times "
                "the gradient of the last one.",
                steps,
                (module,),
            )
    return None


def _vanishing_in_time(evidence: Evidence) -> RuleMatch | None:
    if evidence.steps < _MIN_STEPS_IN_TIME or learns(evidence):
        return None
    for module, pictures, steps in _newest_time_gradients(evidence):
        shares = [_first_over_strongest(picture) for picture in pictures]
        if max(shares) < _VANISHED_IN_TIME:
            return RuleMatch(
                f"The gradient vanishes through time in {module or 'the model'}: the state at the "
                f"first of {pictures[-1].values.shape[-1]} time steps gets "
                f"{f'{shares[-1]:.0e}' if shares[-1] > 0 else 'nothing'} of what the strongest "
                "gets, so what happened early cannot be learned.",
                steps,
                (module,),
            )
    return None


def _newest_time_gradients(
    evidence: Evidence,
) -> Iterator[tuple[str, list[Picture], tuple[int, int]]]:
    """Yield each recurrent module with its newest gradients over time, and their steps."""
    log = evidence.run.activations
    for module, kind in log.subjects():
        steps = log.steps(module, kind) if kind == "time_gradient" else ()
        if len(steps) < _MIN_ROWS:
            continue
        recent = [log.at(module, kind, step) for step in steps[-_MIN_ROWS:]]
        pictures = [picture for picture in recent if picture is not None]
        if pictures:
            yield module, pictures, (steps[-_MIN_ROWS], steps[-1])


def _first_over_strongest(picture: Picture) -> float:
    """Return the gradient at the first time step over the largest one; 1 for short sequences."""
    norms = picture.values[-1, 0]  # (n_time_steps,)
    if len(norms) < _MIN_TIME_STEPS or not np.isfinite(norms).all() or not norms.max() > 0:
        return 1.0
    return float(norms[0] / norms.max())


def _first_over_last(picture: Picture) -> float:
    """Return the gradient at the first time step over that at the last; 1 for short sequences."""
    norms = picture.values[-1, 0]  # (n_time_steps,)
    if len(norms) < _MIN_TIME_STEPS or not np.isfinite(norms).all() or not norms[-1] > 0:
        return 1.0
    return float(norms[0] / norms[-1])


RULES = (
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
