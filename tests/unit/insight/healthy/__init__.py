"""Training runs without a defect, by theme: no rule has anything to say about them."""

from . import (
    adversarial,
    architectures,
    evaluation,
    fine_tuning,
    loops,
    losses,
    probabilistic,
    real_data,
    reinforcement,
    schedules,
    self_supervised,
)

RUNS = (
    *real_data.RUNS,
    *architectures.RUNS,
    *losses.RUNS,
    *loops.RUNS,
    *schedules.RUNS,
    *fine_tuning.RUNS,
    *evaluation.RUNS,
    *probabilistic.RUNS,
    *self_supervised.RUNS,
    *adversarial.RUNS,
    *reinforcement.RUNS,
)
"""Functions without arguments; each trains a model and returns the run."""
