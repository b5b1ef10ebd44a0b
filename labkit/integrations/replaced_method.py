"""A method of one object that is replaced for some time; its class remains as it is."""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any


class ReplacedMethod:
    """Replaces a method of an object until `restore` is called.

    Parameters
    ----------
    owner : object
        Held weakly.
    name : str
        Name of the method.
    replacement : callable
        Called with the original method and the arguments of the call.

    Examples
    --------
    >>> class Greeting:
    ...     def text(self, name):
    ...         return f"Hello {name}"
    >>> greeting = Greeting()
    >>> replaced = ReplacedMethod(greeting, "text", lambda text, name: text(name) + "!")
    >>> greeting.text("Ada")
    'Hello Ada!'
    >>> replaced.restore()
    >>> greeting.text("Ada")
    'Hello Ada'
    """

    def __init__(self, owner: Any, name: str, replacement: Callable[..., Any]) -> None:
        # The namespace is written directly, as classes of trainers track what is assigned.
        namespace, reference = vars(owner), weakref.ref(owner)
        self._own = namespace.get(name)
        """The earlier replacement, by other code; None if the method was that of the class."""
        own, original = self._own, getattr(type(owner), name)

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            before = functools.partial(original, reference()) if own is None else own
            return replacement(before, *args, **kwargs)

        self._owner, self._name, self._call = reference, name, call
        namespace[name] = call

    def restore(self) -> None:
        """Put the method back, unless other code has replaced it again."""
        owner = self._owner()
        if owner is None or vars(owner).get(self._name) is not self._call:
            return
        if self._own is None:
            del vars(owner)[self._name]
        else:
            vars(owner)[self._name] = self._own
