"""Separates the name of a metric into the quantity and the part of the data.

The frontend has the same rules (``frontend/src/views/curves/splits.ts``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SPLITS = "train|training|valid|validation|val|testing|test|evaluation|eval|dev|holdout"
_RANK = re.compile(r"(rank[0-9]+)/(.+)")
"""Series of another process that trains the same model."""
_SEPARATOR = "[ _./:-]+"
_PREFIX = re.compile(rf"({_SPLITS}){_SEPARATOR}(.+)", re.IGNORECASE)
_SUFFIX = re.compile(rf"(.+?){_SEPARATOR}({_SPLITS})", re.IGNORECASE)
_CAMEL_CASE = re.compile(rf"({_SPLITS})([A-Z])(.*)")
_REDUCTION = re.compile(rf"(.*[a-z0-9]){_SEPARATOR}(?:step|epoch)", re.IGNORECASE)
"""Lightning's names of a metric that is logged in each step and as the mean of an epoch."""
_KIND_OF_TEST = re.compile(
    r"(?:[a-z]|ab|a[ _-]b|chi2?|ks|unit|smoke|stress|turing)[ _./:-]+test", re.IGNORECASE
)
"""Names that end in "test" in the sense of statistics or of software."""
_MAX_LENGTH = 200
"""Longer names are not separated."""


class SplitName(NamedTuple):
    """What was measured, and the part of the data in lower case; None if the name has none."""

    quantity: str
    split: str | None


def split_of(name: str) -> SplitName:
    """Split a name at a whole word for a part of the data, at its begin or end.

    Examples
    --------
    >>> tuple(split_of("val_accuracy")), tuple(split_of("accuracy/test"))
    (('accuracy', 'val'), ('accuracy', 'test'))
    >>> tuple(split_of("trainLoss")), tuple(split_of("t_test"))
    (('loss', 'train'), ('t_test', None))
    >>> tuple(split_of("rank1/loss"))
    ('loss', 'rank1')
    """
    if len(name) > _MAX_LENGTH:
        return SplitName(name, None)
    if found := _RANK.fullmatch(name):
        quantity, split = _split_of_series(found[2])
        return SplitName(quantity, found[1] if split is None else f"{found[1]}/{split}")
    return _split_of_series(name)


def _split_of_series(name: str) -> SplitName:
    if found := _PREFIX.fullmatch(name):
        return _with_split(found[2], found[1])
    if found := _CAMEL_CASE.fullmatch(name):
        return _with_split(found[2].lower() + found[3], found[1])
    found = _SUFFIX.fullmatch(name)
    if found is None or _KIND_OF_TEST.fullmatch(name):
        return SplitName(name, None)
    return SplitName(found[1], found[2].lower())


def _with_split(rest: str, split: str) -> SplitName:
    reduced = _REDUCTION.fullmatch(rest)
    return SplitName(reduced[1] if reduced else rest, split.lower())
