"""Which parts of an image a learner's function cuts out, recorded while it runs once more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Any

from torch import Tensor

from labkit.learn.checks import Trial
from labkit.learn.checks.kernel_state import kernel_state_kept
from labkit.learn.checks.torch_calls import TorchCalls

_Cut = tuple[tuple[int, ...], tuple[Any, ...]]


def _cuts(trial: Trial) -> tuple[list[_Cut], tuple[int, ...], int]:
    """Run the first case that failed; return its cuts, the image's shape and the kernel's width."""
    failed = next(call for call in trial.calls if call.error is not None)
    image, kernel = failed.case.build()
    found: list[_Cut] = []

    def record(function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
        if function is Tensor.__getitem__:
            index = arguments[1] if isinstance(arguments[1], tuple) else (arguments[1],)
            found.append((tuple(arguments[0].shape), index))

    # What it prints was printed by the check already.
    with kernel_state_kept(), redirect_stdout(StringIO()), suppress(Exception), TorchCalls(record):
        trial.answer(image, kernel)  # type: ignore[operator]
    return found, tuple(image.shape), len(kernel)


def hangs_over(trial: Trial) -> bool:
    """Whether a window that was cut out of the image reaches beyond its edge."""
    found, shape, _ = _cuts(trial)
    return any(
        isinstance(part, slice) and isinstance(part.stop, int) and part.stop > size
        for at, index in found
        if at == shape
        for part, size in zip(index, at, strict=False)
    )


def has_another_size(trial: Trial) -> bool:
    """Whether the last window before the error, two slices of the image, is no kernel's size."""
    found, shape, width = _cuts(trial)
    windows = [index for at, index in found if at == shape and _is_two_slices(index)]
    sizes = [len(range(*part.indices(size))) for part, size in zip(windows[-1], shape, strict=True)]
    return sizes != [width, width]


def rows_cut_twice(trial: Trial) -> bool:
    """Whether rows were cut out of rows, as by ``image[r:r + k][c:c + k]``."""
    found, shape, width = _cuts(trial)
    return any(
        len(at) == len(shape) and at[0] <= width and at[1] == shape[1] and _is_one_slice(index)
        for at, index in found
        if at != shape
    )


def _is_one_slice(index: tuple[Any, ...]) -> bool:
    return len(index) == 1 and isinstance(index[0], slice)


def _is_two_slices(index: tuple[Any, ...]) -> bool:
    return len(index) == 2 and all(isinstance(part, slice) for part in index)
