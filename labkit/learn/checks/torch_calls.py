"""Records the functions of torch that are called while an answer runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch.overrides import TorchFunctionMode


class TorchCalls(TorchFunctionMode):
    """A context in which each call of a function or method of torch is recorded.

    Parameters
    ----------
    record : callable
        Takes the function and the tuple of its positional arguments, before it is called.

    Examples
    --------
    >>> import torch
    >>> names = []
    >>> with TorchCalls(lambda function, _: names.append(function.__name__)):
    ...     _ = torch.ones(2).sum()
    >>> names
    ['ones', 'sum']
    """

    def __init__(self, record: Callable[[Callable[..., Any], tuple[Any, ...]], None]) -> None:
        super().__init__()
        self._record = record

    def __torch_function__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        arguments: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
    ) -> Any:
        """Record the call, and make it."""
        self._record(function, arguments)
        return function(*arguments, **(keywords or {}))
