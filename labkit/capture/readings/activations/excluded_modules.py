"""Modules that are excluded from readings after two failures."""

from __future__ import annotations

from labkit.run import Run
from labkit.run.error_text import described

_MAX_FAILURES = 2
_MAX_NAMED = 5


class ExcludedModules:
    """Counts failures by module path, and contains the paths with at least two failures.

    Examples
    --------
    >>> excluded = ExcludedModules()
    >>> excluded.add("rnn", TypeError("no tensor"))
    >>> "rnn" in excluded
    False
    >>> excluded.add("rnn", TypeError("no tensor"))
    >>> "rnn" in excluded
    True
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._unnoticed: dict[str, Exception] = {}

    def __contains__(self, path: str) -> bool:
        return self._failures.get(path, 0) >= _MAX_FAILURES

    def add(self, path: str, error: Exception) -> None:
        """Count one failure of a module."""
        self._failures[path] = self._failures.get(path, 0) + 1
        if self._failures[path] == _MAX_FAILURES:
            self._unnoticed[path] = error

    def notify(self, run: Run) -> None:
        """Add a notice that names the modules excluded since the last notice."""
        unnoticed, self._unnoticed = self._unnoticed, {}
        if not unnoticed:
            return
        names = [name or "the model itself" for name in unnoticed]
        more = f" and {len(names) - _MAX_NAMED} more" if len(names) > _MAX_NAMED else ""
        error = next(iter(unnoticed.values()))
        run.add_notice(
            "activations",
            f"labkit could not read the activations of {', '.join(names[:_MAX_NAMED])}{more} and "
            "leaves them out from now on; the other modules are read, training is not affected. "
            f"({described(error)})",
        )
