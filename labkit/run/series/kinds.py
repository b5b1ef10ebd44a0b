"""The kinds of series that labkit records, and the series names that are reserved for them."""

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
"""Kinds that are read at some steps only."""
WHOLE_KINDS = frozenset({"loss", "lr", "metric"})
"""Kinds in which NaN is a recorded value; in all other kinds NaN means "not read"."""
SHARD_KINDS = {
    "grad_norm_shard": "grad_norm",
    "grad_norm_unclipped_shard": "grad_norm_unclipped",
}
"""Kinds of norms of the parts that one process holds, and those of the norms of the whole.

They are stored in `RunRecord.shards`, apart from the series of the run.
"""
_UNPREFIXED = frozenset({"loss", "metric"})
"""Kinds whose series names do not start with the kind."""


def series_name(kind: str, column: str) -> str:
    """Return the series name of a column, as used by `Run.series`.

    Examples
    --------
    >>> series_name("loss", "loss/G"), series_name("grad_norm", "fc.weight")
    ('loss/G', 'grad_norm/fc.weight')
    """
    return column if kind in _UNPREFIXED else f"{kind}/{column}"


def is_reserved(name: str) -> bool:
    """Return whether a series name is reserved for series that labkit records.

    Reserved are ``"loss"``, the sampled kinds such as ``"grad_norm"``, and all names that start
    with one of these or with ``"lr"``, followed by a slash: ``"loss/G"``, ``"lr/0"``,
    ``"act_mean/conv1"``.

    Examples
    --------
    >>> is_reserved("loss"), is_reserved("lr/0"), is_reserved("val_loss"), is_reserved("lr")
    (True, True, False, False)
    """
    kind, slash, _ = name.partition("/")
    return kind in SAMPLED_KINDS or kind == "loss" or (kind == "lr" and bool(slash))
