"""`compare`: views of several runs laid over each other and side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labkit.run import Run
from labkit.run.printable import shortened

if TYPE_CHECKING:
    from labkit.views import Comparison

MIN_RUNS, MAX_RUNS = 2, 8
"""Smallest and largest number of runs: more lines cannot be told apart by colour and dash."""
_MAX_LETTERS = 200
"""Maximum length of the name of a run."""
_EXAMPLE = 'Examples: lk.compare(run_a, run_b), lk.compare({"SGD": run_a, "Adam": run_b}).'


def compare(*runs: Run | Mapping[str, Run], names: Sequence[str] | None = None) -> Comparison:
    """Return a view that compares two to eight runs.

    It has the curves of all runs laid over each other, by step, epoch or time; the views of each
    run side by side, with one menu, one cursor and the same scales; and a table of what differs in
    configuration and results. The runs may still be growing.

    Parameters
    ----------
    *runs : Run, or one mapping of str to Run
        The runs in the order in which they are displayed, or by their names.
    names : sequence of str, optional
        Their names in the view; by default those of the runs. Equal names are numbered.

    Returns
    -------
    Comparison

    Raises
    ------
    TypeError
        If something else than runs is given, or something else than text as a name.
    ValueError
        If the number of runs is not 2 to 8, one is given twice, or there are not as many names.
    ImportError
        If ipywidgets or anywidget is not installed.

    Examples
    --------
    >>> from labkit.run import Run
    >>> comparison = compare(Run("mlp"), Run("mlp"))
    >>> comparison.names
    ['mlp', 'mlp (2)']
    >>> comparison.close()
    """
    found = _checked_runs(runs, names)
    given = list(found.values()) if isinstance(found, Mapping) else found
    chosen = _names_of(found, names)
    try:
        from labkit.views import Comparison
    except ImportError as error:
        raise ImportError(
            f"a view needs packages that cannot be imported here ({error}). "
            "run.to_frame() gives what a run recorded as a table."
        ) from error
    return Comparison(given, chosen)


def _checked_runs(
    runs: tuple[Any, ...], names: Sequence[str] | None
) -> Mapping[str, Run] | list[Run]:
    given: Mapping[str, Any] | list[Any] = list(runs)
    if len(runs) == 1 and isinstance(runs[0], Mapping):
        given = runs[0]
        if names is not None:
            raise TypeError(
                "compare was given names= and a mapping, whose keys are names as well; it takes "
                f"one of the two. {_EXAMPLE}"
            )
    each = list(given.values()) if isinstance(given, Mapping) else given
    wrong = next((run for run in each if not isinstance(run, Run)), None)
    if wrong is not None:
        raise TypeError(
            f"compare takes runs, as lk.watch returns them, or one mapping of names to runs, not "
            f"{type(wrong).__name__}. {_EXAMPLE}"
        )
    if not MIN_RUNS <= len(each) <= MAX_RUNS:
        raise ValueError(
            f"compare takes {MIN_RUNS} to {MAX_RUNS} runs, not {len(each)}. {_EXAMPLE}"
        )
    ids = [run.id for run in each]
    twice = next((run for run in each if ids.count(run.id) > 1), None)
    if twice is not None:
        raise ValueError(
            f"compare was given the run {twice.name!r} twice, or a copy of it from a file. "
            f"{_EXAMPLE}"
        )
    return given


def _names_of(runs: Mapping[str, Run] | list[Run], names: Sequence[str] | None) -> list[str]:
    if isinstance(runs, Mapping):
        chosen: list[Any] = list(runs)
    elif names is None:
        chosen = [run.name for run in runs]
    elif isinstance(names, str):
        raise TypeError(
            f"names={names!r} is one text, but each run needs a name. "
            'Example: lk.compare(run_a, run_b, names=["SGD", "Adam"])'
        )
    else:
        chosen = list(names)
    if len(chosen) != len(runs):
        raise ValueError(
            f"names has {len(chosen)} names for {len(runs)} runs. "
            'Example: lk.compare(run_a, run_b, names=["SGD", "Adam"])'
        )
    wrong = next((name for name in chosen if not isinstance(name, str)), None)
    if wrong is not None:
        raise TypeError(
            f"a name of a run is text, not {type(wrong).__name__}. "
            'Example: lk.compare(run_a, run_b, names=["SGD", "Adam"])'
        )
    return _unique([shortened(name, _MAX_LETTERS) for name in chosen])


def _unique(names: Sequence[str]) -> list[str]:
    """Return the names, the second and later ones of equal names with numbers."""
    found: list[str] = []
    for name in names:
        number, candidate = 2, name
        while candidate in found or (candidate != name and candidate in names):
            candidate = f"{name} ({number})"
            number += 1
        found.append(candidate)
    return found
