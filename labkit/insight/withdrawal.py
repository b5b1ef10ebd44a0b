"""Whether a finding is kept that its rule no longer detects, and what is said if it is not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labkit.insight.evidence import Evidence
from labkit.run.finding import Finding

_RETURNED = 10.0
"""Factor of growth of a gradient norm above which a layer learns again."""
_FALLEN = 0.1
"""Relative decrease of the loss since the finding that counts as learning."""
_FALLING = 0.02
"""Relative decrease of the loss from the first to the last third of the steps since."""
_STANDARD_ERRORS = 4.0
"""The same, as a multiple of the standard error of the difference."""
_POINTS = 10


def is_contradicted(finding: Finding, evidence: Evidence) -> bool:
    """Return whether layers that had stopped learning learn again.

    They do if the loss has fallen since the finding, or the gradient of one of them is larger than
    it was. That their gradients are no longer read, or that nothing moves, is no contradiction.
    """
    return _loss_has_fallen(finding, evidence) or any(
        _has_returned(name, finding, evidence) for name in _gradients(finding, evidence)
    )


def describe_change(finding: Finding, evidence: Evidence) -> str:
    """Return why a finding is withdrawn, with the values of its series then and now.

    Examples
    --------
    >>> from labkit.run import Run
    >>> run = Run("demo")
    >>> table = run.add_table("loss", "loss", ["loss"])
    >>> for step, loss in enumerate([2.5, 2.5, 0.5], start=1):
    ...     table.append(step, loss)
    >>> finding = Finding("plateau", "warning", "", (), (1, 2), "", (), series=("loss",))
    >>> describe_change(finding, Evidence(run))
    'no longer holds: loss was 2.5 at step 2 and is 0.5 at step 3'
    """
    for name in finding.series:
        steps, values = _points(name, evidence)
        then = steps <= finding.steps[1]
        if then.any() and not then.all():
            before, was = int(steps[then][-1]), float(values[then][-1])
            now, value = int(steps[-1]), float(values[-1])
            return (
                f"no longer holds: {name} was {was:.3g} at step {before:,} and is {value:.3g} at "
                f"step {now:,}"
            )
    return "no longer holds"


def _loss_has_fallen(finding: Finding, evidence: Evidence) -> bool:
    """Return whether the loss has fallen; True if there are several, as none is the loss."""
    curve = evidence.loss
    if curve is None:
        return len(evidence.losses) > 1
    finite = np.isfinite(curve.values)
    steps, values = curve.steps[finite], curve.values[finite]
    before, after = values[steps <= finding.steps[1]], values[steps > finding.steps[1]]
    if not len(before) or not len(after):
        return False
    was, now = float(np.median(before[-_POINTS:])), float(np.median(after[-_POINTS:]))
    return was - now > _FALLEN * abs(was) or _is_falling(after)


def _is_falling(losses: NDArray[np.float32]) -> bool:
    """Return whether losses fall by more than their noise, after a first drop or without one."""
    third = len(losses) // 3
    if third < _POINTS:
        return False
    first, last = losses[:third].astype(np.float64), losses[-third:].astype(np.float64)
    was, now = float(np.mean(first)), float(np.mean(last))
    error = float(np.sqrt((np.var(first) + np.var(last)) / third))
    return was - now > max(_FALLING * abs(was), _STANDARD_ERRORS * error)


def _gradients(finding: Finding, evidence: Evidence) -> list[str]:
    """Return the series of gradient norms of the parameters or modules of a finding."""
    table = evidence.table("grad_norm")
    return [
        f"grad_norm/{name}"
        for name in (() if table is None else table.names)
        if any(name == place or name.startswith(f"{place}.") for place in finding.where if place)
    ]


def _has_returned(series: str, finding: Finding, evidence: Evidence) -> bool:
    steps, values = _points(series, evidence)
    first, last = finding.steps
    before, after = values[(steps >= first) & (steps <= last)], values[steps > last][-_POINTS:]
    if not len(before) or not len(after):
        return False
    return float(np.median(after)) > _RETURNED * float(np.median(before))


def _points(name: str, evidence: Evidence) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the finite points of a series; none if there is no such series."""
    try:
        steps, values = evidence.run.series(name)
    except KeyError:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    finite = np.isfinite(values)
    return steps[finite], values[finite]
