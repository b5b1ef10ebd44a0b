"""Lightning's entry points: with LABKIT_WATCH=1, every training of a Trainer is watched.

Another value than 1 is a folder, in which the run of each training is saved. Lightning calls
`callbacks` for each Trainer that is created, in whatever code. Without the variable nothing else of
labkit is imported.
"""

from __future__ import annotations

import os
from typing import Any

VARIABLE = "LABKIT_WATCH"
_OFF = ("", "0", "false", "no", "off")
_ON = ("1", "true", "yes", "on")


def callbacks() -> list[Any]:
    """Return the callbacks for a Trainer of ``lightning``.

    Examples
    --------
    >>> callbacks()  # the variable is not set
    []
    """
    return _callbacks("lightning.pytorch.callbacks")


def callbacks_of_pytorch_lightning() -> list[Any]:
    """Return the callbacks for a Trainer of ``pytorch_lightning``."""
    return _callbacks("pytorch_lightning.callbacks")


def _callbacks(module: str) -> list[Any]:
    value = os.environ.get(VARIABLE, "").strip()
    if value.lower() in _OFF:
        return []
    from labkit.integrations.library import callback_type
    from labkit.integrations.lightning import LabkitEveryFitCallback
    from labkit.watching import watch

    folder = None if value.lower() in _ON else os.path.join(value, "")  # noqa: PTH118 - with a slash
    return [callback_type(LabkitEveryFitCallback, module, "Callback")(watch, folder)]
