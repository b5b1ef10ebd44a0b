"""Whether the training of a run has come to its end, judged without the scale of its loss."""

from __future__ import annotations

import numpy as np

from labkit.insight.evidence import Evidence

_MIN_FALL = 0.05
"""Fall of a loss over its initial value."""
_WELL_BELOW = 0.2
"""Fall of a loss over its initial value, above which the model learns."""
_USUAL_PATH = 0.1
"""Sum of the usual update ratios, 0.001, of 100 steps."""
_MIN_GAIN = 0.02
"""Fall of the loss along that path, relative to its value, below which training has converged."""
_LEARNED = 0.5
"""Loss over the loss of guessing, below which the model has learned."""


def has_fallen(evidence: Evidence) -> bool:
    """Return whether the loss has fallen, so that nothing may be left to change."""
    curve = evidence.loss
    if curve is None:
        return False
    first = curve.initial(1)
    return first - curve.final() > _MIN_FALL * abs(first)


def learns(evidence: Evidence) -> bool:
    """Return whether the loss has fallen well below its initial value."""
    curve = evidence.loss
    if curve is None:
        return False
    return curve.initial() - curve.final() > _WELL_BELOW * abs(curve.initial())


def has_converged(evidence: Evidence) -> bool:
    """Return whether there is little left to gain: by the loss of guessing, or by the gradients.

    The product of gradient and weight norms is the largest change of the loss per relative change
    of the weights. It depends neither on the scale of the weights nor on a factor of the loss, when
    divided by the loss.
    """
    curve, form = evidence.loss, evidence.loss_form
    if curve is None:
        return False
    loss = abs(curve.final())
    if form is not None and form.guessing is not None and loss < _LEARNED * form.guessing:
        return True
    gradients, weights = evidence.table("grad_norm"), evidence.table("weight_norm")
    if gradients is None or weights is None or not len(gradients) or not len(weights):
        return False
    slopes = dict(zip(gradients.names, gradients.medians().tolist(), strict=True))
    sizes = dict(zip(weights.names, weights.medians().tolist(), strict=True))
    products = [slopes[name] * sizes[name] for name in slopes.keys() & sizes.keys()]
    gain = _USUAL_PATH * sum(each for each in products if np.isfinite(each))
    return bool(gain < _MIN_GAIN * loss)
