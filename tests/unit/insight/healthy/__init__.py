"""Training runs without a defect, by theme: no rule has anything to say about them."""

from . import (
    adversarial,
    architectures,
    energies,
    evaluation,
    fine_tuning,
    generative,
    loop_forms,
    loops,
    losses,
    meta_learning,
    noisy_objectives,
    objectives,
    optimizers,
    own_optimizers,
    partial_training,
    policies,
    probabilistic,
    real_data,
    reinforcement,
    representation,
    rounds,
    schedules,
    self_supervised,
    sequence_models,
    unusual_models,
)

MODELS = (
    *real_data.RUNS,
    *architectures.RUNS,
    *unusual_models.RUNS,
    *sequence_models.RUNS,
    *losses.RUNS,
    *objectives.RUNS,
    *noisy_objectives.RUNS,
    *fine_tuning.RUNS,
    *partial_training.RUNS,
    *probabilistic.RUNS,
)
"""Functions without arguments, each of which trains a model and returns the run."""
LOOPS = (
    *loops.RUNS,
    *loop_forms.RUNS,
    *rounds.RUNS,
    *optimizers.RUNS,
    *own_optimizers.RUNS,
    *meta_learning.RUNS,
    *schedules.RUNS,
    *evaluation.RUNS,
    *self_supervised.RUNS,
    *representation.RUNS,
    *adversarial.RUNS,
    *generative.RUNS,
    *energies.RUNS,
    *reinforcement.RUNS,
    *policies.RUNS,
)
"""The same, for loops of other forms. Two tuples, as two workers can test them."""
RUNS = (*MODELS, *LOOPS)
