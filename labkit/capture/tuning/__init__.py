"""Changes to the training of a watched model, which `labkit.Run` offers.

`adjustments` changes hyperparameters, `freezing` freezes and thaws modules; `tuner` is the
interface that the run calls.
"""

from labkit.capture.tuning.tuner import Tuner

__all__ = ["Tuner"]
