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
        (batch, features); equal to `std` for other shapes. Features that have the same value in
        most samples are excluded.
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


@dataclass(frozen=True)
class LossInput:
    """What a term of the loss compares, in a sampled backward pass.

    Attributes
    ----------
    step : int
        Step of the pass, counted from 1.
    loss : str
        Function of the loss, for example ``"mse_loss"`` or ``"cross_entropy"``.
    shape : tuple of int or None
        Shape of the output that the loss gets; None if unknown.
    compared : tuple of int or None
        Shape of the elements of the error, where the output may have been broadcast.
    activation : str or None
        The activation that the output comes from, for example ``"tanh"``; None without one.
    dimension : int or None
        The dimension of its softmax or log_softmax; None without one, or if it is unknown.
    classes : int or None
        Number of classes among which the labels choose; None if they name none, or if only a part
        of the output is compared.
    bounds : tuple of float
        Least and largest result of the activation; may be infinite.
    targets : tuple of float
        Smallest and largest target; NaN if unknown.
    outside : float
        Share of the targets beyond the bounds, 0 to 1; NaN if unknown.
    """

    step: int
    loss: str
    shape: tuple[int, ...] | None
    compared: tuple[int, ...] | None
    activation: str | None
    dimension: int | None
    classes: int | None
    bounds: tuple[float, float]
    targets: tuple[float, float]
    outside: float


@dataclass(frozen=True)
class LabelShares:
    """The labels of a classification and the predictions for them, in a sampled pass.

    Attributes
    ----------
    step : int
        Step of the pass, counted from 1.
    classes : int
        Number of classes; 2 for a binary classification with one output.
    predicted : int
        The class that was predicted most often.
    predicted_share : float
        Share of the samples for which it was predicted, 0 to 1.
    label_share : float
        Share of the samples that have it as their label, 0 to 1.
    entropy : float
        Entropy of the labels, in nats: the cross entropy of guessing by their frequency.
    rows : int
        Number of labels.
    """

    step: int
    classes: int
    predicted: int
    predicted_share: float
    label_share: float
    entropy: float
    rows: int


@dataclass(frozen=True)
class FrozenNorm:
    """A batch normalisation that used its running statistics in a sampled training pass.

    Attributes
    ----------
    step : int
        Step of the pass, counted from 1.
    shift : float
        Median over the channels of the distance between the batch's mean and the running mean, in
        running standard deviations.
    scale : float
        Median over the channels of the batch's standard deviation over the running one.
    """

    step: int
    shift: float
    scale: float


@dataclass
class Frequency:
    """The relative frequency of a condition.

    Attributes
    ----------
    seen : int
        Number of checks in which the condition was true.
    checks : int
        Number of checks.
    streak : int
        Number of the latest checks in a row in which it was true.
    since : int
        Step of the first check of the streak; 0 if steps are not given, or without a streak.
    """

    seen: int = 0
    checks: int = 0
    streak: int = 0
    since: int = 0

    def add(self, *, seen: bool, step: int = 0) -> None:
        """Count one check of the condition, at a step if that is known."""
        self.checks += 1
        self.seen += seen
        if not seen:
            self.streak = self.since = 0
            return
        self.since = self.since if self.streak else step
        self.streak += 1

    def remove(self, *, seen: bool) -> None:
        """Undo the count of one check of the condition."""
        self.checks -= 1
        self.seen -= seen
        self.streak = max(0, self.streak - seen)

    @property
    def share(self) -> float:
        """Share of the checks in which the condition was true, 0 to 1; 0 without a check."""
        return self.seen / self.checks if self.checks else 0.0


@dataclass
class Observations:
    """Observations of one training loop.

    Attributes
    ----------
    stale_gradients : dict of str to Frequency
        Steps that started with the gradients of the previous step, for each optimizer, by the name
        of its first parameter.
    stale_parameters : dict of str to Frequency
        The same for up to 32 parameters of each optimizer, by their names, at the steps whose first
        pass reached them.
    passes_before_first_step : int
        Number of backward passes that reached the model before its first step.
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
        Sampled steps in which the model and all these modules were in evaluation mode.
    evaluated_in_training : Frequency
        Evaluations (passes without gradients between two training passes) that ran in training
        mode. Passes at every step, repeated passes of one input and updates of the statistics of
        batch norm are not evaluations.
    inputs : deque of InputScale
        The newest 64, oldest first.
    predictions : deque of Prediction
        The newest 64, oldest first.
    loss_inputs : deque of LossInput
        The newest 64, oldest first.
    labels : deque of LabelShares
        The newest 64, oldest first.
    frozen_norms : dict of str to deque of FrozenNorm
        The newest 8 of each batch normalisation that was in evaluation mode while the model was
        trained, by the module's path.
    equal_units : dict of str to int
        Weights all of whose rows are equal, with the step at which this was last seen.
    unregistered : tuple of (str, tuple of int)
        Parameters that are used in the model's forward pass, but are neither the model's nor held
        by an optimizer: the path of the module that uses each, and its shape.
    loading_ns : int
        Time that the loop waited for batches of a DataLoader, in ns.
    batches : int
        Number of batches that the loop waited for.
    own_loading_ns : deque of int
        Time for each of the newest 64 batches that the loop loaded itself, without worker
        processes, in ns.
    skipped : deque of int
        The newest 64 steps that a gradient scaler skipped, as the number of the step after each.
    scaler_factor : float or None
        Factor of the gradient scaler at the newest of these; None if unknown.
    """

    stale_gradients: dict[str, Frequency] = field(default_factory=dict)
    stale_parameters: dict[str, Frequency] = field(default_factory=dict)
    passes_before_first_step: int = 0
    discarded_passes: int = 0
    without_gradient: tuple[str, ...] = ()
    without_optimizer: tuple[str, ...] = ()
    weight_decay: float = 0.0
    mode_dependent: tuple[str, ...] = ()
    trained_in_eval: Frequency = field(default_factory=Frequency)
    evaluated_in_training: Frequency = field(default_factory=Frequency)
    inputs: deque[InputScale] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    predictions: deque[Prediction] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    loss_inputs: deque[LossInput] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    labels: deque[LabelShares] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    frozen_norms: dict[str, deque[FrozenNorm]] = field(default_factory=dict)
    equal_units: dict[str, int] = field(default_factory=dict)
    unregistered: tuple[tuple[str, tuple[int, ...]], ...] = ()
    loading_ns: int = 0
    batches: int = 0
    own_loading_ns: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    skipped: deque[int] = field(default_factory=lambda: deque(maxlen=_MAX_SAMPLES))
    scaler_factor: float | None = None
