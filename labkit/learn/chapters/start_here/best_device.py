"""Exercise 1 of chapter 00: one line that chooses the device."""

from __future__ import annotations

from typing import Any

import torch

from labkit.learn.checks import Case, Exercise, Mistake, Trial


def _solution(cuda_available: bool) -> torch.device:  # noqa: FBT001 - the task's own signature
    return torch.device("cuda" if cuda_available else "cpu")


def _same_type(got: Any, expected: Any) -> bool:
    """Compare devices by their type: ``cuda:0`` is as right as ``cuda``."""
    if isinstance(got, torch.device) and isinstance(expected, torch.device):
        return bool(got.type == expected.type)
    return type(got) is type(expected) and bool(got == expected)


def _never_reads_it(trial: Trial) -> bool:
    source = trial.source
    given = "cuda_available"
    unread = given in source.ignored_arguments() or source.renames(given)
    return unread and source.mentions("is_available", "device_count")


BEST_DEVICE = Exercise(
    name="best_device",
    task=(
        "Write `best_device(cuda_available)`: a `torch.device`, CUDA where there is one, else the "
        "CPU."
    ),
    solution=_solution,
    cases=tuple(Case(available) for available in (True, False)),  # there are no other inputs
    same=_same_type,
    praise="With this line at its top, the same notebook runs on a laptop and on a GPU.",
    mistakes=(
        Mistake(
            "gpu_as_a_name",
            "PyTorch knows no device of that name: NVIDIA's GPUs are called `cuda` (and Apple's "
            "`mps`), never `gpu`.",
            raises="device string: gpu",
        ),
        Mistake(
            "capital_letters",
            "The names of devices are written in small letters: `cuda` and `cpu`.",
            raises="device string: (C|cU|cP)",
        ),
        Mistake(
            "asks_by_itself",
            "Your function asks PyTorch in place of its argument, so it gives the same answer "
            "for `True` and for `False`. The caller asks, and hands the answer in: that way the "
            "function can be tried on any machine.",
            seen_in=_never_reads_it,
        ),
        Mistake(
            "by_number",
            "A bare number stands for a GPU of *this* machine, and there is none. By its name, "
            '`"cuda"`, a device can be made anywhere.',
            raises="accelerator device when none is available",
        ),
        Mistake(
            "used_at_once",
            "This needs a GPU at once: it makes a tensor there, or sets the device. The task asks "
            "for the device only, by its name; whoever calls the function will use it.",
            raises="not compiled with CUDA|No CUDA GPUs|_cuda_setDevice|NVIDIA driver",
        ),
        Mistake(
            "compared_with_text",
            "`cuda_available` is `True` or `False`, without quotes; it never equals a piece of "
            'text such as `"True"`. As a condition it needs no comparison at all.',
            like=lambda cuda_available: torch.device("cpu"),
            seen_in=lambda trial: trial.source.mentions("True", "true", "yes"),
        ),
        Mistake(
            "always_cuda",
            "This asks for CUDA on every machine. Where there is none, the first tensor that is "
            "moved there raises an error.",
            like=(lambda cuda_available: torch.device("cuda"), lambda cuda_available: "cuda"),
        ),
        Mistake(
            "always_cpu",
            "This is always the CPU: it works everywhere and leaves a GPU idle.",
            like=(lambda cuda_available: torch.device("cpu"), lambda cuda_available: "cpu"),
        ),
        Mistake(
            "swapped",
            "The two are the wrong way round: CUDA is chosen just where there is none.",
            like=(
                lambda cuda_available: torch.device("cpu" if cuda_available else "cuda"),
                lambda cuda_available: "cpu" if cuda_available else "cuda",
            ),
        ),
        Mistake(
            "only_a_name",
            "The choice is right, but this is a piece of text. `.to()` would take it; "
            "`device.type` and a comparison with `tensor.device` would not. Wrap it in "
            "`torch.device(...)`.",
            like=lambda cuda_available: "cuda" if cuda_available else "cpu",
        ),
        Mistake(
            "one_way_only",
            "In one of the two cases nothing comes back: each way through the function needs its "
            "own `return`.",
            seen_in=lambda trial: trial.results.count(None) == 1,
        ),
        Mistake(
            "argument_returned",
            "This is the argument itself, `True` or `False`. It is the condition; what is chosen "
            "are the two devices.",
            like=(
                lambda cuda_available: cuda_available,
                lambda cuda_available: not cuda_available,
            ),
        ),
        Mistake(
            "module_returned",
            "`torch.cuda` is the module with PyTorch's functions for GPUs, not a device. A device "
            'is made by its name: `torch.device("...")`.',
            seen_in=lambda trial: torch.cuda in trial.results,
        ),
    ),
    hints=(
        "An `if` with two outcomes. What are the two devices called?",
        (
            'The names are `"cuda"` and `"cpu"`; Python writes a choice in one line as '
            "`a if condition else b`."
        ),
        (
            'Return `torch.device("cuda" if ... else "cpu")`, with the function\'s argument as '
            "the condition."
        ),
    ),
)
