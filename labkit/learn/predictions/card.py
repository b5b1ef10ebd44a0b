"""The widget that asks a question, and locks in what the learner predicts."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any, get_args

import traitlets

from labkit.learn.predictions.prediction import Prediction
from labkit.learn.predictions.still import note, status, still_svg, still_text
from labkit.learn.predictions.stored import Stored, Sure
from labkit.run.error_text import described
from labkit.views import jupyter_compat
from labkit.views.assets import small_script
from labkit.views.kernel import is_notebook
from labkit.views.lifetimes import ShownViews
from labkit.views.marimo_notebook import is_marimo
from labkit.views.message_builders import PROTOCOL_VERSION, other_version
from labkit.views.saved_output import PicturedWidget

_cards: dict[int, weakref.ref[PredictionCard]] = {}
"""All cards of this kernel, by their ids; those of one prediction show the same."""


class PredictionCard(PicturedWidget):
    """The card of a prediction.

    Parameters
    ----------
    prediction : Prediction
    subject : hashable
        What the prediction is of; cards of the same subject are updated together.
    stored : callable
        Takes no arguments; returns what is stored now.
    lock : callable
        Takes a value and how sure the learner is, and stores them; raises ValueError with a
        sentence if they cannot be locked in.

    Attributes
    ----------
    subject : hashable
    note : str
        A sentence about an outcome that is there before a prediction; empty otherwise.
    said : str
        A sentence about the last attempt that was refused; empty otherwise.
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    form = traitlets.Dict().tag(sync=True)
    locked = traitlets.Dict(default_value=None, allow_none=True).tag(sync=True)
    is_open = traitlets.Bool(default_value=True).tag(sync=True)
    note = traitlets.Unicode().tag(sync=True)
    said = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        prediction: Prediction,
        *,
        subject: object,
        stored: Callable[[], Stored],
        lock: Callable[[object, object], object],
    ) -> None:
        self._prediction, self.subject = prediction, subject
        self._stored, self._lock = stored, lock
        super().__init__(
            question=prediction.question,
            form=prediction.form(),
            _esm=small_script("prediction.js"),
            **_state(prediction, stored()),
        )
        self.on_msg(self._on_page)
        jupyter_compat.handle_on_subshell(self.comm)
        key = id(self)
        _cards[key] = weakref.ref(self, lambda _: _cards.pop(key, None))

    def refuse(self, reason: str) -> None:
        """Show why a prediction was not locked in."""
        self.said = reason
        self.update_picture()

    def refresh(self) -> None:
        """Show what is stored now."""
        with self.hold_sync():
            for name, value in _state(self._prediction, self._stored()).items():
                setattr(self, name, value)
            self.said = ""
        self.update_picture()

    def close(self) -> None:
        """Close the card on every page."""
        if self.comm is None:
            return
        model_id = self.model_id
        super().close()
        ShownViews.remove(model_id)

    def __repr__(self) -> str:
        return still_text(self._prediction, self._stored(), self.said)

    def _on_page(self, _: Any, content: Any, buffers: Any) -> None:
        # A second refusal with the same words is a change, too.
        self.said = ""
        match content:
            case {"type": "lock", "protocol": protocol} if protocol != PROTOCOL_VERSION:
                self.refuse(other_version(protocol))
            case {"type": "lock", "value": value, "sure": sure}:
                try:
                    self._lock(value, sure)
                except ValueError as error:
                    self.refuse(as_sentence(error))
                except Exception as error:  # noqa: BLE001 - the page displays the error
                    self.refuse(f"This could not be stored: {described(error)}")
                else:
                    refresh_cards(self.subject)

    def _on_display(self) -> None:
        if is_notebook():
            ShownViews.add(self)
        elif is_marimo():
            jupyter_compat.hold_by_comm(self)

    def _picture(self) -> dict[str, str]:
        stored = self._stored()
        return {
            "text/plain": still_text(self._prediction, stored, self.said),
            "image/svg+xml": still_svg(self._prediction, stored, self.said),
        }

    def _revision(self) -> object:
        return self._stored(), self.said


def refresh_cards(subject: object = None) -> None:
    """Show in all cards of a subject, or in all that there are, what is stored now."""
    for reference in list(_cards.values()):  # at once: cells on another thread make cards meanwhile
        card = reference()
        if card is not None and subject in (None, card.subject) and card.comm is not None:
            card.refresh()


def checked_sureness(sure: object) -> Sure | None:
    """Return how sure a learner is; raises ValueError with a sentence for anything else.

    Examples
    --------
    >>> checked_sureness(2)
    2
    """
    if sure is None or (isinstance(sure, int) and sure in (1, 2, 3) and sure is not True):
        return sure  # type: ignore[return-value]
    known = ", ".join(map(str, get_args(Sure)))
    raise ValueError(f"`sure` is one of {known}: 1 for guessing, 2 for fairly sure, 3 for certain")


def as_sentence(error: ValueError) -> str:
    """Return the text of an error as a sentence."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _state(prediction: Prediction, stored: Stored) -> dict[str, Any]:
    locked = None
    if stored.value is not None:
        value = list(stored.value) if isinstance(stored.value, tuple) else stored.value
        text = status(prediction, stored)
        locked = {"value": value, "text": text, "sure": stored.sure}
    hint = note(prediction, stored) if stored.value is None else ""
    return {"locked": locked, "is_open": stored.is_open, "note": hint}
