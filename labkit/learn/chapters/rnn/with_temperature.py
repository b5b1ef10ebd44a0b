"""Exercise 5 of chapter 09: the probabilities from which a letter is drawn."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake

_Probabilities = Callable[[Tensor, float], Tensor]


def _case(n: int, letters: int, temperature: float) -> Case:
    generator = torch.Generator().manual_seed(letters)
    return Case(torch.randn(n, letters, generator=generator), temperature)


def _one_hot_of_largest(logits: Tensor, temperature: float) -> Tensor:
    return torch.nn.functional.one_hot(logits.argmax(dim=-1), logits.shape[-1]).float()


def _exponentials_over_all(logits: Tensor, temperature: float) -> Tensor:
    powers = (logits / temperature).exp()
    return powers / powers.sum()


def _of_scaled(function: Callable[[Tensor], Tensor]) -> _Probabilities:
    """Return the function of the logits that are divided by the temperature."""
    return lambda logits, temperature: function(logits / temperature)


WITH_TEMPERATURE = Exercise(
    name="with_temperature",
    task=(
        "Write `with_temperature(logits, temperature)`: the probabilities from which a letter is "
        "drawn, shape (n, letters) as the logits; each row adds up to 1."
    ),
    solution=_of_scaled(lambda scaled: scaled.softmax(dim=-1)),
    cases=(
        _case(2, letters=5, temperature=0.5),
        # As many rows as letters: a sum over the wrong dimension keeps the shape.
        _case(3, letters=3, temperature=2.0),
        _case(1, letters=27, temperature=0.8),
    ),
    praise="Cold makes the likely letters likelier, heat makes all of them alike.",
    mistakes=(
        Mistake(
            "multiplied",
            "The logits were multiplied, so cold and hot are the wrong way round. Divide: a small "
            "temperature makes differences large.",
            like=lambda logits, temperature: (logits * temperature).softmax(dim=-1),
        ),
        Mistake(
            "temperature_ignored",
            "These are the probabilities at temperature 1, whatever `temperature` says. (Adding or "
            "subtracting one number everywhere changes nothing: a softmax sees only differences.)",
            like=lambda logits, temperature: logits.softmax(dim=-1),
        ),
        Mistake(
            "after_softmax",
            "The probabilities were divided, and no longer add up to 1. The temperature divides "
            "the *logits*.",
            like=(
                lambda logits, temperature: logits.softmax(dim=-1) / temperature,
                lambda logits, temperature: logits.softmax(dim=-1) * temperature,
            ),
        ),
        Mistake(
            "softmax_twice",
            "There are two softmaxes: the second takes the probabilities of the first for logits. "
            "Divide the logits first, then take one softmax.",
            like=(
                lambda logits, temperature: (logits.softmax(dim=-1) / temperature).softmax(dim=-1),
                _of_scaled(lambda scaled: scaled.softmax(dim=-1).softmax(dim=-1)),
            ),
        ),
        Mistake(
            "down_the_columns",
            "Each *column* adds up to 1. The letters are in the last dimension: `dim=-1`.",
            like=_of_scaled(lambda scaled: scaled.softmax(dim=0)),
        ),
        Mistake(
            "logarithms",
            "These are logarithms of probabilities. `multinomial` wants the probabilities: take "
            "`softmax`.",
            like=_of_scaled(lambda scaled: scaled.log_softmax(dim=-1)),
        ),
        Mistake(
            "not_normalised",
            "The exponentials are right, but they do not add up to 1: divide by their sum, row by "
            "row.",
            like=(
                _of_scaled(torch.exp),
                lambda logits, temperature: logits.softmax(dim=-1) ** (1 / temperature),
            ),
        ),
        Mistake(
            "one_sum_for_all",
            "All rows together add up to 1. Each row is a choice of its own: sum over `dim=-1`.",
            like=_exponentials_over_all,
        ),
        Mistake(
            "no_exponential",
            "The logits were divided by their sum, and so some of these are negative or above 1. "
            "Take the exponentials first; or `softmax`, which does both.",
            like=_of_scaled(lambda scaled: scaled / scaled.sum(dim=-1, keepdim=True)),
        ),
        Mistake(
            "keepdim_missing",
            "`sum(dim=-1)` has the shape (n,), which is lined up with the columns. With "
            "`keepdim=True` it is (n, 1), and each row is divided by its own sum.",
            raises="size of tensor a .* must match",
            seen_in=lambda trial: trial.source.calls("sum"),
        ),
        Mistake(
            "smallest_first",
            "The least likely letter gets the highest probability: the sign of the logits was "
            "turned round.",
            like=_of_scaled(lambda scaled: (-scaled).softmax(dim=-1)),
        ),
        Mistake(
            "uniform",
            "All letters get the same probability, whatever the network says: the limit of an "
            "infinite temperature.",
            like=lambda logits, temperature: torch.zeros_like(logits).softmax(dim=-1),
        ),
        Mistake(
            "sigmoid",
            "A sigmoid answers one question for each letter by itself. Here exactly one letter "
            "comes next, so the probabilities compete: `softmax`.",
            like=_of_scaled(torch.sigmoid),
        ),
        Mistake(
            "still_logits",
            "These are logits still: they may be negative, and do not add up to 1.",
            like=_of_scaled(lambda scaled: scaled),
        ),
        Mistake(
            "most_likely",
            "This takes the most likely letter, which is the limit of temperature 0. The task asks "
            "for all probabilities.",
            like=(
                _one_hot_of_largest,
                lambda logits, temperature: logits.argmax(dim=-1),
                lambda logits, temperature: logits.argmax(dim=-1, keepdim=True),
            ),
        ),
        Mistake(
            "drawn_already",
            "This draws a letter. The task asks for the probabilities it is drawn from; "
            "`multinomial` comes afterwards.",
            seen_in=lambda trial: trial.source.mentions("multinomial", "Categorical"),
        ),
        Mistake(
            "dim_forgotten",
            "`softmax` has to know which dimension adds up to 1: `dim=-1`.",
            raises="missing 1 required positional argument.*dim",
        ),
    ),
    hints=(
        "A temperature below 1 should make large differences between logits larger still.",
        "Divide the logits by the temperature before the softmax.",
        "Return `torch.softmax(logits / temperature, dim=-1)`.",
    ),
)
