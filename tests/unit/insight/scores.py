"""Counts how often each rule is right, and writes the result to docs/findings.md.

Run with ``make findings``, or ``python -m tests.unit.insight.scores --seeds 0 1 2``.
"""

import argparse
import datetime
import importlib.util
import os
import platform
import statistics
import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

import labkit as lk
from labkit.insight.rules import RULES
from tests.unit.insight.faulty_loops import FAULTY
from tests.unit.insight.found_steps import Outcome, outcome
from tests.unit.insight.sick import SICK, SickRun

PAGE = Path(__file__).parents[3] / "docs" / "findings.md"
_HEALTHY = ("healthy", "RUNS"), ("sound_loops", "SOUND")
"""Modules beside this one, and the names of their loops without a defect; the first is used."""
_ALSO_OF_TEXTBOOK = {
    "plateau": ("one-class",),
    "learning-rate-too-high": ("loss-not-finite", "exploding-gradients", "dead-units"),
    "exploding-gradients": ("loss-not-finite", "learning-rate-too-high"),
    "input-not-scaled": ("learning-rate-too-high", "exploding-gradients", "dead-units"),
    "weight-decay-too-strong": ("plateau",),
}
"""Rules that name a consequence of the defect in the loops of `FAULTY`."""


_PAGE = """# How often the rules are right

`make findings` trains {sick} small models with a known defect and {healthy} without one, each with
the seeds {seeds}, looks at the findings every 20 steps and at the end, and writes this page. The
loops are in `tests/unit/insight`: `faulty_loops.py` has the textbook's form of each defect, `sick/`
has other forms. A finding at any of these moments counts, also one that is withdrawn later. The
rules were developed with these loops, so the figures are an upper limit for other ones.

Measured {day}, {machine}, {versions}.

- Of {runs} runs with a defect, {named} are named rightly within the first 200 steps, or within an
  epoch after the fault: recall {recall:.0%}.
- Of {findings} findings, {right} are right: precision {precision:.0%}.
- Runs without a defect that have a finding: {ill} of {healthy_runs}.

## By rule

*Runs*: those whose defect the rule names. *Found*: by this rule, in time. *Consequence*: only
another rule found something, which names a true consequence of the defect. *False*: runs in which
the rule has a finding that is not true. *Step*: median of the steps at which the rule found them.

| rule | runs | found | consequence | missed | false | precision | recall | step |
|---|---|---|---|---|---|---|---|---|
{rows}

`device-ping-pong` needs a GPU; `tests/unit/insight/test_faulty_runs.py` tests it there.
"""


@dataclass
class Score:
    """How often one rule was right.

    Attributes
    ----------
    runs : int
        Runs whose defect it names.
    found, by_consequence : int
        Those of them that it found in time, and those that only a rule for a consequence found.
    right : int
        Runs in which it had a finding that was true.
    false : list of str
        Runs in which it had a finding that was not.
    steps : list of int
        The steps at which it found them.
    """

    runs: int = 0
    found: int = 0
    by_consequence: int = 0
    right: int = 0
    false: list[str] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)


def healthy_runs() -> tuple[Callable[[], lk.Run], ...]:
    """Return the loops without a defect."""
    for module, loops in _HEALTHY:
        name = f"tests.unit.insight.{module}"
        if importlib.util.find_spec(name) is not None:
            return tuple(getattr(importlib.import_module(name), loops))
    raise ModuleNotFoundError("There are no loops without a defect.")


def sick_runs() -> tuple[SickRun, ...]:
    """Return the loops with a defect: the textbook's forms, then the others."""
    textbook = (
        SickRun(make, rule, _ALSO_OF_TEXTBOOK.get(rule, ())) for rule, make in FAULTY.items()
    )
    return (*textbook, *SICK)


def scores(
    outcomes: Iterable[tuple[SickRun, int, Outcome]], healthy: Iterable[tuple[str, int, Outcome]]
) -> dict[str, Score]:
    """Return the score of each rule."""
    found = {rule.id: Score() for rule in RULES}
    for sick, seed, result in outcomes:
        right = {sick.rule, *sick.also}
        in_time = {rule for rule, step in result.found.items() if step <= sick.by}
        if sick.rule is not None:
            score = found[sick.rule]
            score.runs += 1
            score.found += sick.rule in in_time
            score.by_consequence += sick.rule not in in_time and bool(right & in_time)
            if sick.rule in result.found:
                score.steps.append(result.found[sick.rule])
        for rule in result.found:
            found[rule].right += rule in right
            if rule not in right:
                found[rule].false.append(f"{sick.name} ({seed})")
    for name, seed, result in healthy:
        for rule in result.found:
            found[rule].false.append(f"{name} ({seed}, healthy)")
    return found


def page(
    seeds: list[int],
    outcomes: list[tuple[SickRun, int, Outcome]],
    healthy: list[tuple[str, int, Outcome]],
) -> str:
    """Return the text of docs/findings.md."""
    found = scores(outcomes, healthy)
    runs = len(outcomes)
    named = sum(score.found + score.by_consequence for score in found.values())
    false = sum(len(score.false) for score in found.values())
    right = sum(score.right for score in found.values())
    ill = sum(1 for _, _, result in healthy if result.found)
    text = _PAGE.format(
        sick=runs // len(seeds),
        healthy=len(healthy) // len(seeds),
        seeds=", ".join(map(str, seeds)),
        day=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%d}",
        machine=f"{platform.machine()}, {os.cpu_count()} cores",
        versions=f"Python {platform.python_version()}, torch {torch.__version__}, "
        f"numpy {np.__version__}",
        runs=runs,
        named=named,
        recall=named / runs,
        findings=right + false,
        right=right,
        precision=right / max(1, right + false),
        healthy_runs=len(healthy),
        ill=ill,
        rows="\n".join(_row(rule.id, found[rule.id]) for rule in RULES),
    )
    return "\n".join([text, *_false_findings(found), *_missed(outcomes)])


def _row(rule: str, score: Score) -> str:
    missed = score.runs - score.found - score.by_consequence
    given = score.right + len(score.false)
    precision = f"{score.right / given:.0%}" if given else "-"
    recall = f"{1 - missed / score.runs:.0%}" if score.runs else "-"
    step = f"{statistics.median(score.steps):.0f}" if score.steps else "-"
    return (
        f"| `{rule}` | {score.runs} | {score.found} | {score.by_consequence} | {missed} | "
        f"{len(score.false)} | {precision} | {recall} | {step} |"
    )


def _false_findings(found: dict[str, Score]) -> list[str]:
    rows = [
        f"| `{rule}` | {', '.join(score.false)} |" for rule, score in found.items() if score.false
    ]
    if not rows:
        return ["## False findings", "", "None.", ""]
    return ["## False findings", "", "| rule | runs (seed) |", "|---|---|", *rows, ""]


def _missed(outcomes: list[tuple[SickRun, int, Outcome]]) -> list[str]:
    lines = ["## Defects that are not found", ""]
    missed: dict[str, list[int]] = {}
    reasons = {}
    for sick, seed, result in outcomes:
        right = {sick.rule, *sick.also}
        if not any(rule in right and step <= sick.by for rule, step in result.found.items()):
            missed.setdefault(sick.name, []).append(seed)
            reasons[sick.name] = sick.reason or "The rule did not find it in time."
    if not missed:
        return [*lines, "None.", ""]
    return [
        *lines,
        "| run | seeds | why |",
        "|---|---|---|",
        *(
            f"| {name} | {', '.join(map(str, seeds))} | {reasons[name]} |"
            for name, seeds in missed.items()
        ),
        "",
    ]


def main() -> None:
    """Run both corpora, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    seeds = parser.parse_args().seeds
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # some defects make PyTorch warn
    outcomes = [(sick, seed, outcome(sick.make, seed)) for sick in sick_runs() for seed in seeds]
    healthy = [
        (make.__name__, seed, outcome(make, seed)) for make in healthy_runs() for seed in seeds
    ]
    PAGE.write_text(page(seeds, outcomes, healthy))


if __name__ == "__main__":
    main()
