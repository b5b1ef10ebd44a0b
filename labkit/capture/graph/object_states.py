"""Restores the contents of containers and of plain Python objects after an extra run of code."""

from __future__ import annotations

import sys
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from types import FunctionType, MappingProxyType, MemberDescriptorType, MethodType, ModuleType
from typing import Any

import torch
from torch import nn

_MAX_ITEMS = 10_000
"""Maximum number of items of a container, and of objects, that are restored."""
_MAX_DEPTH = 8
_MAX_BYTES = 1 << 20
"""Maximum size of a numpy array that is restored."""
_OPTIMIZERS = "torch.optim"
_NOT_RESTORED = frozenset(
    {"torch", "numpy", "pandas", "labkit", "IPython", "ipykernel", *sys.stdlib_module_names}
)
"""Packages whose objects have a state of their own, as threads and loggers have."""
_OF_THREADS = frozenset(
    {"threading", "_thread", "queue", "_queue", "multiprocessing", "concurrent", "asyncio"}
)

Restore = Callable[[], None]


class ObjectStates:
    """The contents of containers and objects, each stored once and restored with `restore`.

    Restored are the items of lists, dicts, sets and deques, the elements of small numpy arrays, and
    the attributes of objects whose classes are defined in Python. Objects that hold locks, threads
    or queues are not, as other threads may change them meanwhile.
    """

    def __init__(self) -> None:
        self._states: dict[int, tuple[object, Restore]] = {}

    def add(self, values: Iterable[object], *, containers: bool = True) -> Iterator[object]:
        """Store the states of some values and of what they contain.

        Yields the objects of other kinds, for example tensors and generators; modules only if they
        are among the values or in containers.

        Parameters
        ----------
        values : iterable
        containers : bool
            Whether to restore containers among the values, and not only those held by objects.
        """
        # The values first, as the number of objects is limited.
        waiting = deque((value, 0, False) for value in values)
        seen: set[int] = set()
        while waiting and len(seen) < _MAX_ITEMS:
            value, depth, is_held = waiting.popleft()
            if id(value) in seen or isinstance(value, _IMMUTABLE):
                continue
            seen.add(id(value))
            inner: list[object] | None = None
            with suppress(Exception):  # a class may raise when it is asked for its attributes
                inner = _contents(value)
            if inner is None:
                if not self._add_array(value) and not (is_held and isinstance(value, nn.Module)):
                    yield value
                continue
            is_container = isinstance(value, _CONTAINERS)
            if containers or is_held or not is_container:
                self._add(value)
            if depth < _MAX_DEPTH:
                is_held = is_held or not is_container
                waiting += [(each, depth + 1, is_held) for each in inner]

    def restore(self) -> None:
        """Restore what has changed, and drop the states; a failure does not affect the others."""
        states, self._states = self._states, {}
        for _, restore in states.values():
            with suppress(Exception):
                restore()

    def _add(self, value: Any) -> None:
        if id(value) in self._states or isinstance(value, _FIXED):
            return
        restore = _container_restore(value) or _attributes_restore(value)
        self._states[id(value)] = value, restore

    def _add_array(self, value: Any) -> bool:
        """Store the elements of a numpy array; return False for anything else."""
        numpy = sys.modules.get("numpy")
        if numpy is None or type(value) is not numpy.ndarray:
            return False
        if id(value) not in self._states and value.flags.writeable and value.nbytes <= _MAX_BYTES:
            copied = value.copy()

            def restore() -> None:
                if value.tobytes() != copied.tobytes():
                    value[...] = copied

            self._states[id(value)] = value, restore
        return True


_IMMUTABLE = (str, bytes, int, float, complex, type(None))
_FIXED = (tuple, frozenset, MappingProxyType)
_CONTAINERS = (list, dict, set, deque, *_FIXED)


def _contents(value: Any) -> list[object] | None:
    """Return what a container or an object contains; None if its state is not restored."""
    if isinstance(value, (dict, MappingProxyType)):
        return list(dict(value).values())[:_MAX_ITEMS]
    if isinstance(value, _CONTAINERS):
        return list(value)[:_MAX_ITEMS]
    if not _is_plain(value):
        return None
    held = list(_attributes(value).values())
    if any(type(each).__module__.partition(".")[0] in _OF_THREADS for each in held):
        return None
    return held


def _is_plain(value: object) -> bool:
    """Return whether an object is of a class in Python that has no state of its own elsewhere."""
    if isinstance(value, (type, FunctionType, MethodType, ModuleType, nn.Module, torch.Tensor)):
        return False
    package = type(value).__module__
    if package.partition(".")[0] in _NOT_RESTORED and not package.startswith(_OPTIMIZERS):
        return package == "__main__"
    return isinstance(getattr(value, "__dict__", None), dict) or bool(_slots(value))


def _slots(value: object) -> dict[str, Any]:
    return {
        name: descriptor
        for kind in type(value).__mro__
        if "__slots__" in vars(kind)
        for name, descriptor in vars(kind).items()
        if isinstance(descriptor, MemberDescriptorType)
    }


def _attributes(value: object) -> dict[str, object]:
    found = dict(getattr(value, "__dict__", {}))
    for name, descriptor in _slots(value).items():
        with suppress(AttributeError):  # it has no value yet
            found[name] = descriptor.__get__(value)
    return found


def _attributes_restore(value: Any) -> Restore:
    before, slots = _attributes(value), _slots(value)

    def restore() -> None:
        own, now = getattr(value, "__dict__", {}), _attributes(value)
        for name in now.keys() - before.keys():
            slots[name].__delete__(value) if name in slots else own.pop(name)
        for name, each in before.items():
            if name not in now or now[name] is not each:
                slots[name].__set__(value, each) if name in slots else own.update({name: each})

    return restore


def _container_restore(value: Any) -> Restore | None:
    """Return a function that restores the items of a container; None for other objects."""
    if isinstance(value, (list, dict, set, deque)) and len(value) > _MAX_ITEMS:
        return _nothing
    kind: Any
    if isinstance(value, dict):
        kind = OrderedDict if isinstance(value, OrderedDict) else dict
        pairs = list(kind.items(value))

        def restore_dict() -> None:
            now = list(kind.items(value))
            if not _same([x for pair in now for x in pair], [x for pair in pairs for x in pair]):
                kind.clear(value)
                for key, each in pairs:
                    kind.__setitem__(value, key, each)

        return restore_dict
    kind = next((each for each in (list, set, deque) if isinstance(value, each)), None)
    if kind is None:
        return None
    items = list(kind.__iter__(value))

    def restore() -> None:
        if not _same(list(kind.__iter__(value)), items):
            kind.clear(value)
            (kind.update if kind is set else kind.extend)(value, items)

    return restore


def _same(some: list[Any], others: list[Any]) -> bool:
    """Return whether two lists have the same objects; equality of tensors is not defined."""
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


def _nothing() -> None:
    """Do nothing."""
