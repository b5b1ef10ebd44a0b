"""What was seen of a loop that is no series: how it goes about training.

The capture side replaces or raises these values, insight reads them; a reader may see two of
them from neighbouring steps.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

_MOST_SAMPLES = 64


@dataclass(frozen=True)
class InputScale:
    """One floating-point input of a model, as a sampled forward pass got it.

    Attributes
    ----------
    step : int
    shape : tuple of int
    mean, std : float
        Mean and standard deviation over all elements.
    least_std, most_std : float
        Smallest and largest standard deviation of a feature over the batch, for inputs of shape
        (batch, features); equal to `std` for others. Features that do not vary are left out.
    """

    step: int
    shape: tuple[int, ...]
    mean: float
    std: float
    least_std: float
    most_std: float


@dataclass(frozen=True)
class Prediction:
    """What class a sampled forward pass predicted most often.

    Attributes
    ----------
    step : int
    classes : int
        Number of classes.
    favourite : int
        The class with the largest output in most samples.
    share : float
        Part of the batch that it was predicted for, 0 to 1.
    rows : int
        Samples in the batch.
    """

    step: int
    classes: int
    favourite: int
    share: float
    rows: int


@dataclass
class Frequency:
    """How often something was seen, of how many looks."""

    seen: int = 0
    looks: int = 0

    def add(self, *, seen: bool) -> None:
        """Count one look."""
        self.looks += 1
        self.seen += seen

    @property
    def share(self) -> float:
        """Part of the looks in which it was seen; 0 before the first."""
        return self.seen / self.looks if self.looks else 0.0


@dataclass
class Observations:
    """What was seen of a loop.

    Attributes
    ----------
    uncleared : Frequency
        Steps that began with the gradients of the step before.
    without_gradient : tuple of str
        Parameters that an optimizer holds and that had no gradient when it last stepped.
    unheld : tuple of str
        Parameters that had a gradient, but that no optimizer holds.
    weight_decay : float
        The largest of any parameter group.
    mode_dependent : tuple of str
        Modules that behave differently in training and evaluation (dropout, batch norm).
    trained_in_eval : Frequency
        Sampled steps whose forward pass ran with the model in evaluation mode.
    evaluated_in_training : Frequency
        Forward passes without gradients that ran with the model in training mode.
    inputs : deque of InputScale
    predictions : deque of Prediction
    loading_ns : int
        Time the loop waited for a DataLoader's next batch.
    batches : int
        How many batches it waited for.
    skipped : deque of int
        Steps that a gradient scaler skipped, by the number the next step got.
    """

    uncleared: Frequency = field(default_factory=Frequency)
    without_gradient: tuple[str, ...] = ()
    unheld: tuple[str, ...] = ()
    weight_decay: float = 0.0
    mode_dependent: tuple[str, ...] = ()
    trained_in_eval: Frequency = field(default_factory=Frequency)
    evaluated_in_training: Frequency = field(default_factory=Frequency)
    inputs: deque[InputScale] = field(default_factory=lambda: deque(maxlen=_MOST_SAMPLES))
    predictions: deque[Prediction] = field(default_factory=lambda: deque(maxlen=_MOST_SAMPLES))
    loading_ns: int = 0
    batches: int = 0
    skipped: deque[int] = field(default_factory=lambda: deque(maxlen=_MOST_SAMPLES))
