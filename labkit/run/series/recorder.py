"""The tables of series of one run, and the lookup of series by name."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.run.notices import NoticeLog
from labkit.run.series.journal import Journal
from labkit.run.series.kinds import series_name
from labkit.run.series.series_table import MAX_COLUMNS, SeriesTable

_MAX_TABLES = 1024


class Recorder:
    """The tables of one run, by id. All rows of a run are written through its recorder.

    Parameters
    ----------
    notices : NoticeLog, optional
        Receives a notice when values are not recorded.

    Notes
    -----
    The methods are safe on any thread. A thread waits for another one at most while rows are being
    copied.

    Examples
    --------
    A module that was not called has NaN in the table, and no point in its series:

    >>> recorder = Recorder()
    >>> recorder.table("act_mean", "act_mean", ["a"]).append(1, [0.5])
    >>> table = recorder.table("act_mean", "act_mean", ["a", "b"])
    >>> table.append_columns(2, ["b"], [0.25])
    >>> table.whole().values.tolist()
    [[0.5, nan], [nan, 0.25]]
    >>> table, column = recorder.find("act_mean/b")
    >>> table.points(column)[0].tolist()
    [2]
    """

    def __init__(self, notices: NoticeLog | None = None) -> None:
        self._notices = NoticeLog() if notices is None else notices
        self._journal: Journal | None = None
        self._tables: dict[str, SeriesTable] = {}
        self._series: dict[str, tuple[SeriesTable, int]] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._series

    @property
    def tables(self) -> dict[str, SeriesTable]:
        """The tables by id, in the order of creation."""
        return dict(self._tables)

    @property
    def refused(self) -> int:
        """Number of rows that were not recorded because their steps did not increase."""
        return sum(table.refused for table in list(self._tables.values()))

    def write_to(self, journal: Journal) -> None:
        """Add all rows that are stored from now on to a journal, also those of later tables."""
        self._journal = journal
        for table in self.tables.values():
            table.write_to(journal)

    def names(self) -> list[str]:
        """Return the names of all series with points, in the order of their first appearance."""
        found = {id(table): table.has_points() for table in list(self._tables.values())}
        series = self._series.copy()  # atomic, unlike a list of its items
        return [
            name
            for name, (table, column) in series.items()
            if column < len(found.get(id(table), ())) and found[id(table)][column]
        ]

    def find(self, name: str) -> tuple[SeriesTable, int]:
        """Return the table and the column index of a series.

        Raises
        ------
        KeyError
            If there is no series of that name.
        """
        return self._series[name]

    def table(self, id: str, kind: str, names: Sequence[str]) -> SeriesTable:
        """Return the table of an id; create it, or append missing columns, if necessary.

        Parameters
        ----------
        id, kind : str
            As for `SeriesTable`.
        names : sequence of str
            The required columns. Missing ones are appended; older rows are NaN there.

        Returns
        -------
        SeriesTable
            Has at most 4,096 columns, unless it was created with more. A run has at most 1,024
            tables. Values beyond these limits are not recorded, with a notice.

        Raises
        ------
        ValueError
            If the table exists with another kind.
        """
        table = self._tables.get(id)
        if table is None:
            if len(self._tables) >= _MAX_TABLES:
                self._notices.add(
                    "series",
                    f"A run holds at most {_MAX_TABLES:,} tables of series; what comes under "
                    "further names is not recorded.",
                )
                return SeriesTable(id, kind, names)
            new = SeriesTable(id, kind, names, self._notices)
            if self._journal is not None:
                new.write_to(self._journal)
            table = self._tables.setdefault(id, new)
            self._register(table, 0)
        if table.kind != kind:
            raise ValueError(f"the table {id!r} is of kind {table.kind!r}, not {kind!r}.")
        known = table.names
        if table.widen(names):
            self._notices.add(
                "series",
                f"The series of {id} are of {MAX_COLUMNS:,} parameters or modules at most; "
                "further ones are not recorded.",
            )
        if table.names is not known:
            self._register(table, len(known))
        return table

    def _register(self, table: SeriesTable, first: int) -> None:
        """Register the series of the columns from index `first` on."""
        for column, name in enumerate(table.names[first:], start=first):
            self._series[series_name(table.kind, name)] = (table, column)
