"""Classes that are made from one of labkit's and one of a library that is imported already."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def callback_type(kind: type[Any], module: str, base: str) -> Any:
    """Return a class with the methods of `kind` that also inherits from a class of a library.

    A copy of an instance, pickled or not, is a plain instance of the library's class, which does
    nothing: it can be loaded where labkit is not installed, and records no second training.

    Parameters
    ----------
    kind : type
        The methods that the library calls.
    module, base : str
        Where the class of the library is, and its name.

    Examples
    --------
    >>> class Calls:
    ...     def run(self):
    ...         return "recorded"
    >>> thread = callback_type(Calls, "threading", "Thread")()
    >>> thread.run(), thread.name[:6]
    ('recorded', 'Thread')
    """
    parent = getattr(import_module(module), base)
    return type(kind.__name__, (kind, parent), {"__reduce__": lambda self: (parent, ())})
