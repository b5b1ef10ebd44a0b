"""A playground on its thread: trains while a page shows it, and sends frames to the pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event
from typing import Any

from labkit.playing.code import call_of, code_of
from labkit.playing.datasets import plane_of
from labkit.playing.maps import COARSE_SIDE, UNIT_SIDE, Maps
from labkit.playing.pages import Pages
from labkit.playing.settings import changed
from labkit.playing.training import Training
from labkit.playing.wire import frame_message, setup_message
from labkit.run.error_text import described
from labkit.views.message_builders import Message
from labkit.views.messages.playground import Playing

_INTERVAL_SECONDS = 1 / 36
"""Time between frames: of those that arrive together, a page draws the last, and so 30 a second."""
_BYTES_PER_SECOND = 600_000
"""Most that is sent, as Jupyter's servers drop what is more than 1 MB in a second."""
_MOST_FINE_UNITS = 16
"""Number of units whose pictures are sent in full detail while the network plays."""
_TRAINING_SECONDS = {"slow": 0.0, "normal": 0.012, "fast": 0.018}
"""Time for steps between two frames by speed; at least one step, and at most an epoch if normal."""
SPEEDS = tuple(_TRAINING_SECONDS)


class Session:
    """A training with what its pages need. All methods run on the worker's thread.

    Parameters
    ----------
    training : Training
    post : callable
        Sends a message to all pages.
    update_output : callable
        Updates the picture in the output of the notebook.

    Attributes
    ----------
    updates_output : bool
        Whether the output is updated between cells, too: where pages do not open it anew for that.
    """

    def __init__(
        self,
        training: Training,
        post: Callable[[Message], None],
        update_output: Callable[[], None],
    ) -> None:
        self.training, self._post, self._update_output = training, post, update_output
        self.updates_output = False
        self.pages = Pages()
        self.is_playing = False
        self.speed = "normal"
        self.error: BaseException | None = None
        self._next_at = 0.0
        self._maps = self._new_maps()
        self._frame = frame_message(training, self._maps, self._unit_side)

    def _new_maps(self) -> Maps:
        training = self.training
        return Maps(training, plane_of(training.points, is_own=training.own_points is not None))

    @property
    def playing(self) -> Playing:
        """Whether the network trains; "waiting" while no page shows the playground."""
        if not self.is_playing:
            return "paused"
        return "playing" if self.pages.is_shown(time.monotonic()) else "waiting"

    # ── playing ──────────────────────────────────────────────────────────────

    def play_on(self) -> float | None:
        """Train for one frame if it is due; return the time until the next one."""
        now = time.monotonic()
        if not self.is_playing or not self.pages.is_shown(now):
            return None
        if now < self._next_at:
            return self._next_at - now
        # Measured from when it was due, so that a late frame does not lower the rate.
        self._next_at = max(self._next_at + self._interval, now)
        try:
            self._train(now + _TRAINING_SECONDS[self.speed])
            if self.pages.may_send(time.monotonic()):
                self.training.evaluate()
                self.send_frame()
        except Exception as error:  # noqa: BLE001 - a model of the user's may raise anything
            self._fail(error)
            return None
        return max(0.0, self._next_at - time.monotonic())

    @property
    def _interval(self) -> float:
        size = sum(map(len, self._frame.buffers))
        return max(_INTERVAL_SECONDS, size / _BYTES_PER_SECOND)

    def _train(self, until: float) -> None:
        most = self.training.steps_per_epoch if self.speed == "normal" else 10_000
        for _ in range(most):
            self.training.run_step()
            if time.monotonic() >= until:
                return

    def _fail(self, error: BaseException) -> None:
        self.error, self.is_playing = error, False
        self._post(Message({"type": "refused", "reason": f"Training ended: {described(error)}"}))
        self.send_frame()

    def set_playing(self, playing: bool, /) -> None:  # noqa: FBT001 - the value itself
        """Begin or end to play."""
        self.is_playing = playing
        self._next_at = time.monotonic()
        self.send_frame()
        if not playing:
            self.rest()

    def rest(self) -> None:
        """Update the picture in the notebook, as the network is not trained for a while."""
        if self.updates_output:
            self._update_output()

    def set_speed(self, speed: str) -> None:
        """Set how many steps are taken for each frame."""
        if speed not in _TRAINING_SECONDS:
            raise ValueError(f"The speeds are {', '.join(SPEEDS)}; there is no other one.")
        self.speed = speed
        self.send_frame()

    def run_steps(self, count: int, cancelled: Event) -> None:
        """Take some steps, and send frames on the way; ends early if it is cancelled."""
        self.error = None
        due = time.monotonic() + _INTERVAL_SECONDS
        for _ in range(count):
            if cancelled.is_set():
                break
            self.training.run_step()
            if time.monotonic() > due:
                due = time.monotonic() + _INTERVAL_SECONDS
                self._send_if_shown(time.monotonic())
        self.training.evaluate()
        self.send_frame()

    def run_epoch(self) -> None:
        """Take the steps up to the end of the epoch."""
        per_epoch = self.training.steps_per_epoch
        self.run_steps(per_epoch - self.training.step % per_epoch, Event())

    def _send_if_shown(self, now: float) -> None:
        if self.pages.is_shown(now) and self.pages.may_send(now):
            self.training.evaluate()
            self.send_frame()

    # ── changes ──────────────────────────────────────────────────────────────

    def change(self, changes: dict[str, Any]) -> None:
        """Apply settings; raises `ValueError` for those that cannot be."""
        training = self.training
        if training.own_model is not None:
            fixed = {"features", "hidden", "activation"} & set(changes)
            if fixed:
                raise ValueError(f"The model is yours; it has no setting {min(fixed)}.")
        if training.change(changed(training.settings, changes, training.own)):
            self._restarted()
        else:
            self.send_setup()

    def reset(self) -> None:
        """Begin again with the initial weights."""
        self.training.restart(self.training.settings)
        self._restarted()

    def set_weight(self, layer: int, unit: int, source: int | None, value: float) -> None:
        """Set one weight of a drawn network."""
        self.training.set_weight(layer, unit, source, value)
        self.send_frame()

    def _restarted(self) -> None:
        self.error = None
        self._maps = self._new_maps()
        self.send_setup()

    # ── messages ─────────────────────────────────────────────────────────────

    def send_setup(self) -> None:
        """Send the pages all that they need to draw."""
        self._post(setup_message(self.training, self._maps))
        self.send_frame()

    def send_frame(self) -> None:
        """Send the pages the present state."""
        try:
            self._frame = frame_message(self.training, self._maps, self._unit_side)
        except Exception as error:  # noqa: BLE001 - a model of the user's; the last frame is sent
            self.error = error
        number, answer = self.pages.send(time.monotonic())
        state = {
            "number": number,
            "answer": answer,
            "playing": self.playing,
            "speed": self.speed,
            "error": None if self.error is None else described(self.error),
        }
        self._post(Message({**self._frame.content, **state}, self._frame.buffers))

    @property
    def _unit_side(self) -> int:
        units = sum(layer.drawn[0] for layer in self.training.layers)
        is_fine = units <= _MOST_FINE_UNITS or not self.is_playing
        return UNIT_SIDE if is_fine else COARSE_SIDE

    def send_code(self) -> None:
        """Send the pages the network as plain PyTorch."""
        text, call = code_of(self.training), call_of(self.training)
        self._post(Message({"type": "code", "text": text, "call": call}))

    def picture(self) -> tuple[Any, tuple[float, float, float, float]]:
        """Return the picture of the output as bytes, and the part of the plane that it shows."""
        return self._maps.output(), self._maps.plane
