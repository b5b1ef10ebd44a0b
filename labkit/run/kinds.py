"""The kinds of series that labkit records, and which names of series are therefore its own."""

from __future__ import annotations

SAMPLED_KINDS = frozenset(
    {
        "grad_norm",
        "grad_norm_unclipped",
        "weight_norm",
        "update_ratio",
        "grad_zeros",
        "grad_not_finite",
        "grad_cosine",
        "grad_noise",
        "act_mean",
        "act_std",
        "act_saturated",
        "act_dead",
        "act_grad",
    }
)
"""Kinds that are read in some of the steps."""
WHOLE_KINDS = frozenset({"loss", "lr", "metric"})
"""Kinds in which NaN is a value; in all others it stands for "not read"."""
_BARE = frozenset({"loss", "metric"})
"""Kinds whose series are called by their names alone."""


def series_name(kind: str, column: str) -> str:
    """Return what `Run.series` calls a column.

    Examples
    --------
    >>> series_name("loss", "loss/G"), series_name("grad_norm", "fc.weight")
    ('loss/G', 'grad_norm/fc.weight')
    """
    return column if kind in _BARE else f"{kind}/{column}"


def is_reserved(name: str) -> bool:
    """Return whether a name is one that labkit gives to its own series, in this run or another.

    Reserved are ``"loss"``, the sampled kinds (``"grad_norm"``), and whatever begins with one of
    them or with ``"lr"`` and a slash (``"loss/G"``, ``"lr/0"``, ``"act_mean/conv1"``).

    Examples
    --------
    >>> is_reserved("loss"), is_reserved("lr/0"), is_reserved("val_loss"), is_reserved("lr")
    (True, True, False, False)
    """
    kind, slash, _ = name.partition("/")
    return kind in SAMPLED_KINDS or kind == "loss" or (kind == "lr" and bool(slash))
