"""The code of a cell, compiled by IPython and executed in the notebook's namespace."""

from __future__ import annotations

import ast
import asyncio
import inspect
from types import CodeType
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display


class CellCode:
    """The body of a cell below a cell magic.

    Magics, shell commands and ``await`` are those of IPython. Tracebacks show the lines and the
    number of the cell.

    Parameters
    ----------
    first_line : str
        The first line of the cell, with the magic.
    body : str
        The lines below.

    Attributes
    ----------
    name : str
        The cell's name in messages.
    namespace : dict of str to Any
        The namespace of the notebook.
    is_empty : bool
        Whether there is no statement.

    Raises
    ------
    SyntaxError
        If the code cannot be compiled.
    """

    def __init__(self, first_line: str, body: str) -> None:
        shell: Any = get_ipython()
        self.namespace: dict[str, Any] = shell.user_ns
        transformed = shell.transform_cell(body)  # without blank lines at the beginning
        above, number = _lines_above(shell, first_line, body)
        self.name = f"cell [{number}]"
        name = shell.compile.cache(above + transformed, number, raw_code=above + body.strip())
        # Empty lines take the place of those above, so that line numbers are those of the cell.
        tree = shell.compile.ast_parse("\n" * above.count("\n") + transformed, filename=name)
        tree = shell.transform_ast(tree)
        self.is_empty = not tree.body
        last = tree.body[-1] if tree.body else None
        self._value: CodeType | None = None
        flags = shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        is_silent = shell.displayhook.semicolon_at_end_of_expression(transformed)
        if isinstance(last, ast.Expr) and not is_silent:
            expression = ast.Expression(last.value)
            self._value = compile(expression, name, "eval", flags, dont_inherit=True)
            tree.body.pop()
        self._statements = compile(tree, name, "exec", flags, dont_inherit=True)

    def run(self) -> None:
        """Execute the code, and display the value of an expression in its last line."""
        self._execute(self._statements)
        if self._value is not None:
            value = self._execute(self._value)
            if value is not None:
                display(value)  # type: ignore[no-untyped-call]

    def _execute(self, code: CodeType) -> Any:
        value = eval(code, self.namespace)  # noqa: S307 - the person's own cell
        return asyncio.run(value) if code.co_flags & inspect.CO_COROUTINE else value


def _lines_above(shell: Any, first_line: str, body: str) -> tuple[str, int]:
    """Return the text of the running cell above the body of a cell magic, and the cell's number."""
    history = shell.history_manager.input_hist_raw
    cell, end = history[-1].rstrip(), body.strip()
    if cell.endswith(end):  # the cell is in the history
        return cell.removesuffix(end), len(history) - 1
    blank = body[: len(body) - len(body.lstrip())]
    return f"{first_line}\n{blank}", shell.execution_count
