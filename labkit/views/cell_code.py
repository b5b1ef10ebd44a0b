"""The code of a cell, compiled by IPython and executed in the notebook's namespace."""

from __future__ import annotations

import ast
import asyncio
import inspect
from types import CodeType
from typing import Any

from IPython.core.getipython import get_ipython
from IPython.display import display


class CellSyntaxError(Exception):
    """A cell that cannot be compiled; IPython displays it like the syntax error of a plain cell.

    Parameters
    ----------
    error : SyntaxError
    lines : list of str
        The displayed lines.
    """

    def __init__(self, error: SyntaxError, lines: list[str]) -> None:
        super().__init__(str(error))
        self._lines = lines

    def _render_traceback_(self) -> list[str]:
        return self._lines


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
    CellSyntaxError
        If the code cannot be compiled.
    """

    def __init__(self, first_line: str, body: str) -> None:
        shell: Any = get_ipython()
        self.namespace: dict[str, Any] = shell.user_ns
        try:
            self._compile(shell, first_line, body)
        except SyntaxError as error:
            lines = shell.SyntaxTB.structured_traceback(type(error), error, [])
            raise CellSyntaxError(error, lines) from None

    def _compile(self, shell: Any, first_line: str, body: str) -> None:
        transformed = shell.transform_cell(body)  # without blank lines at the beginning
        above, number = _lines_above(shell, first_line, body)
        self.name = f"cell [{number}]"
        name = shell.compile.cache(above + transformed, number, raw_code=above + body.strip())
        # Empty lines take the place of those above, so that line numbers are those of the cell.
        tree = shell.compile.ast_parse("\n" * above.count("\n") + transformed, filename=name)
        tree = shell.transform_ast(tree)
        self.is_empty = not tree.body
        last = tree.body[-1] if tree.body else None
        is_silent = shell.displayhook.semicolon_at_end_of_expression(transformed)
        flags = shell.compile.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        statements, value = tree.body, None
        if isinstance(last, ast.Expr) and not is_silent:
            statements, value = tree.body[:-1], ast.Expression(last.value)
        parts = [(ast.Module(statements, []), "exec"), (value, "eval")]
        self._codes: list[CodeType] = [
            compile(part, name, mode, flags, dont_inherit=True)
            for part, mode in parts
            if part is not None
        ]

    def run(self) -> None:
        """Execute the code, and display the value of an expression in its last line."""
        value = None
        if any(map(_is_coroutine, self._codes)):
            value = asyncio.run(self._execute_with_await())
        else:
            for code in self._codes:
                value = eval(code, self.namespace)  # noqa: S307 - the person's own cell
        if value is not None:
            display(value)  # type: ignore[no-untyped-call]

    async def _execute_with_await(self) -> Any:
        value = None
        for code in self._codes:
            value = eval(code, self.namespace)  # noqa: S307 - as above
            if _is_coroutine(code):
                value = await value
        return value


def _is_coroutine(code: CodeType) -> bool:
    return bool(code.co_flags & inspect.CO_COROUTINE)


def _lines_above(shell: Any, first_line: str, body: str) -> tuple[str, int]:
    """Return the text of the running cell above the body of a cell magic, and the cell's number."""
    history = shell.history_manager.input_hist_raw
    cell, end = history[-1].rstrip(), body.strip()
    if cell.endswith(end):  # the cell is in the history
        return cell.removesuffix(end), len(history) - 1
    blank = body[: len(body) - len(body.lstrip())]
    return f"{first_line}\n{blank}", shell.execution_count
