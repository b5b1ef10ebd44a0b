"""Observations of a training loop that are not time series, for example training modes.

Capture updates the values and insight reads them. A reader may see values of adjacent steps.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_MAX_SAMPLES = 64


@dataclass(frozen=True)
class InputScale:
    """The scale of a floating-point input of the model's first layer in a sampled forward pass.

    The first layer is the first module that has weights. An input is not read if this layer
    normalises it or is an embedding, or if its weights are frozen.

    Attributes
    ----------
    step : int
        Step of the forward pass, counted from 1.
    shape : tuple of int
        Shape of the input.
    mean, std : float
        Mean and standard deviation of all elements.
    min_std, max_std : float
        Smallest and largest standard deviation of a feature over the batch, for inputs of shape
        (batch, features); equal to `std` for other shapes. Constant features, and those that are 0
        in most samples, are excluded.
    """

    step: int
    shape: tuple[int, ...]
    mean: float
    std: float
    min_std: float
    max_std: float


@dataclass(frozen=True)
class Prediction:
    """The class that the model predicted most often in a sampled forward pass.

    Attributes
    ----------
    step : int
        Step of the forward pass, counted from 1.
    classes : int
        Number of classes.
    most_frequent : int
        Index of the class that has the largest output for most samples.
    share : float
        Share of the samples for which it was predicted, 0 to 1.
    rows : int
        Number of samples in the batch.
    """

    step: int
    classes: int
    most_frequent: int
    share: float
    rows: int


@dataclass
class Frequency:
    """The relative frequency of a condition.

    Attributes
    ----------
    seen : int
        Number of checks in which the condition was true.
    checks : int
        Number of checks.
    """

    seen: int = 0
    checks: int = 0

    def add(self, *, seen: bool) -> None:
        """Count one check of the condition."""
        self.checks += 1
        self.seen += seen

    def remove(self, *, seen: bool) -> None:
        """Undo the count of one check of the condition."""
        self.checks -= 1
        self.seen -= seen

    @property
    def share(self) -> float:
        """Share of the checks in which the condition was true, 0 to 1; 0 without a check."""
        return self.seen / self.checks if self.checks else 0.0


@dataclass
class Observations:
    """Observations of one training loop.

    Attributes
    ----------
    stale_gradients : Frequency
        Steps that started with the gradients of the previous step.
    discarded_passes : int
        Backward passes whose gradients were cleared before any step, as those of another model's
        loss that goes through this one.
    without_gradient : tuple of str
        Names of parameters in an optimizer that had no gradient at its last step.
    without_optimizer : tuple of str
        Names of parameters that had a gradient but are in no optimizer.
    weight_decay : float
        Largest weight decay of all parameter groups, 0 or greater.
    mode_dependent : tuple of str
        Paths of modules whose behaviour depends on the training mode (dropout, batch norm).
    trained_in_eval : Frequency
        Sampled steps whose forward pass ran in evaluation mode.
    evaluated_in_training : Frequency
        Evaluations (passes without gradients between two training passes) that ran in training
        mode. Passes at every step, repeated passes of one input and updates of the statistics of
        batch norm are not evaluations.
    inputs : deque of InputScale
        The newest 64, oldest first.
    predictions : deque of Prediction
        The newest 64, oldest first.
    loading_ns : int
        Time that the loop waited for batches of a DataLoader, in ns.
    batches : int
        Number of batches that the loop waited for.
    own_loading_ns : deque of int
        Time for each of the newest 64 batches that the loop loaded itself, without worker
        processes, in ns.
    skipped : deque of int
        The newest 64 steps that a gradient scaler skipped, as the number of the step after each.
    """

    stale_gradients: Frequency = field(default_factory=Frequency)
    discarded_passes: int = 0
    without_gradient: tuple[str, ...] = ()
    without_optimizer: tuple[str, ...] = ()
    weight_decay: float = 0.0
    mode_dependent: tuple[str, ...] = ()
    trained_in_eval: Frequency = field(default_factory=Frequency)
    evaluated_in_training: Frequency = field(default_factory=Frequency)
    inputs: deque[InputScale] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    predictions: deque[Prediction] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    loading_ns: int = 0
    batches: int = 0
    own_loading_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    skipped: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
