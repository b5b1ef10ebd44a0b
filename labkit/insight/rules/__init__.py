"""The rules of labkit, grouped by the data that they evaluate."""

from labkit.insight.rule import Rule
from labkit.insight.rules import (
    activations,
    data_loading,
    gradient_handling,
    gradients,
    inputs_and_modes,
    learning_rate,
    loss,
    loss_inputs,
    mixed_precision,
    parameters,
    step_sizes,
)

RULES: tuple[Rule, ...] = (
    *loss.RULES,
    *gradients.RULES,
    *gradient_handling.RULES,
    *parameters.RULES,
    *activations.RULES,
    *learning_rate.RULES,
    *step_sizes.RULES,
    *loss_inputs.RULES,
    *inputs_and_modes.RULES,
    *data_loading.RULES,
    *mixed_precision.RULES,
)
"""All rules, in the order in which findings of equal severity are reported."""
