"""Imports what libraries import with warnings that pytest would raise while it collects.

The tests of a library run where it is installed: `make adapters` has them all.
"""

import warnings
from importlib import import_module
from importlib.util import find_spec

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    # Ignite imports it, and torch uses torch.jit.script there.
    import_module("torch.distributed.optim")
    if find_spec("fastai"):
        import_module("fastai.basics")  # the same, and an option that pandas no longer has

collect_ignore = [
    f"test_{name}.py"
    for name in ("accelerate", "ignite", "keras", "lightning", "transformers")
    if find_spec(name) is None
]
