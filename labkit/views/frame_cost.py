"""Measures by how much a frame delays the training loop."""

from __future__ import annotations

import math

ACTIVE_SECONDS = 0.2
"""Time after a frame was sent in which the page receives and draws it, in s."""
MIN_QUIET_SECONDS = 0.15
"""Shortest rest of an interval that is compared with it, in s."""
_WEIGHT_OF_PAST = 0.93
_ERRORS = 0.5
"""Standard errors by which a difference is reduced; a negative one does not balance a positive."""
_MIN_STEPS = 30
"""Number of steps, weighted, from which the two rates of steps are compared."""


class FrameCost:
    """Compares the rate of steps while a page draws a frame with the rate in the rest of the time.

    The difference contains everything by which a frame slows the loop: sending it, the drawing if
    the page shares cores with the loop, and nothing if it does not. As the rates vary for other
    reasons, too, the difference is reduced by half its standard error.

    Examples
    --------
    >>> cost = FrameCost()
    >>> for frame in range(4):
    ...     cost.frame_sent(0.5 * frame, steps=45 * frame)
    ...     cost.sample(0.5 * frame + 0.2, steps=45 * frame + 15)
    >>> round(cost.seconds, 3)  # 15 steps in 0.2 s, then 30 in 0.3 s
    0.05
    """

    def __init__(self) -> None:
        self._sent: tuple[float, int] | None = None
        self._sampled: tuple[float, int] | None = None
        self._quiet_seconds = self._quiet_steps = 0.0
        self._weights = self._squared_weights = 0.0
        self._differences = self._squared_differences = 0.0
        """Weighted sums of the differences between the two rates, in steps per s."""

    @property
    def seconds(self) -> float | None:
        """The time that the loop loses with a frame, in s; None as long as it is unknown."""
        if self._quiet_steps < _MIN_STEPS:
            return None
        mean = self._differences / self._weights
        variance = max(0.0, self._squared_differences / self._weights - mean**2)
        error = math.sqrt(variance * self._squared_weights) / self._weights
        quiet_rate = self._quiet_steps / self._quiet_seconds
        return max(0.0, mean - _ERRORS * error) / quiet_rate * ACTIVE_SECONDS

    @property
    def sample_due(self) -> float | None:
        """When `sample` has to be called, in s of the clock of the caller; None if not at all."""
        if self._sent is None or self._sampled is not None:
            return None
        return self._sent[0] + ACTIVE_SECONDS

    def frame_sent(self, now: float, steps: int) -> None:
        """Record that sending a frame begins; `steps` is the number of completed steps."""
        if self._sent is not None and self._sampled is not None:
            self._add_interval(self._sent, self._sampled, (now, steps))
        self._sent, self._sampled = (now, steps), None

    def sample(self, now: float, steps: int) -> None:
        """Record the number of completed steps when the page has drawn the frame."""
        self._sampled = now, steps

    def skip(self) -> None:
        """Discard the interval under way, as the loop did not run freely."""
        self._sent = self._sampled = None

    def _add_interval(
        self, sent: tuple[float, int], sampled: tuple[float, int], ended: tuple[float, int]
    ) -> None:
        quiet, active = ended[0] - sampled[0], sampled[0] - sent[0]
        if quiet < MIN_QUIET_SECONDS or active <= 0:
            return
        difference = (ended[1] - sampled[1]) / quiet - (sampled[1] - sent[1]) / active
        past = _WEIGHT_OF_PAST
        self._quiet_seconds = past * self._quiet_seconds + quiet
        self._quiet_steps = past * self._quiet_steps + ended[1] - sampled[1]
        self._weights = past * self._weights + 1
        self._squared_weights = past**2 * self._squared_weights + 1
        self._differences = past * self._differences + difference
        self._squared_differences = past * self._squared_differences + difference**2
