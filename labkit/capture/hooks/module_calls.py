"""Sees the calls of some modules from outside, at a fraction of a microsecond.

Global hooks would send every module of the process the long way round, a module's own hooks
would be copied and pickled with it, and a wrapped `forward` breaks `torch.jit.script`. So the
place is used that `Module.compile` uses: torch leaves it out of copies and pickles.
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


class ModuleCalls:
    """Calls a function before, and one after, each call of one module.

    Parameters
    ----------
    module : Module
        Not kept alive. One that is compiled already is left alone.
    called : callable
        Takes the module and what it is called with, before the call.
    returned : callable, optional
        Takes the module and what it returned.
    """

    def __init__(
        self, module: nn.Module, called: Called | None = None, returned: Returned | None = None
    ) -> None:
        self._module = weakref.ref(module)
        self._called = called
        self._returned = returned
        self._home = threading.get_ident()
        self._interceptor = self._make()
        if torch_compat.call_interceptor(module) is None and not torch_compat.is_compiled(module):
            torch_compat.intercept_calls(module, self._interceptor)

    def close(self) -> None:
        """Take the interceptor off and release what was given."""
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
            # A replica that data-parallel training makes has the attributes of the module, this
            # one included; torch calls it from a frame that names the replica.
            if module is None or threading.get_ident() != self._home:
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
