"""The plan of chapter 00: device, first live run, how the course works."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from labkit.learn.call_result import CallResult, try_out
from labkit.learn.chapters import Plan
from labkit.learn.chapters.start_here_predictions import PREDICTIONS
from labkit.learn.exercise import Exercise, Mistake
from labkit.run import Run

_CUDA = (True, False)
_STEPS = np.arange(0, 700, 7)
_VALUES = 2.0 * np.exp(-_STEPS / 150) + 0.1


def _near(value: float, tolerance: float = 1e-3) -> Callable[[Any], bool]:
    return lambda answer: abs(float(answer) - value) <= tolerance * max(1.0, abs(value))


def _kinds(attempts: tuple[CallResult, ...]) -> tuple[str, str]:
    """Return the device types chosen with and without CUDA."""
    with_cuda, without = (attempt.result for attempt in attempts)
    return torch.device(with_cuda).type, torch.device(without).type


def _tail_is(value: float) -> Callable[[CallResult], bool]:
    return lambda attempt: _near(float(value), 1e-6)(attempt.result)


_DEVICE = Exercise(
    name="best_device",
    task=(
        "Write `best_device(cuda_available)`: a `torch.device`, CUDA where there is one, else "
        "the CPU."
    ),
    evaluate=lambda function: tuple(try_out(function, case) for case in _CUDA),
    is_right=lambda tries: (
        all(isinstance(attempt.result, torch.device) for attempt in tries)
        and _kinds(tries) == ("cuda", "cpu")
    ),
    praise="With this line at its top, the same notebook runs on a laptop and on a GPU.",
    mistakes=(
        Mistake(
            "gpu_as_a_name",
            lambda tries: any("device type" in str(attempt.error) for attempt in tries),
            "PyTorch knows no device of that name: NVIDIA's GPUs are called `cuda` "
            "(and Apple's `mps`), never `gpu`.",
        ),
        Mistake(
            "always_cuda",
            lambda tries: _kinds(tries) == ("cuda", "cuda"),
            "This asks for CUDA on every machine. Where there is none, the first "
            "tensor that is moved there raises an error.",
        ),
        Mistake(
            "always_cpu",
            lambda tries: _kinds(tries) == ("cpu", "cpu"),
            "This is always the CPU: it works everywhere and leaves a GPU idle.",
        ),
        Mistake(
            "swapped",
            lambda tries: _kinds(tries) == ("cpu", "cuda"),
            "The two are the wrong way round: CUDA is chosen just where there is none.",
        ),
        Mistake(
            "only_a_name",
            lambda tries: (
                all(isinstance(attempt.result, str) for attempt in tries)
                and _kinds(tries) == ("cuda", "cpu")
            ),
            "The choice is right, but this is a piece of text. `.to()` would take it; "
            "`device.type` and a comparison with `tensor.device` would not. Wrap it in "
            "`torch.device(...)`.",
        ),
    ),
    hints=(
        "An `if` with two outcomes. What are the two devices called?",
        (
            'The names are `"cuda"` and `"cpu"`; Python writes a choice in one line as '
            "`a if condition else b`."
        ),
        (
            'Return `torch.device("cuda" if ... else "cpu")`, with the function\'s argument '
            "as the condition."
        ),
    ),
)

_TEN_CLASSES = Exercise(
    name="ten_classes",
    task=(
        "Give the cross entropy, to three decimals, of a model that finds all ten classes "
        "equally likely."
    ),
    evaluate=float,
    is_right=_near(math.log(10)),
    praise=(
        "ln 10 = 2.303: remember it. A ten-class model whose first loss is far from it starts "
        "out wrong."
    ),
    mistakes=(
        Mistake(
            "probability",
            _near(0.1),
            "0.1 is the probability of the right class. The loss is minus its logarithm.",
        ),
        Mistake(
            "two_classes",
            _near(math.log(2)),
            "That is for two classes. Here the right class gets a probability of one in ten.",
        ),
        Mistake(
            "base_ten",
            _near(1.0),
            "That is the logarithm to base 10. PyTorch takes the natural logarithm, `math.log`.",
        ),
        Mistake(
            "base_two",
            _near(math.log2(10)),
            "That is the logarithm to base 2, in bits. PyTorch takes the natural one, `math.log`.",
        ),
        Mistake(
            "sign",
            _near(-math.log(10)),
            "The logarithm of a probability is negative; the loss takes away the sign.",
        ),
    ),
    hints=(
        "Two equal classes gave about 0.69. Where did that number come from?",
        "With two classes it was -ln(1/2). What is the probability of the right class among ten?",
        "Compute `-math.log(1 / 10)` and round it.",
    ),
)

_TAIL_MEAN = Exercise(
    name="tail_mean",
    task="Write `tail_mean(steps, values)`: the mean of the last tenth of a series' values.",
    evaluate=lambda function: try_out(function, _STEPS, _VALUES),
    is_right=_tail_is(_VALUES[-10:].mean()),
    praise=(
        "One batch's loss jumps about; the mean of the last tenth says where training has got to."
    ),
    mistakes=(
        Mistake(
            "whole_series",
            _tail_is(_VALUES.mean()),
            "This is the mean of the whole series: the high losses of the first steps are "
            "still in it.",
        ),
        Mistake(
            "steps_not_values",
            _tail_is(_STEPS[-10:].mean()),
            "This averages the step numbers. `series` gives two arrays: first the steps, then "
            "the values.",
        ),
        Mistake(
            "last_only",
            _tail_is(_VALUES[-1]),
            "This is the last value alone: the loss of one batch, and it may have been an easy "
            "one.",
        ),
        Mistake(
            "first_tenth",
            _tail_is(_VALUES[:10].mean()),
            "This is the first tenth. A slice that ends the array begins with a negative number.",
        ),
        Mistake(
            "summed",
            _tail_is(_VALUES[-10:].sum()),
            "The right values, but added up: the number would grow with the length of the run.",
        ),
    ),
    hints=(
        "How many values are a tenth of them? Which slice takes that many from the end?",
        "`len(values) // 10` is the count; `values[-count:]` are the last ones.",
        "Return `values[-(len(values) // 10):].mean()`.",
    ),
)


def _runs() -> dict[str, Run]:
    """Return runs of 100 steps whose best is only seen at the end, and on average."""
    falling = np.linspace(1.0, 0.2, 100)
    losses = {
        "broken": np.append(falling[:60], np.full(40, np.nan)),
        "lucky": np.append(np.linspace(1.0, 0.6, 99), 0.01),
        "dipped": np.append(np.full(50, 0.001), np.full(50, 0.7)),
        "steady": falling,
        "slow": np.linspace(1.0, 0.9, 100),
    }
    runs = {}
    for name, values in losses.items():
        runs[name] = Run(name)
        runs[name].add_table("loss", "loss", ["loss"]).extend(range(1, 101), values)
    return runs


def _is_name(name: str) -> Callable[[CallResult], bool]:
    return lambda attempt: isinstance(attempt.result, str) and attempt.result == name


_BEST_RUN = Exercise(
    name="best_run",
    task=(
        "Write `best_run(runs)`: it gets a dictionary of runs, and returns the name of the one "
        "whose loss is lowest at the end, on average over the last tenth of its steps."
    ),
    evaluate=lambda function: try_out(lambda: function(_runs())),
    is_right=_is_name("steady"),
    praise="This is what you do by eye in `lk.compare`. With a hundred runs, code is quicker.",
    mistakes=(
        Mistake(
            "last_only",
            _is_name("lucky"),
            "This run had one easy batch at its very end. Average over the last tenth.",
        ),
        Mistake(
            "lowest_anywhere",
            _is_name("dipped"),
            "This run was lowest early on and got worse. Look at the end of the curve.",
        ),
        Mistake(
            "not_a_number",
            _is_name("broken"),
            "The loss of this run is NaN at its end. Comparisons with NaN are always false, so "
            "that `min` keeps it if it comes first. Leave such runs out, with `math.isfinite`.",
        ),
        Mistake(
            "highest",
            _is_name("slow"),
            "This is the run with the highest loss. The best one has the lowest: `min`.",
        ),
        Mistake(
            "the_run",
            lambda attempt: isinstance(attempt.result, Run),
            "This is the run itself. Return its name, the key in the dictionary.",
        ),
        Mistake(
            "the_loss",
            lambda attempt: isinstance(attempt.result, (float, np.floating)),
            "This is a loss. Return the name of the run that has it.",
        ),
    ),
    hints=(
        "Compute one number for each run with your `tail_mean`. Which name belongs to the lowest?",
        "`min(names, key=...)` returns the name for which the function after `key=` is lowest.",
        (
            "Keep the names for which `math.isfinite(tail_mean(*runs[name].series('loss')))`, then "
            "take `min` of them with the same number as the key."
        ),
    ),
)

PLAN = Plan(
    title="Start here",
    predictions=PREDICTIONS,
    exercises=(_DEVICE, _TEN_CLASSES, _TAIL_MEAN, _BEST_RUN),
)
