"""The predictions of chapter 09."""

from __future__ import annotations

from labkit.learn.chapters.rnn.predictions_about_text import TEXT_PREDICTIONS
from labkit.learn.predictions import Choice, Curve, Exact, Number

PREDICTIONS = (
    Exact(
        "n_weights",
        "How many parameters does `nn.RNN(3, 4)` have?",
        why=(
            "4 × 3 for the input, 4 × 4 for the state, and two biases of 4 (one would do; PyTorch "
            "has two to match other libraries). The length does not come into it: the same cell "
            "reads five steps or five thousand. As with the convolution of chapter 08, *sharing "
            "weights* keeps it small: there over places, here over time."
        ),
        reasons={
            "28": "Right but for the biases; PyTorch has two, one beside each weight.",
            "32": "PyTorch has two biases of 4, one beside each weight.",
            "16": "The input has weights as well: 4 × 3. And there are two biases.",
            "180": "The five steps share one set of weights, so the length does not count.",
            "140": "The five steps share one set of weights. And there are two biases.",
            "12": "Those are the weights of the input. The state has a matrix of its own.",
        },
    ),
    Exact(
        "boxes_at_eight",
        "The same model reads a sequence of eight. How many tanh boxes does that graph have?",
        why=(
            "One cell, eight passes, and the *same* four parameters feed every one of them. "
            "`backward` goes through all eight passes in reverse. That has a grand name, "
            "*backpropagation through time*, but it is the chain rule of chapter 02 on this "
            "graph. Since a weight is used eight times, its gradient is a sum of eight "
            "contributions, one from each time step."
        ),
        reasons={
            "1": "There is one cell, but each time step runs it, and each pass leaves boxes.",
            "3": "That was the sequence of three. The graph is built as the code runs.",
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
            "read at the beginning may be all-important; the weights will hardly learn from it."
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
        near=0.06,
        far=0.18,
        why=(
            "Above 1 it grows on its way back, by the same factor at each step: 1.1 to the power "
            "29 is about 16, at the *first* step. That is an *exploding gradient*. It lasts as "
            "long as the states are small; for large states the tanh is flat, and damps it."
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
        "without_clipping",
        "The first gradient has a norm of about 1600, and the weights are of the order of 1. What "
        "happens to the loss with SGD and a learning rate of 0.02?",
        options={
            "a": "It falls, only less smoothly",
            "b": "It stays where it is",
            "c": "It grows until it is not a number any more",
        },
        why=(
            "The first step moves the weights by 0.02 × 1600, about thirty times their own size. "
            "The state is then multiplied by a huge matrix twenty times over: the next loss is "
            "infinite, and the one after that is `nan`, *not a number*. From there no step leads "
            "back, as `nan` minus anything is `nan`."
        ),
        reasons={
            "a": (
                "A gradient points downhill only close to where you stand. This step goes thirty "
                "times further than the weights are large."
            ),
            "b": "Nothing saturates in a cell without a tanh: whatever is too large gets larger.",
        },
    ),
    Choice(
        "who_remembers",
        "An RNN, an LSTM and a GRU of the same size train on this for twelve epochs. Which of them "
        "learn it?",
        options={
            "a": "All three",
            "b": "The LSTM and the GRU",
            "c": "The GRU only",
            "d": "None",
        },
        why=(
            "The answer is in the first of fifty numbers. In the plain RNN, started as it was, the "
            "gradient that would say so has vanished long before it gets there. The LSTM and "
            "the GRU carry a state that is *added to* and multiplied by a gate near 1, so the "
            "gradient arrives."
        ),
        reasons={
            "a": (
                "The plain RNN's gradient has to pass fifty matrices and fifty tanh: section 3 "
                "showed what is left of it."
            ),
            "c": (
                "Both have a state along which the gradient passes unchanged, as long as their "
                "gates begin open."
            ),
            "d": "Gates that begin open carry a value, and its gradient, over fifty steps.",
        },
    ),
    Choice(
        "fair_start",
        "Now the other way round: the RNN's matrix begins as a rotation, and the gates begin half "
        "open. Who learns it now?",
        options={
            "a": "Still the LSTM and the GRU",
            "b": "Only the RNN",
            "c": "All three",
            "d": "None",
        },
        why=(
            "A rotation has the factor 1 of section 3, so the gradient arrives. A half-open gate "
            "multiplies by 0.5, and 0.5 to the power 49 is nothing: without an open start the "
            "gates are no better than what they were invented to replace.\n\n"
            "So *the start decides whether the gradient arrives at all*. What gates add is choice. "
            "A rotation can only carry everything on; a gate decides, unit by unit and step by "
            "step, what to keep and what to drop. You will see one do so in section 6."
        ),
        reasons={
            "a": "Half-open gates multiply the state by 0.5 at each step, and its gradient too.",
            "c": (
                "The RNN does. But a half-open gate multiplies by 0.5, fifty times in a row: the "
                "others' gradients vanish now."
            ),
            "d": "A rotation neither shrinks nor stretches: the factor 1.0 of section 3.",
        },
    ),
    *TEXT_PREDICTIONS,
    Number(
        "padding_share",
        "The four sequences have 9, 2, 5 and 3 steps. What fraction of the padded batch is "
        "padding?",
        near=0.05,
        far=0.2,
        low=0,
        high=1,
        why=(
            "The batch is as long as its longest sequence: 4 × 9 = 36 places for 19 steps. The "
            "other 17, nearly half, are zeros that the cell reads as well."
        ),
        reasons={
            "0.52..0.54": "That is the part that is *not* padding: 19 of 36.",
        },
    ),
    Curve(
        "looking_back",
        "Sketch the gradient with respect to each of the thirty states, as a multiple of the "
        "last one, if the answer is read from a weighted mean of *all* states. The factor is 0.7 "
        "again, and the axis is logarithmic.",
        x=(1, 30),
        y=(1e-5, 10),
        x_label="time step",
        y_label="gradient, as a multiple of the last",
        log=True,
        near=0.05,
        far=0.18,
        why=(
            "It is level, or nearly: earlier states count a little more, as they also act through "
            "the next few. From the answer to any state it is one step, however long ago that was, "
            "so there is nothing to multiply thirty times. The recurrence is still there, and its "
            "gradient still fades; but now there is a second, short way."
        ),
        reasons={
            "rises": (
                "That was the picture when only the *last* state was read. Now every state has a "
                "direct way to the answer."
            ),
            "falls": "No state is at an advantage here: each is one step away from the answer.",
        },
    ),
)
