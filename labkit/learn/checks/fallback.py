"""What a card says of answers that no mistake of the exercise describes.

Errors with the line of the learner's own code, functions that return nothing, and the first case
that is wrong.
"""

from __future__ import annotations

import inspect
import linecache
import traceback
from collections.abc import Mapping

from torch import nn

from labkit.learn.checks.comparison import close
from labkit.learn.checks.differences import difference, got_and_expected, other_shape
from labkit.learn.checks.exercise import Exercise
from labkit.learn.checks.meanings import meaning_of
from labkit.learn.checks.trial import Call, Trial, parameters_of, text_of
from labkit.learn.checks.wording import enumerated, safely, shorten, show, show_input
from labkit.learn.checks.wrapped import wrapped

NOT_A_VALUE = (
    "This asks for a value, and you passed a function. Call it, or write the value in its place."
)
_NOTHING_HERE = (
    "your function returned `None`, though it returned a value for other inputs: one of its "
    "branches has no `return`."
)
_MODES = {
    "gradient recording": (
        "Your function leaves gradient recording changed for the whole kernel: everything after "
        "it would run that way. Write `with torch.no_grad():` around the lines that need it; at "
        "its end the old setting returns. (It has been put back.)"
    ),
    "default dtype": (
        "Your function leaves the default dtype changed for the whole kernel. Convert your own "
        "tensors instead, with `.to(dtype)`. (It has been put back.)"
    ),
    "default device": (
        "Your function leaves the default device changed for the whole kernel. Move your own "
        "tensors instead, with `.to(device)`. (It has been put back.)"
    ),
}


def mode_changed(name: str) -> str:
    """Say that a call changed a mode of the kernel, or replaced a function of torch."""
    if name.startswith("torch."):
        return (
            f"Your function puts something else in the place of `{name}`, for the whole kernel. Is "
            f"there a `=` where round brackets should call it? (It has been put back.)"
        )
    return _MODES.get(name) or (
        f"Your function leaves the {name} changed for the whole kernel: everything after it would "
        "run that way. (It has been put back.)"
    )


def argument_changed(name: str) -> str:
    """Say that a call changed an argument."""
    return (
        f"Your function changed `{name}`, which belongs to whoever called it. Operations such as "
        "`+=`, `x[...] = ...` and `del`, and methods such as `sort()`, `pop()` and all whose names "
        "end in `_`, change the argument itself. Work on a copy, or compute something new."
    )


def gradient_changed(name: str) -> str:
    """Say that `backward` was called inside, which adds to the gradients of an argument."""
    return (
        f"Your function calls `backward` itself, and that adds to the gradients of `{name}`, which "
        "belongs to whoever called it. Return the result, and leave `backward` to the caller; if "
        "you need a gradient inside, `torch.autograd.grad` returns it and adds to none."
    )


def not_a_function(exercise: Exercise, answer: object) -> str:
    """Say that the function itself is asked for."""
    given = safely(lambda: show(answer), f"an object of type `{type(answer).__name__}`")
    return (
        f"This asks for the function itself, and got {given}. Pass `{exercise.name}` "
        f'without round brackets: `chapter.check("{exercise.name}", {exercise.name})`.'
    )


def other_arguments(exercise: Exercise, answer: object) -> str:
    """Say that the function takes other arguments than it is called with."""
    wanted = ", ".join(exercise.parameters)
    taken = ", ".join(parameters_of(answer)) if callable(answer) else ""
    return (
        f"The check calls `{exercise.name}({wanted})`. Your function takes "
        f"{f'`({taken})`' if taken else 'no arguments'}."
    )


def raised(exercise: Exercise, trial: Trial) -> tuple[str, ...]:
    """Say which error was raised, where, and for which input."""
    call = next(call for call in trial.calls if call.error is not None)
    if call.in_use and _returned_nothing(trial):
        return (_nothing(trial),)
    error = call.error
    text = shorten(text_of(error))
    name = type(error).__name__
    message = f"`{name}: {text}`" if text else f"`{name}`"
    if call.in_use:
        first = f"Your function returned {_shown(call.result)}; using that raised {message}"
    else:
        first = f"Your function raised {message}"
    line = safely(lambda: line_of(error, trial.answer), "")
    where = f" in the line `{line}`" if line else ""
    said = [f"{first}{where}.", safely(lambda: meaning_of(error), "")]
    if exercise.parameters:
        said += [_called_with(exercise, trial, call), *other_order(exercise, trial)]
    return tuple(each for each in said if each)


def _called_with(exercise: Exercise, trial: Trial, call: Call) -> str:
    shown = safely(lambda: show_input(call, exercise.parameters), "one of the inputs")
    before = trial.calls.index(call)
    if not before:
        return f"It was called with {shown}."
    return f"It ran with {before} other input{'s' * (before > 1)}, and failed with {shown}."


def line_of(error: BaseException | None, answer: object) -> str:
    """Return the last line of the learner's own code in the traceback of an error."""
    code = getattr(inspect.unwrap(answer) if callable(answer) else None, "__code__", None)
    own = code.co_filename if code is not None else None
    found = (
        linecache.getline(frame.filename, frame.lineno or 0).strip()
        for frame in traceback.extract_tb(error.__traceback__ if error is not None else None)
        if frame.filename == own or _is_a_cell(frame.filename)
    )
    lines = [line for line in found if line]
    return shorten(lines[-1]) if lines else ""


def _is_a_cell(filename: str) -> bool:
    return "ipykernel_" in filename or filename.startswith("<ipython-input")


def unknown(exercise: Exercise, trial: Trial) -> tuple[str, ...]:
    """Say what the first wrong case gave, and what is expected."""
    place, call, expected = next(
        (place, call, expected)
        for place, (call, expected) in enumerate(zip(trial.calls, trial.expected, strict=True))
        if not trial.same(call.seen, expected)
    )
    if not exercise.asks_for_a_function:
        return (f"I don't recognise this one yet. You gave {_shown(call.result)}.",)
    if _returned_nothing(trial):
        return (_nothing(trial),)
    if not callable(trial.reference[place].result) and (missing := _not_called(call.result)):
        return (missing,)
    if call.result is None and trial.reference[place].result is not None:
        return (f"{_for(exercise, call)}, {_NOTHING_HERE}",)
    if packed := wrapped(trial):
        return (packed,)
    shaped = safely(lambda: other_shape(call.seen, expected), "")
    if shaped:
        paragraphs = [f"{_for(exercise, call)}, {shaped}."]
    else:
        differs = _differs(call, expected)
        paragraphs = [f"I don't recognise this one yet. {_for(exercise, call)}, {differs}."]
    if place:
        first = "the first" if place == 1 else f"the first {place}"
        paragraphs.append(f"It was right for {first} of {len(trial.calls)} inputs.")
    ignored = [name for name in trial.source.ignored_arguments() if name not in exercise.unneeded]
    if ignored:
        listed = enumerated([f"`{name}`" for name in ignored])
        paragraphs.append(f"Your function never reads {listed}.")
    paragraphs += [
        f"Your function gives `{name}` another value before it reads the one that it was given."
        for name in trial.source.overwritten_arguments()
    ]
    return (*paragraphs, *other_order(exercise, trial))


def other_order(exercise: Exercise, trial: Trial) -> tuple[str, ...]:
    """Say that the function has the right arguments in another order, where it has."""
    try:
        taken = parameters_of(trial.answer)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a default value of any type
        return ()
    if taken == exercise.parameters or sorted(taken) != sorted(exercise.parameters):
        return ()
    called = f"{exercise.name}({', '.join(exercise.parameters)})"
    said = f"The check calls `{called}`. Your function takes these arguments in another order"
    return (f"{said}: `({', '.join(taken)})`.",)


def _returned_nothing(trial: Trial) -> bool:
    return any(call.result is not None for call in trial.reference) and all(
        call.result is None for call in trial.calls
    )


def _nothing(trial: Trial) -> str:
    if trial.source.never_returns and trial.source.calls("print"):
        return "Your function prints its result and returns `None`: `return` gives it back."
    if given := trial.source.returned_names():
        shown = enumerated([f"`{name}`" for name in given])
        return f"Your function returned `None`: nothing but `None` was ever put into {shown}."
    return "Your function returned `None`: is there a `return` line?"


def _not_called(result: object) -> str:
    """Say that a function or a layer came back itself; an empty text for anything else."""
    if isinstance(result, nn.Module):
        return (
            f"Your function returned a layer, `{type(result).__name__}`, and not what it computes. "
            "A layer is built with its settings first, and then called with a tensor: two pairs of "
            "round brackets, one after the other."
        )
    if not inspect.isroutine(result):
        return ""
    name = getattr(result, "__name__", "")
    if not name.isidentifier():
        return "Your function returned another function, and not what that one computes: call it."
    return (
        f"Your function returned `{name}` itself, and not what it computes: the round brackets "
        "after its name are missing."
    )


def _differs(call: Call, expected: object) -> str:
    if isinstance(call.seen, dict) and isinstance(expected, dict):
        return _differs_in(call.seen, expected, call)
    return safely(lambda: difference(call.seen, expected), "you returned something unusual")


def _differs_in(seen: dict[str, object], expected: dict[str, object], call: Call) -> str:
    """Say which of the named properties differs."""
    same = close()
    for name, wanted in expected.items():
        got = seen.get(name)
        if not same(got, wanted):
            if isinstance(wanted, bool):
                return f"{name} {_yes_or_no(got)}, expected {_yes_or_no(wanted)}"
            return _property_differs(name, got, wanted)
    return f"you returned {_shown(call.result)}"


def _property_differs(name: str, got: object, wanted: object) -> str:
    if isinstance(wanted, Mapping):
        return f"{name}, {difference(got, wanted)}"
    return f"{name} is {got_and_expected(got, wanted)}"


def _yes_or_no(value: object) -> str:
    return "yes" if value is True else "no"


def _for(exercise: Exercise, call: Call) -> str:
    shown = safely(lambda: show_input(call, exercise.parameters), "one of the inputs")
    return f"For {shown}" if shown else f"You returned {_shown(call.result)}"


def _shown(value: object) -> str:
    return safely(lambda: show(value), f"an object of type `{type(value).__name__}`")
