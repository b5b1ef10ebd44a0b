"""The predictions of chapter 09."""

from __future__ import annotations

from labkit.learn.predictions import Choice, Curve, Exact, Number

PREDICTIONS = (
    Exact(
        "n_weights",
        "How many parameters does `nn.RNN(3, 4)` have?",
        why=(
            "4 × 3 for the input, 4 × 4 for the state, and two biases of 4 (one would do; PyTorch "
            "keeps two to match other libraries). The length does not come into it: the same cell "
            "reads five steps or five thousand. As with the convolution of chapter 08, *sharing "
            "weights* is what makes it small: there over places, here over time."
        ),
        reasons={
            "28": "Right but for the biases; PyTorch has two, one beside each weight.",
            "32": "PyTorch has two biases of 4, one beside each weight.",
            "16": "The input has weights as well: 4 × 3. And there are two biases.",
        },
    ),
    Exact(
        "boxes_at_eight",
        "The same model reads a sequence of eight. How many tanh boxes does that graph have?",
        why=(
            "One cell, eight passes, and the *same* four parameters feed every one of them. "
            "`backward` walks all eight passes back: *backpropagation through time* is nothing "
            "new, it is the chain rule of chapter 02 on this graph. Since a weight is used eight "
            "times, its gradient is a sum of eight contributions, one from each time step."
        ),
        reasons={
            "1": "There is one cell, but each time step runs it, and each leaves boxes.",
            "3": "That was the sequence of 3. The graph is built as the code runs.",
        },
    ),
    Choice(
        "norm_after_thirty",
        "Each step back multiplies the gradient by 0.7 or a little less. What is left of it at the "
        "first of thirty time steps?",
        options={
            "a": "About a third",
            "b": "About a thousandth",
            "c": "Less than a ten-thousandth",
        },
        why=(
            "0.7 to the power 29 is 0.00003. *That is the vanishing gradient.* What the network "
            "read at the beginning may be all-important; the weights will never learn from it."
        ),
        reasons={
            "a": (
                "That is what three steps leave. The factors multiply: after thirty there are "
                "twenty-nine of them."
            ),
            "b": "That is about what twenty steps leave, 0.7 to the power 20. Nine more follow.",
        },
    ),
    Curve(
        "norm_over_time",
        "And with a factor of 1.1? Sketch the gradient at each of the thirty time steps, as a "
        "multiple of the last one. The vertical axis is logarithmic.",
        x=(1, 30),
        y=(0.01, 100),
        x_label="time step",
        y_label="gradient, as a multiple of the last",
        log=True,
        near=0.08,
        far=0.18,
        why=(
            "Above 1 it grows on its way back, by the same factor at each step: 1.1 to the power "
            "29 is about 16, at the *first* step. That is an *exploding gradient*, as long as the "
            "states are small and the tanh is steep."
        ),
        reasons={
            "flat": "Only a factor of exactly 1 would leave it level.",
            "rises": (
                "The gradient starts at the last step and travels back. It grows on its way, so "
                "it is largest at the *first* step."
            ),
        },
    ),
    Choice(
        "who_remembers",
        "An RNN, an LSTM and a GRU of the same size train on this for a few epochs. Which of them "
        "learn it?",
        options={
            "a": "All three",
            "b": "The LSTM and the GRU",
            "c": "The GRU only",
            "d": "None",
        },
        why=(
            "The answer stands in the first of fifty numbers. In the plain RNN the gradient that "
            "would say so has vanished long before it gets there. The LSTM and the GRU carry a "
            "state that is *added to* and multiplied by a gate near 1, so the gradient arrives."
        ),
        reasons={
            "a": (
                "The plain RNN's gradient has to pass fifty matrices and fifty tanh: section 3 "
                "showed what is left of it."
            ),
            "c": (
                "Both keep a state along which the gradient passes unchanged, as long as their "
                "gates begin open."
            ),
            "d": "Gates that begin open carry a value, and its gradient, over fifty steps.",
        },
    ),
    Number(
        "padding_share",
        "The four sequences have 9, 2, 5 and 3 steps. Which part of the padded batch is padding?",
        near=0.05,
        far=0.2,
        low=0,
        high=1,
        why=(
            "The batch is as long as its longest sequence: 4 × 9 = 36 places for 19 steps. The "
            "other 17, nearly half, are zeros that the cell reads as well."
        ),
        reasons={
            "0.528": "That is the part that is *not* padding: 19 of 36.",
        },
    ),
)
