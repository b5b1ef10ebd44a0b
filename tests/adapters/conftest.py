"""Imports what libraries import with warnings that pytest would raise while it collects."""

import warnings
from importlib import import_module

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    # Ignite imports it, and torch uses torch.jit.script there.
    import_module("torch.distributed.optim")
