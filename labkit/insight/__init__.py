"""Reads a run and says what is wrong, why, and where to look.

Each rule looks at the recorded series, the graph and what was observed of the loop, and returns
what it saw or nothing. `RuleEvaluator` evaluates all rules and drops what another finding explains;
there is at most one finding a rule. Needs numpy; neither torch nor widgets.
"""

from labkit.insight.rule import Rule, RuleMatch
from labkit.insight.rule_evaluator import RuleEvaluator

__all__ = ["Rule", "RuleEvaluator", "RuleMatch"]
