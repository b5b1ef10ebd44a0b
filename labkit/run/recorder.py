"""The only writer of a run's rows: its tables, and the names of their series."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.run.kinds import series_name
from labkit.run.notices import NoticeLog
from labkit.run.series_table import MOST_COLUMNS, SeriesTable

_MOST_TABLES = 1024


class Recorder:
    """The tables of one run, by their ids.

    Parameters
    ----------
    notices : NoticeLog, optional
        Where it is noted that something could not be written.

    Notes
    -----
    Any thread may write and read; none waits for another longer than rows take to be copied.

    Examples
    --------
    A module that is not called has NaN in the table, and no point in its series:

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
        self._tables: dict[str, SeriesTable] = {}
        self._series: dict[str, tuple[SeriesTable, int]] = {}

    @property
    def tables(self) -> dict[str, SeriesTable]:
        """The tables by their ids, in the order in which they were made."""
        return dict(self._tables)

    @property
    def refused(self) -> int:
        """Rows that were not written, as their steps did not rise."""
        return sum(table.refused for table in list(self._tables.values()))

    def names(self) -> list[str]:
        """Return the names of all series that have points, in the order in which they appeared."""
        found = {id(table): table.has_points() for table in list(self._tables.values())}
        return [
            name
            for name, (table, column) in list(self._series.items())
            if column < len(found.get(id(table), ())) and found[id(table)][column]
        ]

    def find(self, name: str) -> tuple[SeriesTable, int]:
        """Return the table and the column of a series.

        Raises
        ------
        KeyError
            If there is no series of that name.
        """
        return self._series[name]

    def table(self, id: str, kind: str, names: Sequence[str]) -> SeriesTable:
        """Return the table of an id, made at first use and widened by the names it lacks.

        Parameters
        ----------
        id : str
        kind : str
            As of `SeriesTable`.
        names : sequence of str
            Columns that the table has to have. New ones are appended at its end; older rows hold
            NaN there.

        Returns
        -------
        SeriesTable
            A table is widened up to 4,096 columns, and a run has at most 1,024 tables; beyond
            that a notice says that values are not recorded.

        Raises
        ------
        ValueError
            If the table is of another kind.
        """
        table = self._tables.get(id)
        if table is None:
            if len(self._tables) >= _MOST_TABLES:
                self._notices.add(
                    "series",
                    f"A run holds at most {_MOST_TABLES:,} tables of series; what comes under "
                    "further names is not recorded.",
                )
                return SeriesTable(id, kind, names)
            table = self._tables.setdefault(id, SeriesTable(id, kind, names, self._notices))
            self._name(table, 0)
        if table.kind != kind:
            raise ValueError(f"the table {id!r} is of kind {table.kind!r}, not {kind!r}.")
        known = len(table.names)
        if table.widen(names):
            self._notices.add(
                "series",
                f"The series of {id} are of {MOST_COLUMNS:,} parameters or modules at most; "
                "further ones are not recorded.",
            )
        self._name(table, known)
        return table

    def _name(self, table: SeriesTable, known: int) -> None:
        """Enter the series of a table's columns from a place on."""
        for column, name in enumerate(table.names[known:], start=known):
            self._series[series_name(table.kind, name)] = (table, column)
