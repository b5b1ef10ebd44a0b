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

MODELS = (
    *real_data.RUNS,
    *architectures.RUNS,
    *losses.RUNS,
    *fine_tuning.RUNS,
    *probabilistic.RUNS,
)
"""Functions without arguments, each of which trains a model and returns the run."""
LOOPS = (
    *loops.RUNS,
    *schedules.RUNS,
    *evaluation.RUNS,
    *self_supervised.RUNS,
    *adversarial.RUNS,
    *reinforcement.RUNS,
)
"""The same, for loops of other forms. Two tuples, as two workers can test them."""
RUNS = (*MODELS, *LOOPS)
