"""`load`: opens the file of a run, also while it grows."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.run.loaded_run import LoadedRun


def load(path: str | os.PathLike[str]) -> LoadedRun:
    """Open the file of a run, which may still grow; torch is not needed.

    Parameters
    ----------
    path : path
        What ``lk.watch(model, save=...)`` or `Run.save` has written.

    Returns
    -------
    LoadedRun
        A run that all views display and that cannot be changed. While another process writes the
        file, on this machine or through a shared folder, the run and its views follow within a
        second or two.

    Raises
    ------
    TypeError
        If it is no path.
    FileNotFoundError
        If there is no such file.
    FileError
        A `ValueError`: it is not the file of a run, was written by a later version of labkit, or is
        damaged. Nothing that a file contains is executed.

    Examples
    --------
    >>> import tempfile
    >>> from labkit.run import Run
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     loaded = load(run.save(f"{folder}/demo.lab"))
    ...     loaded.close()
    >>> loaded.name, loaded.to_frame()["accuracy"].tolist()
    ('demo', [0.5])
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(
            f"lk.load takes the path of a run's file, not {type(path).__name__}. "
            'Example: lk.load("runs/mlp.lab")'
        )
    text = os.fspath(path)
    if not isinstance(text, str) or not text.strip():
        raise ValueError(
            f"lk.load takes the path of a run's file, not {text!r}. "
            'Example: lk.load("runs/mlp.lab")'
        )
    whole = os.path.expanduser(text)  # noqa: PTH111 - no error where there is no such user
    return LoadedRun(Path(whole).absolute())
