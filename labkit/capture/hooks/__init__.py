"""Hooks on backward passes, optimizer steps, data loaders and module calls.

One set of hooks serves all watches of the process. It is installed when the first watch opens and
removed when the last one closes. Nothing is added or removed in between, as torch iterates over its
global hooks while other threads step. Calls on a thread that trains no watched model are passed on
unchanged.
"""

from labkit.capture.hooks.installation import close, open_
from labkit.capture.hooks.listener import LoopListener
from labkit.capture.hooks.module_calls import ModuleCalls
from labkit.capture.hooks.registry import parameters_changed

__all__ = ["LoopListener", "ModuleCalls", "close", "open_", "parameters_changed"]
