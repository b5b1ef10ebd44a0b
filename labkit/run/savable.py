"""A run that can be written to a file."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.run.exportable import ExportableRun
from labkit.run.file.copying import write_copy
from labkit.run.file.paths import saving_path
from labkit.run.file.run_file import RunFile
from labkit.run.ranks import rank_path, save_key
from labkit.run.state import RunState


class SavableRun(ExportableRun):
    """Adds to a run the file that it is written to, once or while it goes on.

    Attributes
    ----------
    id, started_at
        See `Run`.
    save_key : str
        What names the same run in other processes; ``""`` if it is not saved.
    """

    id: str
    started_at: float

    def __init__(self, budget: float) -> None:
        super().__init__(budget)
        self.save_key = ""
        self._path: Path | None = None
        self._file: RunFile | None = None

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the state of the run at this moment."""
        raise NotImplementedError

    @property
    def path(self) -> Path | None:
        """The file that the run is written to or was read from; None without one."""
        if self._file is None:
            return self._path
        return self._file.path if self._file.exists else None

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write what the run has recorded until now to a file, which `labkit.load` opens.

        Of a long run, the older steps are those that are in memory: the extremes of groups of
        steps. ``lk.watch(model, save=...)`` writes all of them, while the run goes on.

        Parameters
        ----------
        path : path
            A file of a run that is there is replaced. The file that the run is written to anyway
            is brought up to date. A folder, or a text that ends with a slash, gets a file with the
            name of the run and the time. Of several processes that train together, those of other
            ranks than 0 write beside it: ``mlp.rank1.lab`` for ``mlp.lab``.

        Returns
        -------
        Path
            The absolute path of the file.

        Raises
        ------
        TypeError, ValueError
            If it is no path, or there is a file of another kind.
        OSError
            If the file cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> from labkit.run.loaded_run import LoadedRun
        >>> from labkit.run.run import Run
        >>> run = Run("demo")
        >>> run.log(accuracy=0.5)
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     loaded = LoadedRun(run.save(f"{folder}/demo.lab"))
        ...     loaded.close()
        >>> loaded.series("accuracy")[1].tolist()
        [0.5]
        """
        target = saving_path(path, self.name)
        if self._is_own_file(target):
            return target if self._file is None else self._file.write_now()
        rank = 0 if self.ranks is None else self.ranks.rank
        if rank and not target.stem.endswith(f".rank{rank}"):
            target = rank_path(target, rank)
        write_copy(self, target)
        return target

    def _is_own_file(self, path: Path) -> bool:
        """Return whether the run is written to a file, or was read from it."""
        own = self.path
        if own is None or (self._file is None and not own.is_file()):
            return False
        return own == path or (own.is_file() and path.is_file() and own.samefile(path))

    def save_continuously(self, path: Path, limit: int, given: str = "") -> None:
        """Write the run to a file on a thread of its own until it ends; see `RunFile`.

        A file that cannot be created is a notice and a warning. `given` is the path as it was
        given, by which several processes find each other's files.
        """
        self.save_key = save_key(given)
        self._file = RunFile(self, path, limit, self._notices)

    def end_file(self, *, wait: bool) -> None:
        """Write what the file lacks and close it; has no effect on a run that is not saved.

        Parameters
        ----------
        wait : bool
            Whether to return when the file is complete; a finalizer does not wait.
        """
        if self._file is not None:
            self._file.end(wait=wait)
