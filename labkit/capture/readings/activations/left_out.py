"""Modules that could not be read: after two failures they are left out, and a notice says so."""

from __future__ import annotations

from labkit.run import Run

_MOST_FAILURES = 2
_MOST_NAMED = 5


class LeftOut:
    """Counts failures by module.

    Examples
    --------
    >>> left_out = LeftOut()
    >>> left_out.add("rnn", TypeError("no tensor"))
    >>> "rnn" in left_out
    False
    >>> left_out.add("rnn", TypeError("no tensor"))
    >>> "rnn" in left_out
    True
    """

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._unsaid: dict[str, Exception] = {}

    def __contains__(self, path: str) -> bool:
        return self._failures.get(path, 0) >= _MOST_FAILURES

    def add(self, path: str, error: Exception) -> None:
        """Count one failure of a module."""
        self._failures[path] = self._failures.get(path, 0) + 1
        if self._failures[path] == _MOST_FAILURES:
            self._unsaid[path] = error

    def notify(self, run: Run) -> None:
        """Add a notice that names the modules left out since the last one."""
        unsaid, self._unsaid = self._unsaid, {}
        if not unsaid:
            return
        names = [name or "the model itself" for name in unsaid]
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        error = next(iter(unsaid.values()))
        run.add_notice(
            "activations",
            f"labkit could not read the activations of {', '.join(names[:_MOST_NAMED])}{more} and "
            "leaves them out from now on; the other modules are read, training is not affected. "
            f"({_described(error)})",
        )


def _described(error: Exception) -> str:
    """Return an error as text, whatever its own `__str__` does."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # noqa: BLE001 - the message may be made by the user's code
        return type(error).__name__
