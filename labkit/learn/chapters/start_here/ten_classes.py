"""Exercise 2 of chapter 00: the first loss of a model with ten classes."""

from __future__ import annotations

import math

from labkit.learn.checks import Exercise, Mistake, close

TEN_CLASSES = Exercise(
    name="ten_classes",
    task=(
        "Give the cross entropy, to three decimals, of a model that finds all ten classes equally "
        "likely."
    ),
    solution=math.log(10),
    same=close(atol=5e-4, rtol=0),
    praise=(
        "ln 10 = 2.303: remember it. If the first loss of a ten-class model is far from it, "
        "something is misconfigured."
    ),
    mistakes=(
        Mistake(
            "probability",
            "0.1 is the probability of the right class. The loss is minus its logarithm.",
            like=0.1,
        ),
        Mistake(
            "two_classes",
            "That is for two classes. Here the right class gets a probability of one in ten.",
            like=math.log(2),
        ),
        Mistake(
            "base_ten",
            "That is the logarithm to base 10. PyTorch takes the natural logarithm, `math.log`.",
            like=1.0,
        ),
        Mistake(
            "base_two",
            "That is the logarithm to base 2, in bits. PyTorch takes the natural one, `math.log`.",
            like=math.log2(10),
        ),
        Mistake(
            "sign",
            "The logarithm of a probability is negative; the loss has a minus in front of it.",
            like=-math.log(10),
        ),
        Mistake(
            "two_decimals",
            "Nearly: that is how it begins. The task asks for three decimals.",
            like=(2.3, 2.31),
        ),
        Mistake(
            "cut_off",
            "Nearly: the digits after the third were cut off. They begin with a 5, so the third is "
            "rounded up.",
            like=2.302,
        ),
        Mistake(
            "decimal_comma",
            "This is a tuple or a list: is there a comma in it, or a pair of brackets around it? A "
            "number has a decimal point, and no brackets.",
            seen_in=lambda trial: isinstance(trial.answer, tuple | list),
        ),
        Mistake(
            "wrong_classes",
            "That starts from 0.9, the probability of *all the other* classes together. Cross "
            "entropy looks at the right class alone, and that one has 0.1.",
            like=(0.9, -math.log(0.9), math.log(0.9)),
        ),
        Mistake(
            "nine_classes",
            "That is for nine classes: ten digits, 0 to 9, are ten.",
            like=math.log(9),
        ),
        Mistake(
            "summed_over_classes",
            "That is ten times too much: the sum over all ten classes. Only the right class "
            "counts.",
            like=10 * math.log(10),
        ),
        Mistake(
            "text",
            "This is a piece of text. Without the quotes it is a number.",
            seen_in=lambda trial: isinstance(trial.answer, str),
        ),
    ),
    hints=(
        "Two equal classes gave about 0.69. Where did that number come from?",
        "With two classes it was -ln(1/2). What is the probability of the right class among ten?",
        "Compute `-math.log(1 / 10)` and round it.",
    ),
)
