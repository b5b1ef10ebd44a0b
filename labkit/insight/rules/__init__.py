"""The rules of labkit, grouped by the data that they evaluate."""

from labkit.insight.rule import Rule
from labkit.insight.rules import (
    activations,
    data_loading,
    gradient_handling,
    gradients,
    gradients_in_time,
    inputs_and_modes,
    learning_rate,
    loss,
    loss_inputs,
    mixed_precision,
    parameters,
    step_sizes,
    weight_decay,
)

RULES: tuple[Rule, ...] = (
    *loss.RULES,
    *gradients.RULES,
    *gradients_in_time.RULES,
    *gradient_handling.RULES,
    *parameters.RULES,
    *activations.RULES,
    *learning_rate.RULES,
    *weight_decay.RULES,
    *step_sizes.RULES,
    *loss_inputs.RULES,
    *inputs_and_modes.RULES,
    *data_loading.RULES,
    *mixed_precision.RULES,
)
"""All rules, in the order in which findings of equal severity and certainty are reported."""
