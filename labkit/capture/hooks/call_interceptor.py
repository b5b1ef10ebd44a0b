"""Intercepts the calls of some modules, at a cost of a fraction of a microsecond.

Global hooks would slow down every module of the process, hooks on a module would be copied and
pickled with it, and a wrapped `forward` breaks `torch.jit.script`. Therefore the interceptor is
stored in the attribute that `Module.compile` uses: torch excludes it from copies and pickles.
"""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from labkit.capture import torch_compat

Called = Callable[[nn.Module, tuple[Any, ...], Mapping[str, Any]], None]
Returned = Callable[[nn.Module, Any], None]


class CallInterceptor:
    """Calls one function before, and one after, each call of a module.

    Parameters
    ----------
    module : Module
        Held weakly. Calls of a module that is compiled already are not intercepted.
    called : callable
        Called before each call, with the module and its positional and keyword arguments.
    returned : callable, optional
        Called after each call, with the module and its result.
    """

    def __init__(
        self, module: nn.Module, called: Called | None = None, returned: Returned | None = None
    ) -> None:
        self._module = weakref.ref(module)
        self._called = called
        self._returned = returned
        self._thread = threading.get_ident()
        self._interceptor = self._make()
        if torch_compat.call_interceptor(module) is None and not torch_compat.is_compiled(module):
            torch_compat.intercept_calls(module, self._interceptor)

    def close(self) -> None:
        """Remove the interceptor, and release the functions."""
        self._called = self._returned = None
        module = self._module()
        if module is not None:
            torch_compat.stop_interception(module, self._interceptor)

    def _make(self) -> Callable[..., Any]:
        reference = self._module

        def call(*args: Any, **kwargs: Any) -> Any:
            module = reference()
            if torch.compiler.is_dynamo_compiling():
                return torch_compat.call_forward(module, args, kwargs)
            # A replica in data-parallel training has the attributes of the module, including this
            # one; torch calls it from a frame whose `self` is the replica.
            if module is None or threading.get_ident() != self._thread:
                module = sys._getframe(1).f_locals["self"]  # noqa: SLF001 - the documented way
            called, returned = self._called, self._returned
            own = module is reference() and not torch.compiler.is_compiling()
            if called is not None and own:
                called(module, args, kwargs)
            result = torch_compat.call_forward(module, args, kwargs)
            if returned is not None and own:
                returned(module, result)
            return result

        return call
