"""How predictions went over a chapter: how many were right, and whether the learner knew it.

Late predictions, made when the outcome had been computed, are in neither count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labkit.learn.predictions.stored import Stored, Sure

_NAMES: dict[Sure, str] = {3: "certain", 2: "fairly sure", 1: "guessing"}
_ENOUGH = 3
"""Predictions with a sureness, from which on a sentence is said about them."""


def summary(stored: Mapping[str, Stored]) -> tuple[str, ...]:
    """Return sentences about the predictions of a chapter.

    Examples
    --------
    >>> summary({"a": Stored(1, 3, 1, "right"), "b": Stored(2, None, 1, "off"), "c": Stored()})
    ('Predictions: 2 of 3 scored: 1 right, 1 not what you expected.', 'To repeat: `b`.')
    """
    every = [each for each in stored.values() if each.score is not None]
    scores = [each.score for each in every if not each.late]
    counts = [
        f"{scores.count(score)} {words}"
        for score, words in (
            ("right", "right"),
            ("close", "close"),
            ("off", "not what you expected"),
        )
        if score in scores
    ]
    late = len(every) - len(scores)
    if late:
        counts.append(f"{late} made after the outcome had been computed")
    listed = f": {', '.join(counts)}" if counts else ""
    told = [f"Predictions: {len(every)} of {len(stored)} scored{listed}."]
    told.extend(sureness(stored))
    waiting = [
        f"`{name}`"
        for name, each in stored.items()
        if each.value is not None and each.score is None
    ]
    if waiting:
        told.append(f"Predicted, not run yet: {', '.join(waiting)}.")
    repeat = [f"`{name}`" for name, each in stored.items() if each.score == "off"]
    if repeat:
        told.append(f"To repeat: {', '.join(repeat)}.")
    return tuple(told)


def sureness(stored: Mapping[str, Stored]) -> tuple[str, ...]:
    """Return one sentence that compares how sure the learner was with how it went, or none."""
    hits: dict[Sure, list[bool]] = {}
    for each in stored.values():
        if each.score is not None and each.sure is not None and not each.late:
            hits.setdefault(each.sure, []).append(each.score != "off")
    if sum(map(len, hits.values())) < _ENOUGH:
        return ()
    parts = [
        f"{sum(hits[sure])} of {len(hits[sure])} when {name}"
        for sure, name in _NAMES.items()
        if sure in hits
    ]
    return (f"Right or close: {', '.join(parts)}. {_verdict(hits)}",)


def _verdict(hits: Mapping[Sure, list[bool]]) -> str:
    if _share(hits.get(3, ())) < 1 / 2 or _share(hits.get(2, ())) < 1 / 3:
        return "You were sure more often than you were right: check first where you feel surest."
    if 1 in hits and _share(hits[1]) > 1 / 2:
        return "You know more than you think: most of your guesses were right."
    return "You judge well what you know."


def _share(hits: Sequence[bool]) -> float:
    """Return the part that is true; 1 if there is nothing."""
    return sum(hits) / len(hits) if hits else 1.0
