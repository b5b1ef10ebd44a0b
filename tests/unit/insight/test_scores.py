"""The page of scores has the rules that exist, and counts rightly."""

import re

from labkit.insight.rules import RULES

from .found_steps import Outcome
from .scores import PAGE, SickRun, healthy_runs, page, scores


def result(**found):
    return Outcome({rule.replace("_", "-"): step for rule, step in found.items()}, frozenset(), {})


SICK = [
    (SickRun(healthy_runs, "plateau", ("one-class",)), 0, result(plateau=160)),
    (SickRun(healthy_runs, "plateau", ("one-class",)), 1, result(one_class=100, overfitting=20)),
    (SickRun(healthy_runs, "plateau"), 0, result(plateau=240)),
    (SickRun(healthy_runs, None, reason="Nothing is recorded of it."), 0, result()),
]
HEALTHY = [("sound", 0, result(plateau=40))]


def test_the_page_has_exactly_the_rules():
    ids = re.findall(r"^\| `([a-z-]+)` \|(?: [^|]+\|){8}$", PAGE.read_text(), re.MULTILINE)
    assert ids == [rule.id for rule in RULES]


def test_found_missed_and_false_runs_are_counted():
    plateau = scores(SICK, HEALTHY)["plateau"]
    assert (plateau.runs, plateau.found, plateau.by_consequence) == (3, 1, 1)
    assert (plateau.right, plateau.false) == (2, ["sound (0, healthy)"])
    assert scores(SICK, HEALTHY)["overfitting"].false == ["healthy_runs (1)"]


def test_the_page_states_totals_and_reasons():
    text = page([0], SICK, HEALTHY)
    assert "Of 4 runs with a defect, 2 are named rightly" in text
    assert "Runs without a defect that have a finding: 1 of 1." in text
    assert "Nothing is recorded of it." in text
