"""Ways that a task forbids, recognised in what an answer does, or in its source code."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from labkit.learn.checks.executed import Executed, executed_by
from labkit.learn.checks.source import Source
from labkit.learn.checks.trial import Case, Trial

_LOOPS = (
    ast.For,
    ast.While,
    ast.AsyncFor,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
# Differentiating backward, and forward.
_OF_AUTOGRAD = ("backward", "grad", "_make_dual")
_MOST_MORE_STEPS = 5


def _never(_: object) -> bool:
    return False


@dataclass(frozen=True)
class Forbidden:
    """A way that the task forbids.

    Attributes
    ----------
    name : str
        A short name for it, stored in the progress file.
    message : str
        What to do without it.
    found_in : callable
        Takes the `Source`; True where this way is written there.
    seen_in : callable
        Takes the `Trial`; True where this way was taken. Asked if nothing is found in the source.
    """

    name: str
    message: str
    _: KW_ONLY
    found_in: Callable[[Source], bool] = _never
    seen_in: Callable[[Trial], bool] = _never

    def is_taken(self, trial: Trial) -> bool:
        """Whether an answer takes this way."""
        return self.found_in(trial.source) or self.seen_in(trial)


def loops(message: str, *, sizes: tuple[Case, Case] | None = None) -> Forbidden:
    """Forbid loops: ``for``, ``while``, comprehensions and ``map``.

    Parameters
    ----------
    message : str
    sizes : tuple of two Case, optional
        A small and a large input. With them, a loop is recognised by its work, wherever it is
        written: the large input takes more steps of Python.

    Examples
    --------
    >>> loops("Without a loop, please.").found_in(Source(ast.parse("[x for x in y]")))
    True
    """
    if sizes is None:
        return Forbidden("loops", message, found_in=_has_a_loop)
    return Forbidden(
        "loops", message, found_in=_loops_unseen, seen_in=lambda trial: _grows(trial, *sizes)
    )


def _has_a_loop(source: Source) -> bool:
    return source.has(*_LOOPS) or source.mentions("map")


def _loops_unseen(source: Source) -> bool:
    """Whether numbers are visited one by one inside of C, where no step of Python is seen."""
    mapped = source.mentions("map", "starmap") and source.mentions("tolist", "numpy")
    return mapped or source.mentions("frompyfunc")


def _grows(trial: Trial, small: Case, large: Case) -> bool:
    few, many = (_executed(trial, case).steps for case in (small, large))
    return many - few > _MOST_MORE_STEPS


def _executed(trial: Trial, case: Case) -> Executed:
    return executed_by(trial.answer, case.build())  # type: ignore[arg-type]


def names(*forbidden: str, message: str, name: str = "names") -> Forbidden:
    """Forbid variables and attributes of these names, as ``names("backward", message=...)``.

    Examples
    --------
    >>> found = names("backward", message="By hand, please.").found_in
    >>> found(Source(ast.parse("loss.backward()"))), found(Source(ast.parse("2 * x")))
    (True, False)
    """
    return Forbidden(name, message, found_in=lambda source: source.mentions(*forbidden))


def calls(
    *functions: str, modules: tuple[str, ...] = (), message: str, name: str = "calls"
) -> Forbidden:
    """Forbid calls of functions of torch, under whatever name, and in whatever function.

    Parameters
    ----------
    *functions : str
        The beginning of their names: ``"conv"`` stands for ``conv2d``, too.
    modules : tuple of str
        Modules of Python none of whose functions may run, together with all that they contain.
    message, name : str

    Examples
    --------
    >>> import torch
    >>> from labkit.learn.checks import Exercise, check_answer
    >>> by_hand = calls("mean", message="Add up, and divide.", name="mean_called")
    >>> mean = Exercise("mean", "The mean.", solution=lambda x: x.mean(),
    ...     cases=(Case(torch.ones(3)),), praise="Yes.", hints=("", "", ""), forbids=(by_hand,))
    >>> own = torch.mean
    >>> check_answer(mean, lambda x: own(x)).mistake
    'mean_called'
    """

    def are_called(trial: Trial) -> bool:
        return any(
            any(called.startswith(functions) for called in ran.functions)
            or any(
                f"{module}.".startswith(f"{each}.") for module in ran.modules for each in modules
            )
            for ran in (_executed(trial, call.case) for call in trial.calls)
        )

    return Forbidden(name, message, seen_in=are_called)


def autograd(message: str) -> Forbidden:
    """Forbid derivatives that autograd computes, backward or forward, by any of its functions.

    Examples
    --------
    >>> autograd("By hand, please.").name
    'autograd'
    """

    def is_asked(trial: Trial) -> bool:
        ran = (_executed(trial, call.case).functions for call in trial.calls)
        return any(not functions.isdisjoint(_OF_AUTOGRAD) for functions in ran)

    return Forbidden("autograd", message, seen_in=is_asked)
