"""The loops of the source code in which a frame executes.

The bytecode says which instruction a frame executes, where that instruction is in the source, and
whether it may be in a loop at all; the syntax tree says in which one. What cannot be determined
without doubt is unknown: code without source, code that has changed since it was compiled,
generators and comprehensions.
"""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import itertools
import linecache
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType, FrameType

Span = tuple[int, int, int, int]
"""First line, last line, first column, last column; lines from 1 and columns from 0, in bytes."""

Loop = ast.For | ast.While

_UNKNOWN_NODES = (
    ast.AsyncFor,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)
_GENERATORS = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_MAX_LINES = 20_000
"""Longest file of which the code outside functions is parsed."""


@dataclass(frozen=True)
class Place:
    """The place in the source at which a frame executes.

    Attributes
    ----------
    span : tuple of int
        Where the instruction is in the source.
    loops : tuple of For or While
        The loops that contain it, outermost first.
    withs : tuple of (int, With)
        The ``with`` statements that contain it, each with the number of loops around it.
    """

    span: Span
    loops: tuple[Loop, ...] = ()
    withs: tuple[tuple[int, ast.With | ast.AsyncWith], ...] = ()


def place_of(frame: FrameType, instruction: int | None = None) -> Place | None:
    """Return the place at which a frame executes; None if its loops are unknown.

    Parameters
    ----------
    frame : FrameType
    instruction : int, optional
        Another instruction of the frame, as an offset in bytes.
    """
    code, offset = frame.f_code, frame.f_lasti if instruction is None else instruction
    span = next(itertools.islice(code.co_positions(), offset // 2, None), None)
    if code.co_flags & _GENERATORS or span is None or None in span:
        return None
    place = Place((span[0] or 0, span[1] or 0, span[2] or 0, span[3] or 0))
    if not any(first <= offset <= last for first, last in _jumps_back(code)):
        return place
    tree = _trees.get(code) or _parse(code, frame)
    return None if tree is None else _enclosing(tree, place, code)


def span_of(node: ast.expr | ast.stmt) -> Span:
    """Return where a node is in the source."""
    return (node.lineno, node.end_lineno or 0, node.col_offset, node.end_col_offset or 0)


def contains(node: ast.AST, span: Span) -> bool:
    """Return whether a part of the source is within a node."""
    if not isinstance(node, (ast.expr, ast.stmt)):
        return False
    first, last, begin, end = span_of(node)
    return (first, begin) <= (span[0], span[2]) and (span[1], span[3]) <= (last, end)


def _enclosing(tree: ast.AST, place: Place, code: CodeType) -> Place | None:
    loops: list[Loop] = []
    withs: list[tuple[int, ast.With | ast.AsyncWith]] = []
    for node, inner in itertools.pairwise(_path(tree, place.span)):
        if isinstance(node, _UNKNOWN_NODES) and inner not in getattr(node, "orelse", ()):
            return None
        if isinstance(node, ast.For) and inner in node.body:
            if not {span_of(node), span_of(node.iter)} & _spans_of_loops(code):
                return None  # the source is not that of the code
            loops.append(node)
        elif isinstance(node, ast.While) and inner not in node.orelse:
            loops.append(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            withs.append((len(loops), node))
    return Place(place.span, tuple(loops), tuple(withs))


def _path(node: ast.AST, span: Span) -> list[ast.AST]:
    """Return the nodes that contain a part of the source, outermost first."""
    for child in ast.iter_child_nodes(node):
        if hasattr(child, "lineno") and not contains(child, span):
            continue
        below = _path(child, span)
        if below or hasattr(child, "lineno"):
            return [node, *(below or [child])]
    return [node] if contains(node, span) else []


@functools.lru_cache(maxsize=256)
def _jumps_back(code: CodeType) -> tuple[tuple[int, int], ...]:
    """Return the first and the last instruction of what may be a loop, as offsets in bytes."""
    return tuple(
        (each.argval, each.offset)
        for each in dis.get_instructions(code)
        if "JUMP_BACKWARD" in each.opname and "NO_INTERRUPT" not in each.opname
    )


@functools.lru_cache(maxsize=64)
def _spans_of_loops(code: CodeType) -> frozenset[Span]:
    """Return where the ``for`` loops of compiled code were in its source."""
    return frozenset(
        _span_of_positions(each.positions)
        for each in dis.get_instructions(code)
        if each.opname == "FOR_ITER" and each.positions is not None
    )


def _span_of_positions(positions: dis.Positions) -> Span:
    return (
        positions.lineno or 0,
        positions.end_lineno or 0,
        positions.col_offset or 0,
        positions.end_col_offset or 0,
    )


_trees: dict[CodeType, ast.AST] = {}
"""The syntax trees of the newest code objects that were parsed."""
_MAX_TREES = 32


def _parse(code: CodeType, frame: FrameType) -> ast.AST | None:
    """Return the syntax tree of a function, or of a module or cell; None without its source."""
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    is_function = bool(code.co_flags & inspect.CO_OPTIMIZED)
    if not lines or (is_function and code.co_name.startswith("<")) or len(lines) > _MAX_LINES:
        return None
    if not is_function and not code.co_name.startswith(("<module>", "<cell line")):
        return None  # the body of a class
    try:
        tree = _parse_function(lines, code) if is_function else _parse_module(lines)
    except (SyntaxError, ValueError, IndexError, RecursionError):
        return None
    if tree is not None:
        if len(_trees) >= _MAX_TREES:
            _trees.clear()
        _trees[code] = tree
    return tree


def _parse_module(lines: Sequence[str]) -> ast.AST:
    """Return a file or a cell, of which a first line with a cell magic is not Python."""
    above = next((number for number, line in enumerate(lines) if line.strip()), 0)
    is_magic = lines[above].startswith("%%")
    return ast.parse("".join([*["\n"] * (above + 1), *lines[above + 1 :]] if is_magic else lines))


def _parse_function(lines: Sequence[str], code: CodeType) -> ast.AST | None:
    """Return the definition of a function, with the line numbers of the whole file."""
    first = code.co_firstlineno - 1
    block = inspect.getblock(list(lines[first:]))
    is_indented = block[0][:1].isspace()
    tree = ast.parse("".join(["if True:\n", *block] if is_indented else block))
    ast.increment_lineno(tree, first - is_indented)
    found = (node for node in ast.walk(tree) if _is_definition(node, code.co_name))
    return next(found, None)


def _is_definition(node: ast.AST, name: str) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name
