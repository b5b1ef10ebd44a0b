"""Exercise 3 of chapter 07: a schedule with a warm-up and a cosine."""

from __future__ import annotations

import math
from collections.abc import Callable

from labkit.learn.checks import Case, Exercise, Mistake

_Rate = Callable[[int, int, int, float], float]


def _solution(step: int, warmup: int, total: int, peak: float) -> float:
    if step < warmup:
        return peak * (step + 1) / warmup
    return peak * (1 + math.cos(math.pi * _share(step, warmup, total))) / 2


def _share(step: int, warmup: int, total: int) -> float:
    """Return the part of the second phase that is over."""
    return (step - warmup) / (total - warmup)


def _falling(fall: _Rate) -> _Rate:
    """Return a schedule with the right warm-up, and another second phase."""
    return lambda step, warmup, total, peak: (
        _solution(step, warmup, total, peak) if step < warmup else fall(step, warmup, total, peak)
    )


def _rising(rise: _Rate) -> _Rate:
    """Return a schedule with another warm-up, and the right second phase."""
    return lambda step, warmup, total, peak: (
        rise(step, warmup, total, peak) if step < warmup else _solution(step, warmup, total, peak)
    )


def _scaled(by: float) -> _Rate:
    return _falling(lambda step, warmup, total, peak: by * _solution(step, warmup, total, peak))


WARMUP_COSINE = Exercise(
    name="warmup_cosine",
    task=(
        "Write `warmup_cosine(step, warmup, total, peak)`: the learning rate of a step, counted "
        "from 0. In the first `warmup` steps it rises evenly and reaches `peak` with the last of "
        "them; then half a cosine takes it from `peak` (at `step == warmup`) to 0 (at "
        "`step == total`)."
    ),
    solution=_solution,
    cases=(
        Case(0, 10, 100, 0.1),
        Case(4, 10, 100, 0.1),
        Case(9, 10, 100, 0.1),
        Case(10, 10, 100, 0.1),
        Case(40, 10, 100, 0.1),
        Case(7, 4, 12, 2.0),
        Case(12, 4, 12, 2.0),
        Case(30, 0, 90, 0.5),
    ),
    praise=(
        "Small first steps while nothing is known, the full rate for the journey, and small steps "
        "again to settle. `torch.optim.lr_scheduler.LambdaLR` takes a function like yours."
    ),
    mistakes=(
        Mistake(
            "starts_at_zero",
            "The first step has a rate of 0: it would change nothing. Step 0 is the first of "
            "`warmup` steps, so it gets `1 / warmup` of the peak.",
            like=_rising(lambda step, warmup, total, peak: peak * step / warmup),
        ),
        Mistake(
            "one_part_too_many",
            "The warm-up has one part too many: divided by `warmup + 1`, it does not reach the "
            "peak.",
            like=_rising(lambda step, warmup, total, peak: peak * (step + 1) / (warmup + 1)),
        ),
        Mistake(
            "warmup_too_long",
            "The warm-up is one step too long: at `step == warmup` the rate is above the peak. The "
            "steps 0 to `warmup - 1` are the first `warmup`, so ask `step < warmup`.",
            like=lambda step, warmup, total, peak: (
                peak * (step + 1) / max(warmup, 1)
                if step <= warmup
                else _solution(step, warmup, total, peak)
            ),
        ),
        Mistake(
            "no_warmup",
            "There is no warm-up: the first steps are past the peak's length already. What should "
            "happen while `step < warmup`?",
            like=(
                lambda step, warmup, total, peak: _solution(step, 0, total, peak),
                lambda step, warmup, total, peak: (
                    peak if step < warmup else _solution(step, warmup, total, peak)
                ),
                lambda step, warmup, total, peak: (
                    peak * (1 + math.cos(math.pi * _share(step, warmup, total))) / 2
                ),
            ),
        ),
        Mistake(
            "cosine_from_step_zero",
            "The cosine counts from step 0, so the rate jumps down where the warm-up ends. Count "
            "from `warmup`: `(step - warmup) / (total - warmup)`.",
            like=_falling(
                lambda step, warmup, total, peak: peak * (1 + math.cos(math.pi * step / total)) / 2
            ),
        ),
        Mistake(
            "too_long",
            "The cosine takes `total` steps, but only `total - warmup` are left after the warm-up: "
            "the rate does not arrive at 0.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 + math.cos(math.pi * (step - warmup) / total)) / 2
                )
            ),
        ),
        Mistake(
            "rises_again",
            "After the warm-up the rate drops to 0 and rises to the peak again. `1 - cos` rises, "
            "and `1 + cos` falls, while the share of the steps runs from 0 to 1.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 - math.cos(math.pi * _share(step, warmup, total))) / 2
                )
            ),
        ),
        Mistake(
            "whole_cosine",
            "This is a whole cosine: the rate falls to 0 half-way, and rises again. Half a turn is "
            "`math.pi`, not twice that.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 + math.cos(2 * math.pi * _share(step, warmup, total))) / 2
                )
            ),
        ),
        Mistake(
            "sine",
            "That is a sine. It begins in the middle of its fall; a cosine begins at its top.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 + math.sin(math.pi * _share(step, warmup, total))) / 2
                )
            ),
        ),
        Mistake(
            "brackets",
            "Brackets are missing: without them `peak` multiplies the 1 alone, or the 2 divides "
            "the cosine alone. `peak * (1 + cos) / 2`.",
            like=(
                _falling(
                    lambda step, warmup, total, peak: (
                        peak * 1 + math.cos(math.pi * _share(step, warmup, total)) / 2
                    )
                ),
                _falling(
                    lambda step, warmup, total, peak: (
                        peak * (1 + math.cos(math.pi * _share(step, warmup, total)) / 2)
                    )
                ),
            ),
        ),
        Mistake(
            "every_rate",
            "A list came back, with the rates of all steps. The task asks for that of one `step`.",
            seen_in=lambda trial: all(isinstance(result, list) for result in trial.results),
        ),
        Mistake(
            "not_halved",
            "The rate starts its fall at twice the peak: `1 + cos` runs from 2 to 0, so it is "
            "halved.",
            like=_scaled(2.0),
        ),
        Mistake(
            "negative",
            "The cosine alone runs from 1 to -1, and a negative rate walks uphill. Lift it by 1 "
            "and halve it.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * math.cos(math.pi * _share(step, warmup, total))
                )
            ),
        ),
        Mistake(
            "quarter",
            "This is a quarter of a cosine, which ends steeply. Half a cosine eases out: lift it "
            "by 1, halve it, and let the angle run to pi.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * math.cos(math.pi / 2 * _share(step, warmup, total))
                )
            ),
        ),
        Mistake(
            "linear",
            "The fall is a straight line. Put the share into `(1 + cos(pi * share)) / 2`.",
            like=_falling(
                lambda step, warmup, total, peak: peak * (1 - _share(step, warmup, total))
            ),
        ),
        Mistake(
            "degrees",
            "The angle is in degrees; `math.cos` takes radians: half a turn is `math.pi`.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 + math.cos(180 * _share(step, warmup, total))) / 2
                )
            ),
        ),
        Mistake(
            "pi_forgotten",
            "The angle runs to 1 only, so the rate hardly falls. Half a turn is `math.pi`.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 + math.cos(_share(step, warmup, total))) / 2
                )
            ),
        ),
        Mistake(
            "share_of_the_peak",
            "This is the share of the peak, from 0 to 1; multiply by `peak`.",
            like=lambda step, warmup, total, peak: _solution(step, warmup, total, 1.0),
        ),
        Mistake(
            "peak_in_one_phase",
            "One of the two phases gives a share of the peak, from 0 to 1. Both are multiplied by "
            "`peak`.",
            like=(
                _rising(lambda step, warmup, total, peak: _solution(step, warmup, total, 1.0)),
                _falling(lambda step, warmup, total, peak: _solution(step, warmup, total, 1.0)),
            ),
        ),
        Mistake(
            "share_without_brackets",
            "The share needs brackets: `step - warmup / total - warmup` divides only `warmup` by "
            "`total`. Write `(step - warmup) / (total - warmup)`.",
            like=_falling(
                lambda step, warmup, total, peak: (
                    peak * (1 + math.cos(math.pi * (step - warmup / total - warmup))) / 2
                )
            ),
        ),
        Mistake(
            "stays_at_the_peak",
            "After the warm-up the rate stays where it is. The cosine is missing.",
            like=_falling(lambda step, warmup, total, peak: peak),
        ),
        Mistake(
            "divides_by_zero",
            "With `warmup` 0 there are no steps to warm up, and your function divides by 0 all the "
            "same. Ask `step < warmup` before the division.",
            raises="ZeroDivisionError",
        ),
        Mistake(
            "tensor_needed",
            "`torch.cos` takes a tensor; for a plain number there is `math.cos`.",
            raises=r"cos\(\).*must be Tensor",
        ),
    ),
    hints=(
        "Two phases, so an `if`: is this step one of the first `warmup`?",
        (
            "In the warm-up: `step + 1` of `warmup` parts of the peak. Afterwards: which share of "
            "the remaining `total - warmup` steps is over?"
        ),
        (
            "`share = (step - warmup) / (total - warmup)`, and the rate is "
            "`peak * (1 + math.cos(math.pi * share)) / 2`."
        ),
    ),
)
