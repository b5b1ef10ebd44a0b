"""Private names of modes: objects that are called for every operation of torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from types import TracebackType
from typing import Any, Self

import torch
from torch import overrides
from torch.overrides import TorchFunctionMode
from torch.utils import _python_dispatch
from torch.utils._python_dispatch import TorchDispatchMode


class unnoticed:  # noqa: N801 - a context, used like `contextlib.suppress`
    """A context for labkit's own look at tensors, which the user's code cannot notice.

    In it, no `__torch_function__` and no `__torch_dispatch__` is called, neither of tensors nor of
    modes, and tensors are not transformed by `torch.func`. An exception ends the context and goes
    no further.
    """

    def __enter__(self) -> None:
        self._contexts = (
            torch._C.DisableTorchFunction(),
            torch._C._DisableTorchDispatch(),
            torch._C._DisableFuncTorch(),
        )
        for context in self._contexts:
            context.__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        for context in reversed(self._contexts):
            context.__exit__(None, None, None)
        return kind is not None and issubclass(kind, Exception)


without_functions: Callable[[], AbstractContextManager[None]] = torch._C.DisableTorchFunction
"""A context in which no `__torch_function__` is called, neither of tensors nor of modes."""


@contextmanager
def without_modes() -> Iterator[None]:
    """Return a context for labkit's own operations, of which no mode of the user is called.

    The classes of tensors have their `__torch_dispatch__`, but no `__torch_function__`.
    """
    with torch._C.DisableTorchFunction(), _without_dispatch_modes():
        yield


_without_dispatch_modes: Callable[[], AbstractContextManager[object]] = getattr(
    _python_dispatch, "_disable_current_modes", nullcontext
)


class FunctionMode(TorchFunctionMode):
    """A mode that is called for every function of torch on the thread that has entered it.

    It may be left while modes are active that were entered later.
    """

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pause_function_mode(self)


_FLAGS = (
    "_is_in_torch_dispatch_mode",
    "_is_in_non_infra_torch_dispatch_mode",
    "_is_in_any_mode_without_ignore_compile_internals",
)


class _SharedFlags:
    """Torch's flags of dispatch modes, which all threads share, although each mode restores them.

    As a context, it is a lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._active = 0
        """The number of dispatch modes of labkit that are active on any thread."""
        self._before: dict[str, Any] = {}

    def __enter__(self) -> Self:
        self._lock.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def entering(self) -> None:
        """Store the flags before the first mode."""
        if self._active == 0:
            found = vars(_python_dispatch)
            self._before = {name: found[name] for name in _FLAGS if name in found}
        self._active += 1

    def left(self) -> None:
        """Restore the flags after the last mode."""
        self._active -= 1
        if self._active:
            return
        for name, value in self._before.items():
            setattr(_python_dispatch, name, value)
        inform = getattr(_python_dispatch, "set_is_in_mode_without_ignore_compile_internals", None)
        if inform is not None and _FLAGS[-1] in self._before:
            inform(self._before[_FLAGS[-1]])


_shared = _SharedFlags()


class DispatchMode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """A mode that is called for every operation below autograd, higher-order ones included.

    It may be left while modes are active that were entered later, and while labkit's modes are
    active on other threads.
    """

    supports_higher_order_operators = True

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Return False, as torch would load its compiler at the first operation otherwise."""
        return False

    def __enter__(self) -> Self:
        with _shared:
            _shared.entering()
            super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stack = _python_dispatch._get_current_dispatch_mode_stack()
        places = [place for place, each in enumerate(stack) if each is self]
        if not places:  # another thread has entered it
            return
        later = stack[places[-1] + 1 :]
        for each in reversed(later):
            _python_dispatch._pop_mode(getattr(each, "_mode_key", None))
        with _shared:
            super().__exit__(kind, error, traceback)  # type: ignore[no-untyped-call]
            _shared.left()
        for each in later:
            _python_dispatch._push_mode(each)


def has_dispatch_mode() -> bool:
    """Return whether a dispatch mode is active, so that labkit must not run further operations."""
    depth = getattr(torch._C, "_len_torch_dispatch_stack", None)
    return depth is not None and bool(depth())


def pause_function_mode(mode: Any) -> Callable[[], None]:
    """Remove a function mode from the stack of modes; return a function that puts it back."""
    stack = overrides._get_current_function_mode_stack()  # type: ignore[no-untyped-call]
    if not any(mode is each for each in stack):
        return _nothing  # a call of the mode is under way
    above: list[Any] = []
    while (top := torch._C._pop_torch_function_stack()) is not mode:
        above.append(top)
    for each in reversed(above):
        torch._C._push_on_torch_function_stack(each)

    def resume() -> None:
        later = [torch._C._pop_torch_function_stack() for _ in above]
        torch._C._push_on_torch_function_stack(mode)
        for each in reversed(later):
            torch._C._push_on_torch_function_stack(each)

    return resume


def pause_dispatch_mode(mode: Any) -> Callable[[], None]:
    """Leave a dispatch mode; return a function that enters it again.

    Without effect if another mode was entered later: that mode itself prevents compilation.
    """
    stack = _python_dispatch._get_current_dispatch_mode_stack()
    if not stack or stack[-1] is not mode:
        return _nothing
    mode.__exit__(None, None, None)  # type: ignore[no-untyped-call]

    def resume() -> None:
        mode.__enter__()  # type: ignore[no-untyped-call]

    return resume


def _nothing() -> None:
    """Do nothing."""
