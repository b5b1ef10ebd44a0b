"""The predictions of chapter 08."""

from __future__ import annotations

from labkit.learn.prediction import Exact, Number

PREDICTIONS = (
    Exact(
        "map_size",
        "How large is the map of a 3 x 3 kernel on 8 x 8 pixels?",
        reasons={
            "(8, 8)": (
                "At the border the kernel would hang over; without padding those places "
                "are left out."
            ),
            "(5, 5)": ("The first place counts too: 8 - 3 moves, and the place where it started."),
        },
        length=2,
    ),
    Exact(
        "n_weights",
        "How many parameters has `nn.Conv2d(8, 16, 3)`?",
        reasons={
            "144": "A kernel spans all input channels: it is 8 x 3 x 3, not 3 x 3.",
            "160": "A kernel spans all input channels: it is 8 x 3 x 3, not 3 x 3.",
            "1152": "Right but for the biases: one for each of the 16 output channels.",
            "80": "That is `nn.Conv2d(1, 8, 3)`, the layer before.",
        },
    ),
    Exact(
        "field_width",
        "How wide is what one number after conv, pool, conv has seen?",
        reasons={
            "5": (
                "That is two convolutions without pooling. After it, each step is two "
                "pixels of the image."
            ),
            "6": (
                "Pooling widens it by one; and then the second kernel's steps are two "
                "pixels long each."
            ),
            "3": "That is the second kernel alone. Each number that it sees has seen more.",
        },
    ),
    Number(
        "test_accuracy",
        "Which accuracy does the CNN reach on digits that it has not seen?",
        near=0.02,
        far=0.08,
    ),
    Number(
        "shifted_accuracy",
        "And when each test digit is moved right by one pixel?",
        near=0.06,
        far=0.2,
    ),
)
