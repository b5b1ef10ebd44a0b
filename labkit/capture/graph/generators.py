"""Restores the states of random number generators after an extra run of the user's code."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import FunctionType
from typing import Any

import torch

_MAX_ITEMS = 1000
"""Maximum number of items of a container that are searched for generators."""


class GeneratorStates:
    """The states of generators at some time, each stored once.

    The default generators of torch (on every device that is in use), Python and numpy are stored at
    once.
    """

    def __init__(self) -> None:
        self._restore: dict[object, Callable[[], None]] = {}
        self._add_defaults()

    def add(self, generator: object) -> None:
        """Store the state of an object, if it is a generator whose state is not stored yet."""
        if id(generator) in self._restore:
            return
        with suppress(Exception):
            if isinstance(generator, torch.Generator):
                state = generator.get_state()
                self._restore[id(generator)] = lambda: _set(generator, state)
            elif isinstance(generator, random.Random):
                python = generator.getstate()
                self._restore[id(generator)] = lambda: generator.setstate(python)
            elif _is_numpy(generator, "Generator"):
                bits: Any = generator.bit_generator  # type: ignore[attr-defined]
                numpy = bits.state
                self._restore[id(generator)] = lambda: setattr(bits, "state", numpy)
            elif _is_numpy(generator, "RandomState"):
                legacy: Any = generator
                old = legacy.get_state()
                self._restore[id(generator)] = lambda: legacy.set_state(old)

    def restore(self) -> None:
        """Restore all stored states; a failure does not affect the others."""
        for restore in self._restore.values():
            with suppress(Exception):
                restore()

    def _add_defaults(self) -> None:
        cpu, python = torch.get_rng_state(), random.getstate()
        self._restore["torch"] = lambda: torch.set_rng_state(cpu)
        self._restore["python"] = lambda: random.setstate(python)
        if "numpy" in sys.modules:
            import numpy as np

            numpy = np.random.get_state()  # noqa: NPY002 - the state of the user's code
            self._restore["numpy"] = lambda: np.random.set_state(numpy)  # noqa: NPY002
        if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
            cuda = torch.cuda.get_rng_state_all()
            self._restore["cuda"] = lambda: torch.cuda.set_rng_state_all(cuda)
        if torch.backends.mps.is_available():
            mps = torch.mps.get_rng_state()
            self._restore["mps"] = lambda: torch.mps.set_rng_state(mps)


def generators_in(values: Iterable[object]) -> Iterator[object]:
    """Yield the objects among some values, and in lists, tuples and dicts of them."""
    for value in values:
        if type(value) in (list, tuple, dict):
            items = list(value.values() if isinstance(value, dict) else value)  # type: ignore[call-overload]
            yield from items[:_MAX_ITEMS]
        else:
            yield value


def values_of_code(function: object) -> Iterator[object]:
    """Yield the values of the variables that a Python function uses from outside."""
    if not isinstance(function, FunctionType):
        return
    for cell in function.__closure__ or ():
        with suppress(ValueError):  # the variable is not assigned yet
            yield cell.cell_contents
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]


def _set(generator: torch.Generator, state: torch.Tensor) -> None:
    generator.set_state(state)


def _is_numpy(value: object, name: str) -> bool:
    module = sys.modules.get("numpy.random")
    return module is not None and isinstance(value, getattr(module, name))
