"""The predictions of chapter 09."""

from __future__ import annotations

from labkit.learn.prediction import Exact, MultipleChoice, Number

PREDICTIONS = (
    Exact(
        "n_weights",
        "How many parameters has `nn.RNN(3, 4)`?",
        reasons={
            "28": "Right but for the biases; PyTorch has two, one beside each weight.",
            "32": "PyTorch has two biases of 4, one beside each weight.",
            "16": "The state has weights of its own: 4 x 4.",
        },
    ),
    Exact(
        "boxes_at_eight",
        "How many tanh boxes are in the graph of a sequence of 8 steps?",
        reasons={
            "1": "There is one cell, but each time step runs it, and each leaves boxes.",
            "3": "That was the sequence of 3. The graph is built as the code runs.",
        },
    ),
    MultipleChoice(
        "norm_after_thirty",
        "What is left of the gradient after thirty steps back?",
        options="abc",
    ),
    MultipleChoice("who_remembers", "Which of the three learn to remember?", options="abcd"),
    Number(
        "padding_share",
        "Which part of a padded batch is padding?",
        near=0.05,
        far=0.2,
    ),
)
