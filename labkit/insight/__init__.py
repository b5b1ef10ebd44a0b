"""Rules that detect problems in a run and return findings with evidence, cause and advice.

Each rule evaluates the recorded series, the computation graph and the observations of the loop, and
returns a match or None. `RuleEvaluator` evaluates all rules and drops findings that another finding
explains. There is at most one finding per rule. The package depends on numpy, not on torch or
widgets.
"""

from labkit.insight.rule import Rule, RuleMatch
from labkit.insight.rule_evaluator import RuleEvaluator

__all__ = ["Rule", "RuleEvaluator", "RuleMatch"]
