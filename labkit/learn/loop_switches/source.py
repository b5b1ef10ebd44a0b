"""The lines of a learner's loop, and the same function without some of them.

A line that is switched off does nothing: a statement becomes ``pass``, and the lines below a
``with`` run without it. Loops, conditions and the calls of ``record`` cannot be switched off.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

RECORD = "record"
"""The function by which a loop reports its numbers."""
_EXAMPLE = (
    "Example: a function `train(model, optimizer, record)` with a loop that calls "
    "`record(loss=loss.item())`, defined in a cell of its own"
)


@dataclass(frozen=True)
class Line:
    """A line of the loop.

    Attributes
    ----------
    number : int
        Counted from 1, which is the ``def``.
    text : str
        The line with its indent.
    has_switch : bool
        Whether it can be switched off.
    """

    number: int
    text: str
    has_switch: bool


class LoopSource:
    """The source code of a function.

    Parameters
    ----------
    function : callable
        Defined with ``def`` in a cell or a file, outside other functions.

    Examples
    --------
    >>> def halve(record):
    ...     x = 8
    ...     x = x // 2
    ...     record(x=x)
    >>> halved = LoopSource(halve)
    >>> [line.has_switch for line in halved.lines]
    [False, True, True, False]
    >>> halved.without([3])(lambda x: print(x))
    8
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._text = _source_of(function)
        # Later cells of a notebook may assign the same names to other data, and a variable whose
        # line is off must not take its value from a variable of the notebook with the same name.
        own = function.__code__.co_varnames
        self._globals = {k: v for k, v in function.__globals__.items() if k not in own}
        self._name = function.__name__
        switches = {_line_of(node) for node in ast.walk(self._tree()) if _has_switch(node)}
        self.lines = tuple(
            Line(number, text, number in switches)
            for number, text in enumerate(self._text.splitlines(), start=1)
        )

    def numbers(self, texts: Iterable[str]) -> tuple[int, ...]:
        """Return the numbers of the lines with switches that begin with these texts.

        Raises
        ------
        ValueError
            If no line with a switch begins with one of them.
        """
        found: list[int] = []
        for text in texts:
            wanted = text.strip()
            fitting = [line.number for line in self._switched(wanted)]
            if not wanted or not fitting:
                known = ", ".join(
                    f"`{line.text.strip()}`" for line in self.lines if line.has_switch
                )
                raise ValueError(f"no line with a switch begins with {text!r}; there are {known}")
            found += fitting
        return tuple(sorted(set(found)))

    def text(self, number: int) -> str:
        """Return a line without its indent and without its comment."""
        return self.lines[number - 1].text.partition("  #")[0].strip()

    def without(self, numbers: Iterable[int]) -> Callable[..., Any]:
        """Return the function without these lines; its globals are those at the begin."""
        off = frozenset(numbers) & {line.number for line in self.lines if line.has_switch}
        tree = ast.fix_missing_locations(_WithoutLines(off).visit(self._tree()))
        namespace = dict(self._globals)
        exec(compile(tree, FILE, "exec"), namespace)  # noqa: S102 - the learner's own function
        changed: Callable[..., Any] = namespace[self._name]
        return changed

    def _switched(self, wanted: str) -> list[Line]:
        return [
            line for line in self.lines if line.has_switch and line.text.strip().startswith(wanted)
        ]

    def _tree(self) -> ast.Module:
        tree = ast.parse(self._text)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                node.decorator_list = []
        return tree


FILE = "<training loop>"
"""The name of the file in tracebacks."""


class _WithoutLines(ast.NodeTransformer):
    """Replaces the statements that begin in some lines."""

    def __init__(self, numbers: frozenset[int]) -> None:
        self._numbers = numbers

    def generic_visit(self, node: ast.AST) -> ast.AST:
        visited = super().generic_visit(node)
        if not _has_switch(visited) or _line_of(visited) not in self._numbers:
            return visited
        if isinstance(visited, ast.With):
            always = ast.If(ast.Constant(value=True), visited.body, [])
            return ast.copy_location(always, visited)
        return ast.copy_location(ast.Pass(), visited)


def _has_switch(node: ast.AST) -> bool:
    if isinstance(node, ast.With):
        return True
    if isinstance(node, ast.Expr):
        return not isinstance(node.value, ast.Constant) and not _records(node)
    return isinstance(node, ast.Assign | ast.AugAssign) and not _records(node)


def _line_of(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _records(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Name) and each.id == RECORD for each in ast.walk(node))


def with_own_globals(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with a copy of its globals, which later cells do not change."""
    if not isinstance(function, FunctionType):
        return function
    own = FunctionType(
        function.__code__,
        dict(function.__globals__),
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    own.__kwdefaults__ = function.__kwdefaults__
    return own


def _source_of(function: Callable[..., Any]) -> str:
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        raise TypeError(f"this takes a function made with `def`, not {function!r}. {_EXAMPLE}")
    if function.__code__.co_freevars:
        raise ValueError(
            f"`{function.__name__}` uses variables of the function around it "
            f"({', '.join(function.__code__.co_freevars)}). {_EXAMPLE}"
        )
    try:
        return textwrap.dedent(inspect.getsource(function)).rstrip()
    except OSError as error:
        raise ValueError(
            f"the source code of `{function.__name__}` cannot be read. {_EXAMPLE}"
        ) from error
