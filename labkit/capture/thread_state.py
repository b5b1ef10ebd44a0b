"""The settings that torch keeps for each thread, copied to another thread."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

import torch

T = TypeVar("T")

_AUTOCAST_DEVICES = ("cpu", "cuda", "mps", "xpu")


class ThreadState:
    """The settings of the thread that creates it: gradient and inference mode, autocast, devices.

    Examples
    --------
    >>> with torch.no_grad():
    ...     state = ThreadState()
    >>> state.call(torch.is_grad_enabled), torch.is_grad_enabled()
    (False, True)
    """

    def __init__(self) -> None:
        self._grad = torch.is_grad_enabled()
        self._inference = torch.is_inference_mode_enabled()
        self._autocast = {
            device: torch.get_autocast_dtype(device)
            for device in _AUTOCAST_DEVICES
            if torch.is_autocast_enabled(device)
        }
        self._caches_casts = torch.is_autocast_cache_enabled()
        self._device = torch.get_default_device()
        self._threads = torch.get_num_threads()
        uses_cuda = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
        self._stream = torch.cuda.current_stream() if uses_cuda else None

    def call(self, work: Callable[[], T]) -> T:
        """Call a function with these settings, and return its result."""
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with ExitStack() as settings:
            if self._stream is not None:
                settings.enter_context(torch.cuda.device(self._stream.device))
                settings.enter_context(torch.cuda.stream(self._stream))
            if self._device != torch.get_default_device():
                settings.enter_context(self._device)
            for device, dtype in self._autocast.items():
                settings.enter_context(
                    torch.autocast(device, dtype, cache_enabled=self._caches_casts)
                )
            settings.enter_context(torch.inference_mode(self._inference))
            settings.enter_context(torch.set_grad_enabled(self._grad))
            return work()
