"""What the names in an answer stand for: imports, objects made above it, and its own helpers."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any


def names_behind(tree: ast.AST, answer: object) -> frozenset[str]:
    """Return the names under which torch knows what a function uses under names of its own.

    For a function that the learner has written above and that is called here, these are the names
    in its code.

    Examples
    --------
    >>> from torch.func import grad as slope_of
    >>> names = {"slope_of": slope_of}
    >>> answer = FunctionType((lambda f: slope_of(f)).__code__, names)
    >>> "torch.func" in names_behind(ast.parse("slope_of(f)"), answer)
    True
    """
    if not isinstance(answer, FunctionType):
        return frozenset()
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = (answer.__globals__[name] for name in used if name in answer.__globals__)
    return frozenset(name for each in found for name in _known_as(each, answer))


def _known_as(thing: Any, answer: FunctionType) -> Iterator[str]:
    if isinstance(thing, FunctionType) and thing.__globals__ is answer.__globals__:
        if thing is not answer:
            yield from thing.__code__.co_names
        return
    if isinstance(thing, ModuleType):
        yield from _parts(thing.__name__)
        return
    named = thing if inspect.isroutine(thing) or inspect.isclass(thing) else type(thing)
    module = str(getattr(named, "__module__", ""))
    if module.startswith("torch"):
        yield from _parts(module)
        yield str(getattr(named, "__qualname__", ""))


def _parts(module: str) -> Iterator[str]:
    if module != "torch":
        yield from (module, *module.split("."))
    if module.startswith("torch._functorch"):
        yield "torch.func"  # where its functions are public
