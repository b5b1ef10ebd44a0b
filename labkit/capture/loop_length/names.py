"""Names that an expression reads, and names whose value statements may change."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable, Iterator

from labkit.capture.loop_length.enclosing import Loop

_MUTATORS = frozenset(
    {"add", "append", "appendleft", "clear", "discard", "extend", "insert", "pop", "popitem"}
    | {"popleft", "remove", "update"}
)
"""Methods that change the length of a container."""


def names_read(node: ast.expr) -> frozenset[str]:
    """Return the variables that an expression reads, and its attributes with a dot before them."""
    names = (
        each.id if isinstance(each, ast.Name) else f".{each.attr}"
        for each in ast.walk(node)
        if isinstance(each, (ast.Name, ast.Attribute))
    )
    return frozenset(names)


@functools.lru_cache(maxsize=64)
def names_changed(loop: Loop) -> frozenset[str]:
    """Return the names whose value the body of a loop may change, in the form of `names_read`.

    Among them are containers of which the body calls a method that changes their length.
    """
    return frozenset(_changed(loop.body))


def names_assigned(loop: Loop) -> frozenset[str]:
    """Return the variables that a loop may assign."""
    nodes = list(ast.walk(loop))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
    return frozenset(stored.union(*map(_bound, nodes)))


def names_of_target(loop: Loop) -> frozenset[str]:
    """Return the variables that a loop assigns in each iteration."""
    return frozenset(_changed([loop.target] if isinstance(loop, ast.For) else [loop.test]))


def _changed(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in (inner for outer in nodes for inner in ast.walk(outer)):
        yield from _changed_by_access(node)
        yield from _bound(node)


def _changed_by_access(node: ast.AST) -> Iterator[str]:
    """Yield what a variable, an attribute or an item that is assigned or deleted changes."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.Attribute(attr=name, ctx=ast.Store() | ast.Del()):
            yield f".{name}"
        case ast.Attribute(value=owner, attr=name) if name in _MUTATORS:
            yield from names_read(owner)
        case ast.Subscript(value=owner, ctx=ast.Store() | ast.Del()):
            yield from names_read(owner)


def _bound(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement or a pattern binds without an expression."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.alias(name=name, asname=other):
            yield other or name
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name
        case ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from names
