"""Exercise 1 of chapter 02: the slope of a loss in which a parameter occurs twice."""

from __future__ import annotations

from labkit.learn.checks import Case, Exercise, Mistake, autograd


def _off(w: float, x: float, y: float) -> float:
    return w * x - y


SLOPE = Exercise(
    name="slope",
    task=(
        "Write `slope(w, x, y)`: the derivative of `(w * x - y) ** 2 + 0.1 * w ** 2` with respect "
        "to `w`, by hand."
    ),
    solution=lambda w, x, y: 2 * _off(w, x, y) * x + 0.2 * w,
    cases=(Case(2.5, 3.0, 5.0), Case(-1.0, 2.0, 4.0), Case(0.5, -1.5, 1.0)),
    praise="Along each path the local slopes multiply; where paths meet, the products add up.",
    forbids=(
        autograd(
            "This asks autograd, and autograd is right. Here you do its work once yourself: "
            "follow both paths from `w` to the loss with pencil and paper."
        ),
    ),
    mistakes=(
        Mistake(
            "one_path",
            "Only the first use of `w` was followed. It is used twice, so two paths lead to it, "
            "and their slopes add up.",
            like=lambda w, x, y: 2 * _off(w, x, y) * x,
        ),
        Mistake(
            "decay_only",
            "Only the second use of `w` was followed. It is used in the square of `w * x - y` as "
            "well.",
            like=lambda w, x, y: 0.2 * w,
        ),
        Mistake(
            "inner_forgotten",
            "The square's slope is there, but not that of what is squared: `w * x` grows by `x` "
            "when `w` grows by one.",
            like=lambda w, x, y: 2 * _off(w, x, y) + 0.2 * w,
        ),
        Mistake(
            "two_forgotten",
            "The slope of a square is *two* times what is squared. There are two squares here.",
            like=lambda w, x, y: _off(w, x, y) * x + 0.1 * w,
        ),
        Mistake(
            "two_forgotten_in_the_decay",
            "The first part is right. The second is a square, too: its slope has a 2 that meets "
            "the 0.1.",
            like=lambda w, x, y: 2 * _off(w, x, y) * x + 0.1 * w,
        ),
        Mistake(
            "two_forgotten_in_the_error",
            "The second part is right. The first is a square, too: its slope has a 2.",
            like=lambda w, x, y: _off(w, x, y) * x + 0.2 * w,
        ),
        Mistake(
            "factor_of_the_decay_lost",
            "The first part is right. In the second the 0.1 was lost: it multiplies the square, so "
            "it multiplies the slope of the square as well.",
            like=lambda w, x, y: 2 * _off(w, x, y) * x + 2 * w,
        ),
        Mistake(
            "decay_of_x",
            "The first part is right. The second has nothing to do with `x`: it is the slope of "
            "`0.1 * w ** 2`.",
            like=lambda w, x, y: 2 * _off(w, x, y) * x + 0.2 * x,
        ),
        Mistake(
            "brackets_missing",
            "A pair of round brackets is missing: the *whole* error `w * x - y` is multiplied by "
            "what stands before and after it.",
            like=(
                lambda w, x, y: 2 * w * x - y * x + 0.2 * w,
                lambda w, x, y: 2 * w * x * x - y + 0.2 * w,
                lambda w, x, y: 2 * w * x - y + 0.2 * w,
            ),
        ),
        Mistake(
            "two_parts",
            "Both parts are here, side by side. They are slopes with respect to the same `w`: add "
            "them up.",
            seen_in=lambda trial: all(
                trial.same(sum(result), wanted)
                for result, wanted in zip(trial.results, trial.expected, strict=True)
            ),
        ),
        Mistake(
            "decay_without_w",
            "The slope of `0.1 * w ** 2` is not the same everywhere: the further `w` is from zero, "
            "the steeper it is.",
            like=(
                lambda w, x, y: 2 * _off(w, x, y) * x + 0.2,
                lambda w, x, y: 2 * _off(w, x, y) * x + 0.1,
            ),
        ),
        Mistake(
            "sign",
            "One of the two parts has the wrong sign. The error is `w * x - y`, in this order, and "
            "the two parts are added.",
            like=(
                lambda w, x, y: -2 * _off(w, x, y) * x + 0.2 * w,
                lambda w, x, y: 2 * _off(w, x, y) * x - 0.2 * w,
            ),
        ),
        Mistake(
            "downhill",
            "All signs are turned round: this is the way downhill. To go there is the business of "
            "the step, later; the slope points uphill.",
            like=lambda w, x, y: -(2 * _off(w, x, y) * x + 0.2 * w),
        ),
        Mistake(
            "multiplied",
            "The two paths were multiplied. Slopes multiply *along* a path and add up where paths "
            "meet.",
            like=lambda w, x, y: 2 * _off(w, x, y) * x * 0.2 * w,
        ),
        Mistake(
            "along_x",
            "`w * x` grows by `x` when `w` grows, not by `w`: this is the slope with respect to "
            "`x`.",
            like=(
                lambda w, x, y: 2 * _off(w, x, y) * w,
                lambda w, x, y: 2 * _off(w, x, y) * w + 0.2 * w,
            ),
        ),
        Mistake(
            "value",
            "This is the loss itself. How fast does it change when `w` changes?",
            like=lambda w, x, y: _off(w, x, y) ** 2 + 0.1 * w**2,
        ),
    ),
    hints=(
        "Draw the two paths from `w` to the loss: one through the square, one through the decay.",
        "Along the first: the slope of the square is `2 * (w * x - y)`, that of `w * x` is `x`.",
        "Return `2 * (w * x - y) * x + 0.2 * w`.",
    ),
)
