"""Every rule, one function each, by what it looks at."""

from labkit.insight.rule import Rule
from labkit.insight.rules import activations, gradients, learning_rate, loss, setup, supply

RULES: tuple[Rule, ...] = (
    *loss.RULES,
    *gradients.RULES,
    *activations.RULES,
    *learning_rate.RULES,
    *setup.RULES,
    *supply.RULES,
)
"""All rules, in the order in which equally grave findings are told."""
