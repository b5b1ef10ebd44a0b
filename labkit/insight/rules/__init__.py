"""Every rule, one function each, by what it looks at."""

from labkit.insight.rule import Rule
from labkit.insight.rules import (
    activations,
    data_loading,
    gradients,
    inputs_and_modes,
    learning_rate,
    loss,
    mixed_precision,
)

RULES: tuple[Rule, ...] = (
    *loss.RULES,
    *gradients.RULES,
    *activations.RULES,
    *learning_rate.RULES,
    *inputs_and_modes.RULES,
    *data_loading.RULES,
    *mixed_precision.RULES,
)
"""All rules, in the order in which equally grave findings are told."""
