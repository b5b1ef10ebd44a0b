"""Finds the line of a function that calls an operation, in its source code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from types import CodeType

from labkit.capture.graph.source_lines import source_of

_SIGNS: dict[str, tuple[type[ast.operator], ...]] = {
    "div": (ast.Div, ast.FloorDiv),
    "mul": (ast.Mult,),
    "add": (ast.Add,),
    "sub": (ast.Sub,),
    "pow": (ast.Pow,),
    "mm": (ast.MatMult,),
}
_ALSO_CALLED = {
    "logsoftmax": ("logsoftmax", "crossentropy"),
    "nllloss": ("nllloss", "crossentropy"),
    "linalgvectornorm": ("norm", "vectornorm"),
    "pow": ("pow", "square"),
    "div": ("div", "divide", "truedivide"),
}


def line_of_operation(code: object, op: str, ordinal: int = 0, count: int = 1) -> str | None:
    """Return the line of a function that calls an operation, as ``"file:number"``.

    Parameters
    ----------
    code : function or code object
    op : str
        Name of the operation in graphs, for example ``"log"`` or ``"logsoftmax"``.
    ordinal, count : int
        Index of the operation among all operations of this name, and their number. If the source
        contains a different number of them, as with loops, the first one is returned.

    Returns
    -------
    str or None
        None if the source is not available or does not name the operation.
    """
    try:
        lines, start = _source(code)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    found = sorted(_lines(tree, op))
    if not found:
        return None
    place = found[ordinal] if len(found) == count else found[0]
    inner = code if isinstance(code, CodeType) else getattr(code, "__code__", None)
    if not isinstance(inner, CodeType):
        return None
    source = source_of((inner, max(start, 1) + place - 1))
    return None if source is None else f"{source.file}:{source.line}"


def _source(code: object) -> tuple[list[str], int]:
    """Return the lines of a function, or of the whole file or cell, and the first line's number."""
    if isinstance(code, CodeType) and code.co_name == "<module>":
        return inspect.findsource(code)[0], 1
    return inspect.getsourcelines(code)  # type: ignore[arg-type]


def _lines(tree: ast.AST, op: str) -> Iterator[int]:
    names, signs = _ALSO_CALLED.get(op, (op,)), _SIGNS.get(op, ())
    for node in ast.walk(tree):
        if (isinstance(node, ast.Call) and _called(node.func) in names) or (
            isinstance(node, ast.BinOp) and isinstance(node.op, signs)
        ):
            yield node.lineno


def _called(function: ast.expr) -> str:
    """Return the last part of a called name, normalized like the names of operations in graphs."""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return str(name).replace("_", "").lower()
