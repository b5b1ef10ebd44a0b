"""The widget of a playground: its face in Python, and what pages request of it."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from concurrent.futures import CancelledError
from functools import partial
from threading import Event
from typing import Any, TypeVar

import torch
import traitlets
from torch import nn

from labkit.playing import still
from labkit.playing.choices import Loss
from labkit.playing.code import call_of, code_of
from labkit.playing.requests import handle, report_sight
from labkit.playing.session import Session
from labkit.playing.settings import Settings
from labkit.playing.training import Training
from labkit.playing.worker import Worker
from labkit.views import jupyter_compat
from labkit.views.assets import small_script
from labkit.views.kernel import is_notebook
from labkit.views.lifetimes import ShownViews, weak_call
from labkit.views.marimo_notebook import is_marimo
from labkit.views.message_builders import PROTOCOL_VERSION, Message
from labkit.views.saved_output import PicturedWidget
from labkit.views.text_buffers import with_text_buffers

T = TypeVar("T")


class Playground(PicturedWidget):
    """A small network that trains as one looks at it; `labkit.playground` returns it.

    The network trains on a thread of the playground, and only while a page shows it. The model and
    the optimizer belong to that thread while it plays: call `pause` before changing them.

    Parameters
    ----------
    training : Training
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)

    def __init__(self, training: Training) -> None:
        post, update = weak_call(self._post), weak_call(self.update_picture)
        self._session = Session(training, post, update)
        self._worker = Worker(self._session.play_on)
        # A finalizer must not wait; at the end of the process, the worker ends by itself.
        self._end = weakref.finalize(self, self._worker.end)
        self._end.atexit = False
        super().__init__(_esm=small_script("playground.js"))
        self.on_msg(self._on_page)
        jupyter_compat.handle_on_subshell(self.comm)

    def __repr__(self) -> str:
        return f"<{still.text(self._session.training)}>"

    # ── what it contains ─────────────────────────────────────────────────────

    @property
    def model(self) -> nn.Module:
        """The network; a new one after a setting has changed."""
        return self._session.training.model

    @property
    def optimizer(self) -> torch.optim.Optimizer:
        """The optimizer; a new one after a setting has changed."""
        return self._session.training.optimizer

    @property
    def loss(self) -> Loss:
        """The loss function: takes outputs and targets, shape (n,) each."""
        return self._session.training.loss

    @property
    def train_loss(self) -> float:
        """The loss of all training points, without the penalty of a regularisation."""
        return self._session.training.train_loss

    @property
    def test_loss(self) -> float:
        """The loss of all test points, without the penalty of a regularisation."""
        return self._session.training.test_loss

    @property
    def steps(self) -> int:
        """Number of steps of the optimizer since the training began."""
        return self._session.training.step

    @property
    def epoch(self) -> float:
        """Number of passes through the training points since the training began."""
        training = self._session.training
        return training.step / training.steps_per_epoch

    @property
    def settings(self) -> Settings:
        """The present settings."""
        return self._session.training.settings

    @property
    def playing(self) -> bool:
        """Whether it trains, or would if a page showed it."""
        return self._session.is_playing

    @property
    def code(self) -> str:
        """A program of plain PyTorch that gives the same network after as many steps."""
        return self._call(partial(code_of, self._session.training))

    @property
    def call(self) -> str:
        """The call of `labkit.playground` that opens a playground with the same settings."""
        return call_of(self._session.training)

    # ── control ──────────────────────────────────────────────────────────────

    def step(self, n: int = 1) -> float:
        """Take steps of the optimizer; return the loss of all training points.

        Parameters
        ----------
        n : int
            Number of steps; an epoch has `len(training points) / batch_size` of them.

        Raises
        ------
        ValueError
            If `n` is not a whole number of at least 0.
        RuntimeError
            If the playground is closed.
        Exception
            What a model of yours raises.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise ValueError(
                f"step takes a whole number of at least 0, not {n!r}. Example: step(10)"
            )
        cancelled = Event()
        try:
            self._call(partial(self._session.run_steps, n, cancelled))
        finally:
            cancelled.set()  # also if the wait was interrupted
        self.update_picture_if_due()
        return self.train_loss

    def play(self) -> None:
        """Train on and on, while a page shows the playground."""
        self._call(partial(self._session.set_playing, True))  # noqa: FBT003

    def pause(self) -> None:
        """Pause; the model is not changed after this returns."""
        self._call(partial(self._session.set_playing, False))  # noqa: FBT003

    def reset(self) -> None:
        """Begin again with the initial weights."""
        self._call(self._session.reset)

    def change(self, **settings: Any) -> None:
        """Change settings by their names, as in `labkit.playground`.

        All but `lr` and `penalty` begin the training again.

        Raises
        ------
        ValueError
            If a setting or a value does not exist.
        """
        self._call(partial(self._session.change, settings))

    def set_weight(self, layer: int, unit: int, source: int | None, value: float) -> None:
        """Set one weight of a network that is drawn.

        Parameters
        ----------
        layer, unit : int
            Counted from 0; the last layer is the output.
        source : int or None
            The unit of the layer before, or the input; None for the bias.
        value : float

        Raises
        ------
        ValueError
            If there is no such weight.
        """
        self._call(partial(self._session.set_weight, layer, unit, source, float(value)))

    def close(self) -> None:
        """End the training, and close the playground on every page."""
        if self.comm is None:
            return
        model_id = self.model_id
        self._session.is_playing = False
        self._end()
        self._worker.wait()
        super().close()
        ShownViews.remove(model_id)

    def _call(self, work: Callable[[], T]) -> T:
        """Let the worker call a function, and return its result."""
        if self._worker.is_current:
            return work()
        try:
            return self._worker.submit(work).result()
        except CancelledError:
            raise RuntimeError(
                "The playground is closed. Make a new one: lk.playground()"
            ) from None

    # ── pages ────────────────────────────────────────────────────────────────

    def _post(self, message: Message) -> None:
        if self.comm is not None:
            message = with_text_buffers(message)
            self.send(message.content, message.buffers)

    def _on_page(self, _: Any, content: Any, buffers: list[memoryview]) -> None:
        """Let the worker handle a message from a page; that it is in sight must not wait."""
        report_sight(self._session, content)
        self._worker.submit(partial(handle, self._session, content, weak_call(self._post)))

    # ── display ──────────────────────────────────────────────────────────────

    def _on_display(self) -> None:
        if is_notebook():
            ShownViews.add(self)
        elif is_marimo():
            jupyter_compat.hold_by_comm(self)

    def _picture(self) -> dict[str, str]:
        return self._call(partial(still.pictures, self._session))

    def _revision(self) -> object:
        training = self._session.training
        return training.settings, training.step, len(training.changes)

    def _is_changing(self) -> bool:
        return self.playing
