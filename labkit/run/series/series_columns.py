"""The columns of a table of series: their names, and the assignment of values to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from labkit.run.notices import NoticeLog
from labkit.run.series.buckets import Floats

MAX_COLUMNS = 4096
"""Number of columns up to which a table can be widened; one created with more is not widened."""


class _Selection(NamedTuple):
    """The columns that belong to a sequence of names."""

    names: tuple[str, ...]
    """The requested names."""
    column_index: dict[str, int]
    """`Columns.index` at the time of the lookup."""
    columns: NDArray[np.intp]
    """Column indices of the known names."""
    known: NDArray[np.bool_]
    """Whether each name has a column."""
    is_prefix: bool
    """Whether the names are those of the first columns, in order."""


class Columns:
    """The column names of one table.

    Parameters
    ----------
    id : str
        Id of the table, for notices.
    names : sequence of str
        One name per column.
    notices : NoticeLog

    Attributes
    ----------
    names : tuple of str
        Only ever extended at the end.
    index : dict of str to int
        The column of each name; replaced, not modified, when columns are added.
    """

    def __init__(self, id: str, names: Sequence[str], notices: NoticeLog) -> None:
        self.names = tuple(names)
        self.index = {name: column for column, name in enumerate(self.names)}
        self._id = id
        self._notices = notices
        self._limit = max(MAX_COLUMNS, len(self.names))
        self._selection = _Selection(
            (), self.index, np.empty(0, np.intp), np.empty(0, bool), is_prefix=True
        )

    def __len__(self) -> int:
        return len(self.names)

    def add(self, names: Sequence[str]) -> tuple[str, ...]:
        """Append columns for the missing names, up to the limit; not thread-safe.

        Returns
        -------
        tuple of str
            The names for which there is no room.
        """
        missing = [name for name in dict.fromkeys(names) if name not in self.index]
        room = max(0, self._limit - len(self.names))
        added = missing[:room]
        columns = enumerate(added, start=len(self.names))
        self.names = (*self.names, *added)
        self.index = {**self.index, **{name: column for column, name in columns}}
        return tuple(missing[room:])

    def row_of(self, names: tuple[str, ...], values: Floats) -> Floats:
        """Return a row with values in some columns and NaN in the others.

        Values of unknown names are dropped, with a notice. The lookup of the columns is cached for
        consecutive calls with equal names.

        Parameters
        ----------
        names : tuple of str
        values : ndarray, shape (n_names,), dtype float32

        Returns
        -------
        ndarray, shape (n_columns,), dtype float32
            `values` itself if the names are those of the first columns, shape (n_names,).
        """
        selection = self._selection
        if selection.column_index is not self.index or selection.names != names:
            selection = self._select(names)
        if selection.is_prefix:
            return values
        row = np.full(len(self.names), np.nan, np.float32)
        row[selection.columns] = values[selection.known]
        return row

    def truncated(self, values: Floats) -> Floats:
        """Return rows, shape (..., n), without the values beyond the last column, with a notice."""
        width = len(self.names)
        if values.shape[-1] <= width:
            return values
        self._notices.add(
            "series",
            f"Rows of {self._id} held more values than the series has columns ({width}); what was "
            "beyond them is not recorded.",
        )
        return values[..., :width]

    def _select(self, names: tuple[str, ...]) -> _Selection:
        index = self.index
        known = np.array([name in index for name in names], bool)
        columns = np.array([index[name] for name in names if name in index], np.intp)
        is_prefix = bool(known.all()) and columns.tolist() == list(range(len(columns)))
        self._selection = selection = _Selection(names, index, columns, known, is_prefix)
        if not known.all() and len(self.names) < self._limit:
            self._notices.add(
                "series",
                f"Values were read for {self._id} that it has no columns for; they are not "
                "recorded.",
            )
        return selection
