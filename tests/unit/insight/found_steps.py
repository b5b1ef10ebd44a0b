"""Runs a training loop, and says which rules found something, and from which step on."""

import weakref
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

import labkit as lk

_EVERY = 20
"""Optimizer steps between two looks at the findings."""


@dataclass(frozen=True)
class Outcome:
    """What was found in one run.

    Attributes
    ----------
    found : dict of str to int
        The step of the run at which each rule first had a finding.
    at_end : frozenset of str
        The rules that have a finding at the end of the run.
    messages : dict of str to str
        The first message of each rule.
    """

    found: dict[str, int]
    at_end: frozenset[str]
    messages: dict[str, str]


def outcome(make: Callable[[], lk.Run], seed: int) -> Outcome:
    """Train, look at the findings every 20 steps as a dashboard does, and at the end.

    Parameters
    ----------
    make : callable
        Trains, and returns the run.
    seed : int
        Seed of torch's generator.
    """
    torch.manual_seed(seed)
    runs: list[weakref.ref[lk.Run]] = []
    found: dict[str, int] = {}
    messages: dict[str, str] = {}
    taken = 0
    original = lk.Run.__init__

    def init(run: lk.Run, *args: object, **kwargs: object) -> None:
        original(run, *args, **kwargs)  # type: ignore[arg-type]
        runs.append(weakref.ref(run))

    def look(run: lk.Run) -> frozenset[str]:
        for finding in run.findings:
            found.setdefault(finding.rule, run.steps)
            messages.setdefault(finding.rule, finding.message)
        return frozenset(finding.rule for finding in run.findings)

    def stepped(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken % _EVERY == 0:
            for run in [reference() for reference in runs]:
                if run is not None and run.steps:
                    look(run)

    handle = register_optimizer_step_post_hook(stepped)
    lk.Run.__init__ = init  # type: ignore[method-assign]
    try:
        run = make()
    finally:
        lk.Run.__init__ = original  # type: ignore[method-assign]
        handle.remove()
    return Outcome(found, look(run), messages)
