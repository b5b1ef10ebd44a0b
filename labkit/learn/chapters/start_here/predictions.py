"""The predictions of chapter 00."""

from __future__ import annotations

from labkit.learn.prediction import MultipleChoice, Number

PREDICTIONS = (
    MultipleChoice(
        "zeros_device",
        "After `torch.cuda.set_device(0)`, where does `torch.zeros(3)` lie?",
        reasons={
            "a": (
                "`set_device` says which GPU is meant by the bare word `cuda`. It moves "
                "nothing, "
                "and new tensors go on being made on the CPU."
            ),
            "c": ("PyTorch never looks for a free place: a tensor lies where it was asked to be."),
        },
    ),
    Number(
        "first_loss",
        "What is the loss of the very first step, on two classes?",
        reasons={"0.0": "A loss of 0 is that of a model which is right, and sure of it."},
    ),
)
