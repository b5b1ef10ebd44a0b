"""Statements because of which a loop may have fewer steps than iterations."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from labkit.capture.loop_length.enclosing import Loop, Span, contains, span_of

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
_LOOPS = (ast.For, ast.AsyncFor, ast.While)


def may_leave_out_steps(loop: Loop, step: Span) -> bool:
    """Return whether iterations of a loop may have no step, or not take place.

    This is so if the loop has a ``break`` or a ``return``, a ``continue`` before the step, or the
    step in a branch.

    Parameters
    ----------
    loop : For or While
    step : tuple of int
        Where in the source the step takes place, or the call that contains it.
    """
    return any(_may_leave_out(node, step) for node in _statements(loop.body))


def _may_leave_out(node: ast.AST, step: Span) -> bool:
    match node:
        case ast.Break() | ast.Return():
            return True
        case ast.Continue():
            return span_of(node)[0] < step[0]
        case ast.If() | ast.Match() | ast.Try():
            return any(contains(each, step) for each in _branches(node))
    return False


def _branches(node: ast.If | ast.Match | ast.Try) -> Iterator[ast.AST]:
    """Yield the statements that a node executes in some cases only."""
    match node:
        case ast.If(body=body, orelse=orelse):
            yield from (*body, *orelse)
        case ast.Match(cases=cases):
            yield from (each for case in cases for each in case.body)
        case ast.Try(handlers=handlers, orelse=orelse):
            yield from (*(each for handler in handlers for each in handler.body), *orelse)


def _statements(nodes: Iterable[ast.AST], *, is_inner: bool = False) -> Iterator[ast.AST]:
    """Yield the statements of a loop's body that concern this loop, of loops in it ``return``."""
    for node in nodes:
        if isinstance(node, _SCOPES):
            continue
        concerns_inner = is_inner and isinstance(node, (ast.Break, ast.Continue))
        if not concerns_inner:
            yield node
        if isinstance(node, _LOOPS):
            yield from _statements(node.body, is_inner=True)
            yield from _statements(node.orelse, is_inner=is_inner)
        else:
            yield from _statements(ast.iter_child_nodes(node), is_inner=is_inner)
