"""Functions of torch that a call replaced, as ``torch.manual_seed = 0`` does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

_PLACES: dict[str, Any] = {
    "torch": torch,
    "torch.Tensor": torch.Tensor,
    "torch.nn": torch.nn,
    "torch.nn.functional": functional,
    "torch.optim": torch.optim,
}

_FOLDER = str(Path(torch.__file__).parent)


@contextmanager
def functions_kept(replaced: list[str]) -> Iterator[None]:
    """Put functions and classes of torch back at the end, and add the names of the replaced ones.

    Examples
    --------
    >>> names = []
    >>> with functions_kept(names):
    ...     torch.manual_seed = 0
    >>> names, callable(torch.manual_seed)
    (['torch.manual_seed'], True)
    """
    before = {name: dict(vars(place)) for name, place in _PLACES.items()}
    try:
        yield
    finally:
        for name, place in _PLACES.items():
            now = vars(place)
            for attribute, value in before[name].items():
                put = now.get(attribute)
                if callable(value) and put is not value and not _is_written_in_torch(put):
                    replaced.append(f"{name}.{attribute}")
                    setattr(place, attribute, value)


def _is_written_in_torch(function: object) -> bool:
    """Whether it is PyTorch that replaced a function, as its compiler does at its first use."""
    code = getattr(function, "__code__", None)
    return code is not None and str(code.co_filename).startswith(_FOLDER)
