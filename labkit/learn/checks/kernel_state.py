"""The state of a kernel that a learner's function can change, and putting it back.

Random generators, warnings and the like are restored silently: a function may draw numbers. A
changed mode, such as gradient recording that stays off, is restored as well and reported, because
outside a check it would have stayed; so is a function of torch that was replaced.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from labkit.learn.checks.replaced import functions_kept

SEED = 0


@dataclass(frozen=True)
class Mode:
    """A setting of the kernel: its name, how it is read, and how it is set."""

    name: str
    read: Callable[[], Any]
    restore: Callable[[Any], object]


def _default_device() -> torch.device | None:
    """Return the default device; None if it is one that this machine does not have."""
    try:
        return torch.get_default_device()
    except (AssertionError, RuntimeError):  # PyTorch tries it out, with a new tensor
        return None


def _set_default_device(device: torch.device | None) -> None:
    # Without a device of its own, PyTorch makes tensors on the CPU and needs no mode for it.
    torch.set_default_device(None if device is None or device.type == "cpu" else device)


def _determinism() -> tuple[bool, bool]:
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    return torch.are_deterministic_algorithms_enabled(), warns


def _set_determinism(setting: tuple[bool, bool]) -> None:
    torch.use_deterministic_algorithms(setting[0], warn_only=setting[1])


def _working_directory() -> str:
    try:
        return str(Path.cwd())
    except FileNotFoundError:  # deleted
        return ""


def _set_working_directory(folder: str) -> None:
    if folder:
        os.chdir(folder)


MODES = (
    Mode("gradient recording", torch.is_grad_enabled, torch.set_grad_enabled),
    Mode("default dtype", torch.get_default_dtype, torch.set_default_dtype),
    Mode("default device", _default_device, _set_default_device),
    Mode("number of threads", torch.get_num_threads, torch.set_num_threads),
    Mode("choice of deterministic algorithms", _determinism, _set_determinism),
    Mode("detection of anomalies", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly),
    Mode("working directory", _working_directory, _set_working_directory),
)


@contextmanager
def kernel_state_kept() -> Iterator[list[str]]:
    """Seed the generators, and put generators and modes back at the end.

    Yields
    ------
    list of str
        After the block: the names of the modes that the block changed, and of functions of torch
        that it replaced, as ``"torch.manual_seed"``.

    Examples
    --------
    >>> with kernel_state_kept() as changed:
    ...     _ = torch.set_grad_enabled(False)
    >>> changed, torch.is_grad_enabled()
    (['gradient recording'], True)
    """
    changed: list[str] = []
    before = [mode.read() for mode in MODES]
    with functions_kept(changed), generators_kept(), _surroundings_kept():
        try:
            yield changed
        finally:
            for mode, value in zip(MODES, before, strict=True):
                if mode.read() != value:
                    changed.append(mode.name)
                    mode.restore(value)


@contextmanager
def _surroundings_kept() -> Iterator[None]:
    """Restore what changes no result: warnings, standard output, NumPy's errors, recursion."""
    depth = sys.getrecursionlimit()
    with warnings.catch_warnings(), redirect_stdout(sys.stdout), np.errstate():
        try:
            yield
        finally:
            sys.setrecursionlimit(depth)
            if _default_device() == torch.device("cpu"):
                # Where it was named, PyTorch has a mode for it, which costs time at each call.
                torch.set_default_device(None)


@contextmanager
def generators_kept() -> Iterator[None]:
    """Seed the generators of torch, NumPy and Python, and put them back at the end."""
    in_python = random.getstate()
    in_numpy = np.random.get_state()  # noqa: NPY002 - the global generator is what is kept
    in_torch = torch.get_rng_state()
    gpus_in_use = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    on_gpus = torch.cuda.get_rng_state_all() if gpus_in_use else []
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - as above
    # `torch.manual_seed` would also queue seeds for devices that are not in use.
    torch.default_generator.manual_seed(SEED)
    try:
        yield
    finally:
        random.setstate(in_python)
        np.random.set_state(in_numpy)  # noqa: NPY002 - as above
        torch.set_rng_state(in_torch)
        if on_gpus:
            torch.cuda.set_rng_state_all(on_gpus)
