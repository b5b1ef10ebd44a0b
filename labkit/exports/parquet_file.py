"""Writes the series of a run as Parquet, with pyarrow."""

from __future__ import annotations

from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from labkit.exports.csv_file import STEP, column_name
from labkit.exports.places import target
from labkit.exports.recorded_rows import recorded_series
from labkit.run import Run
from labkit.run.optional import import_optional
from labkit.run.printable import encodable


def to_parquet(run: Run, path: str | PathLike[str]) -> None:
    """Write all series as Parquet, with one row per step and one column per series.

    The column ``step`` is of int64, the others are of float32 and null where a series has no point.
    The schema's metadata has the name of the run.

    Parameters
    ----------
    run : Run
        Ended or not.
    path : str or path
        An existing file is replaced; its folder is created if necessary.

    Raises
    ------
    ImportError
        If pyarrow is not installed.

    Examples
    --------
    >>> import tempfile, pandas
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_parquet(run, f"{folder}/run.parquet")
    ...     pandas.read_parquet(f"{folder}/run.parquet").to_dict("list")
    {'step': [0], 'accuracy': [0.5]}
    """
    pyarrow = import_optional("pyarrow", needed_by="to_parquet()")
    parquet = import_optional("pyarrow.parquet", needed_by="to_parquet()")
    series = recorded_series(run)
    every: NDArray[np.int64] = np.unique(
        np.concatenate([np.empty(0, np.int64), *(steps for steps, _ in series.values())])
    )
    columns = {STEP: pyarrow.array(every)}
    for name, (steps, values) in series.items():
        places = np.searchsorted(every, steps)
        whole = np.zeros(len(every), np.float32)
        whole[places] = values
        missing = np.ones(len(every), bool)
        missing[places] = False
        columns[column_name(name)] = pyarrow.array(whole, mask=missing)
    table = pyarrow.table(columns)
    parquet.write_table(
        table.replace_schema_metadata({"labkit.run": encodable(run.name)}), fspath(target(path))
    )
