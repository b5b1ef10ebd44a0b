"""The source code of an answer: what it mentions, and which arguments it ignores.

The code is only parsed, never run. Where it cannot be read (a lambda inside an expression, a
built-in), nothing is claimed about it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from labkit.learn.checks.names_behind import names_behind


@dataclass(frozen=True)
class Source:
    """The parsed source code of an answer.

    Attributes
    ----------
    tree : ast.AST or None
        The function or class; None if the source code is not available.
    behind : frozenset of str
        What the names in it stand for, where these are names of the learner's own.
    """

    tree: ast.AST | None = None
    behind: frozenset[str] = frozenset()

    def mentions(self, *names: str) -> bool:
        """Whether one of these names occurs, as a variable, an attribute, a string or an import.

        Names of the learner's own, as in ``import ... as ...``, count for what they stand for.

        With a dot, as in ``"torch.func"``, the whole of an attribute is compared, or the module of
        an import.
        """
        return any(name in names for name in (*self._names(), *self.behind))

    def has(self, *kinds: type[ast.AST]) -> bool:
        """Whether a node of one of these types occurs, as ``ast.Return``."""
        return any(isinstance(node, kinds) for node in self._nodes())

    def calls(self, *names: str) -> bool:
        """Whether a function or method of one of these names is called."""
        return any(
            isinstance(node, ast.Call)
            and getattr(node.func, "attr", getattr(node.func, "id", None)) in names
            for node in self._nodes()
        )

    def assigns(self, *names: str) -> bool:
        """Whether one of these variables gets a new value, by ``=`` or in place."""
        return any(
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in names
            for node in self._nodes()
        )

    def renames(self, *names: str) -> bool:
        """Whether one of these variables gets another object, by ``=`` and not in place.

        Examples
        --------
        >>> Source(ast.parse("w -= 1")).renames("w"), Source(ast.parse("w = w - 1")).renames("w")
        (False, True)
        """
        return any(
            isinstance(target, ast.Name) and target.id in names
            for node in self._nodes()
            if isinstance(node, ast.Assign)
            for target in node.targets
        )

    def calls_on(self, variable: str, *methods: str) -> bool:
        """Whether one of these methods of a variable is called, as in ``w.zero_()``."""
        return any(
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in methods
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == variable
            for node in self._nodes()
        )

    def returns_call(self, *names: str) -> bool:
        """Whether what a call of one of these functions or methods gives is returned."""
        return any(
            isinstance(node, ast.Return)
            and isinstance(node.value, ast.Call)
            and getattr(node.value.func, "attr", getattr(node.value.func, "id", None)) in names
            for node in self._nodes()
        )

    @property
    def never_returns(self) -> bool:
        """Whether it is a function without a ``return`` that gives something back."""
        return isinstance(self.tree, ast.FunctionDef) and not any(
            isinstance(node, ast.Return) and node.value is not None for node in self._nodes()
        )

    def returned_names(self) -> tuple[str, ...]:
        """Return the variables that are returned, if nothing but variables is.

        Examples
        --------
        >>> Source(ast.parse("def f(x): return best").body[0]).returned_names()
        ('best',)
        """
        returned = [node.value for node in self._nodes() if isinstance(node, ast.Return)]
        names = [value.id for value in returned if isinstance(value, ast.Name)]
        return tuple(dict.fromkeys(names)) if len(names) == len(returned) else ()

    def ignored_arguments(self) -> tuple[str, ...]:
        """Return the parameters of the function that its body never reads.

        Examples
        --------
        >>> source = Source(ast.parse("lambda x, lr: 0.1 * x", mode="eval").body)
        >>> source.ignored_arguments()
        ('lr',)
        """
        if not isinstance(self.tree, ast.FunctionDef | ast.Lambda):
            return ()
        body = self.tree.body if isinstance(self.tree.body, list) else [self.tree.body]
        read = {
            node.id
            for statement in body
            for node in ast.walk(statement)
            if isinstance(node, ast.Name)
            and (isinstance(node.ctx, ast.Load) or _is_augmented(node, statement))
        }
        given = [*self.tree.args.posonlyargs, *self.tree.args.args]
        return tuple(parameter.arg for parameter in given if parameter.arg not in read)

    def overwritten_arguments(self) -> tuple[str, ...]:
        """Return the parameters that get another value before the body reads what was given.

        Examples
        --------
        >>> text = "def step(w, lr):" + chr(10) + "    lr = 0.1" + chr(10) + "    return w - lr"
        >>> Source(ast.parse(text).body[0]).overwritten_arguments()
        ('lr',)
        """
        if not isinstance(self.tree, ast.FunctionDef):
            return ()
        given = [*self.tree.args.posonlyargs, *self.tree.args.args]
        body = self.tree.body
        return tuple(each.arg for each in given if _is_first_assigned(each.arg, body))

    def does_without(self, argument: str) -> bool:
        """Whether the value that is given for this parameter is never read."""
        return argument in (*self.ignored_arguments(), *self.overwritten_arguments())

    def _nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree) if self.tree is not None else iter(())

    def _names(self) -> Iterator[str]:
        for node in self._nodes():
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield from (node.attr, ast.unparse(node))
            elif isinstance(node, ast.ImportFrom):
                yield node.module or ""
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
            elif isinstance(node, ast.alias):
                yield from node.name.split(".")


def _is_augmented(name: ast.Name, statement: ast.AST) -> bool:
    """Whether the name is the target of ``+=`` or the like, which also reads it."""
    return any(
        isinstance(node, ast.AugAssign) and node.target is name for node in ast.walk(statement)
    )


def _is_first_assigned(name: str, body: list[ast.stmt]) -> bool:
    """Whether the first statement with this name is ``name = ...``, without it at the right."""
    for statement in body:
        places = [n for n in ast.walk(statement) if isinstance(n, ast.Name) and n.id == name]
        if places:
            return isinstance(statement, ast.Assign) and all(
                isinstance(place.ctx, ast.Store) for place in places
            )
    return False


def read_source(answer: object) -> Source:
    """Return the source code of a function or class; an empty `Source` where there is none.

    Of a module, and of any other object that can be called, it is that of its class.

    Examples
    --------
    >>> read_source(inspect.cleandoc).mentions("expandtabs"), read_source(3).mentions("x")
    (True, False)
    """
    try:
        written = _written(answer)
        text = textwrap.dedent(inspect.getsource(written))
        tree = _definition(ast.parse(text), getattr(written, "__name__", ""))
        return Source(tree, names_behind(tree, written))
    except (TypeError, OSError, SyntaxError, ValueError, RecursionError):
        return Source()


def _written(answer: Any) -> Any:
    """Return what somebody wrote: the function behind a partial one, the class of an object."""
    if isinstance(answer, functools.partial):
        return _written(answer.func)
    is_object = callable(answer) and not (inspect.isroutine(answer) or inspect.isclass(answer))
    return type(answer) if is_object else answer


def _definition(tree: ast.Module, name: str) -> ast.AST:
    """Return the definition of this name, or the only lambda; else everything."""
    lambdas = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return node
        if isinstance(node, ast.Lambda):
            lambdas.append(node)
    return lambdas[0] if name == "<lambda>" and len(lambdas) == 1 else tree
