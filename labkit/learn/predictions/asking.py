"""Asks, locks and scores the predictions of a chapter; the methods of `Chapter` call it."""

from __future__ import annotations

from labkit.learn.feedback import Feedback
from labkit.learn.predictions.card import (
    PredictionCard,
    as_sentence,
    checked_sureness,
    refresh_cards,
)
from labkit.learn.predictions.prediction import Prediction
from labkit.learn.predictions.score_card import score_card
from labkit.learn.predictions.stored import StoredPredictions
from labkit.learn.record import Record


class Asking:
    """The predictions of a chapter.

    Parameters
    ----------
    record : Record
        That of the chapter.
    """

    def __init__(self, record: Record) -> None:
        self._place = record.path.absolute(), record.chapter
        self._stored = StoredPredictions(record)

    def ask(self, prediction: Prediction, value: object, sure: object) -> PredictionCard:
        """Return the card of a prediction; lock a value in first unless it is ``...``."""
        refused = ""
        if value is not ...:
            try:
                self._lock(prediction, value, sure)
            except ValueError as error:
                refused = as_sentence(error)
            else:
                refresh_cards(self._subject(prediction.name))
        card = PredictionCard(
            prediction,
            subject=self._subject(prediction.name),
            stored=lambda: self._stored.get(prediction),
            lock=lambda given, how_sure: self._lock(prediction, given, how_sure),
        )
        if refused:
            card.refuse(refused)
        return card

    def score(self, prediction: Prediction, outcome: object) -> Feedback:
        """Store the outcome if it is the first one, and return the card of the score."""
        # A later outcome changes nothing, whatever it is, such as the NaN of a changed run.
        is_known = self._stored.get(prediction).outcome is not None
        first = None if is_known else prediction.read_outcome(outcome)
        stored = self._stored.settle(prediction, first)
        refresh_cards(self._subject(prediction.name))
        return score_card(prediction, stored)

    def forget(self, name: str) -> None:
        """Delete what is stored of a prediction, and open its cards again."""
        self._stored.forget(name)
        self.refresh(name)

    def refresh(self, *names: str) -> None:
        """Show in the cards of predictions what is stored now."""
        for name in names:
            refresh_cards(self._subject(name))

    def _lock(self, prediction: Prediction, value: object, sure: object) -> None:
        """Store a prediction; raises ValueError with a sentence if another one counts."""
        read = prediction.read(value)
        stored = self._stored.lock(prediction, read, checked_sureness(sure))
        if stored.value is None:
            raise ValueError(
                "the outcome was shown to you already, so a prediction would no longer be one. "
                f'`chapter.forget("{prediction.name}")` clears it'
            )
        if stored.value != read:
            raise ValueError(
                f"your first prediction counts: {prediction.text(stored.value)}. "
                f'`chapter.forget("{prediction.name}")` clears it'
            )

    def _subject(self, name: str) -> object:
        """Return what the cards of a prediction have in common, also of other `Chapter` objects."""
        return self._place, name
