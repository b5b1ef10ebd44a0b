"""Reads a run and says what is wrong, why, and where to look.

Each rule looks at the recorded series, the graph and what was observed of the loop, and returns
what it saw or nothing. `Examiner` asks all rules, drops what another finding explains, and keeps
one finding a rule. Needs numpy; neither torch nor widgets.
"""

from labkit.insight.examiner import Examiner
from labkit.insight.rule import Rule, Sighting

__all__ = ["Examiner", "Rule", "Sighting"]
