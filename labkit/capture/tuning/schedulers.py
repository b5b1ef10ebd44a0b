"""Finds the learning rate schedulers of optimizers, and reads their hyperparameters."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler, SequentialLR

from labkit.capture.tuning.group_table import text_of
from labkit.run.run_setup import SchedulerSetup

_STATE = frozenset({"optimizer", "base_lrs", "last_epoch", "verbose", "best", "num_bad_epochs"})
"""Public attributes of schedulers that are no hyperparameters."""
_MAX_SCHEDULERS = 16


def scheduler_setups(optimizers: Iterable[Optimizer]) -> tuple[SchedulerSetup, ...]:
    """Return the schedulers of some optimizers, as far as they are schedulers of torch.

    An optimizer does not refer to its scheduler, so that all objects that refer to the optimizer
    are searched, which takes some milliseconds; only if a scheduler has marked it.
    """
    found = {
        id(scheduler): scheduler
        for optimizer in optimizers
        if hasattr(optimizer.step, "_wrapped_by_lr_sched")
        for scheduler in _schedulers_of(optimizer)
    }
    return tuple(map(_setup, [*found.values()][:_MAX_SCHEDULERS]))


def _schedulers_of(optimizer: Optimizer) -> Iterator[LRScheduler]:
    for referrer in gc.get_referrers(optimizer):
        if isinstance(referrer, LRScheduler):
            yield referrer
        elif isinstance(referrer, dict) and referrer.get("optimizer") is optimizer:
            # The attributes of an object are a dictionary of their own once that was asked for.
            for owner in gc.get_referrers(referrer):
                if isinstance(owner, LRScheduler):
                    yield owner


def _setup(scheduler: LRScheduler) -> SchedulerSetup:
    texts = {
        name: _text(value)
        for name, value in vars(scheduler).items()
        if not name.startswith("_") and name not in _STATE
    }
    if isinstance(scheduler, SequentialLR):
        texts["schedulers"] = ", ".join(
            type(each).__name__
            for each in scheduler._schedulers  # noqa: SLF001
        )
    values = {name: text for name, text in texts.items() if text}
    return SchedulerSetup(type(scheduler).__name__, values)


def _text(value: object) -> str:
    if isinstance(value, Counter):  # the milestones of MultiStepLR
        return text_of(sorted(value.elements()))
    return text_of(value)
