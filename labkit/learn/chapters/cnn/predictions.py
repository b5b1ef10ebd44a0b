"""The predictions of chapter 08."""

from __future__ import annotations

from labkit.learn.datasets import digits
from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import Sheet
from labkit.learn.pictures.png import colours, data_address
from labkit.learn.predictions import Curve, Exact, Number, Place

_SIDE, _PIXEL = 8, 26


def _digit() -> Picture:
    """Draw the digit on which the chapter's kernel is put."""
    sheet, size = Sheet(), _SIDE * _PIXEL
    address = data_address(colours(digits().x_train[2, 0].numpy(), "grey"))
    sheet.image(0, 0, size, size, address, crisp=True)
    return sheet.finish("the third digit of the training set, 8 × 8 pixels", margin=0)


PREDICTIONS = (
    Exact(
        "map_size",
        "The kernel is put at every place where it fits whole onto the 8 × 8 image. What is the "
        "shape of the table of answers?",
        length=2,
        why=(
            "A kernel of 3 on a row of 8 fits at 8 - 3 = 5 moves *plus* the place where it starts: "
            "6 × 6. The border that has no room is lost.\n\n"
            "The table of answers is called a *feature map*. (In mathematics a convolution flips "
            "the kernel along both axes first. PyTorch does not: the weights are learned, so it "
            "makes no difference.)"
        ),
        reasons={
            "(8, 8)": (
                "At the border the kernel would hang over; without padding those places are left "
                "out."
            ),
            "(5, 5)": "The first place counts too: 8 - 3 moves, and the place where it started.",
        },
    ),
    Place(
        "brightest",
        "The kernel answers with a large number where the image gets brighter from left to right. "
        "Click the pixel at the centre of the window with the *largest* answer.",
        picture=_digit,
        x=(-0.5, _SIDE - 0.5),
        y=(_SIDE - 0.5, -0.5),
        cells=True,
        near=0.13,
        far=0.27,
        names=("column", "row"),
        why=(
            "The answer is largest where three dark pixels on the left face three bright ones on "
            "the right: at the left edge of a stroke, not on the stroke itself. In the middle of a "
            "bright area both sides are equal, and the answer is near 0."
        ),
    ),
    Exact(
        "n_weights",
        "How many parameters does `nn.Conv2d(8, 16, 3)` have?",
        why=(
            "16 kernels × 8 channels × 3 × 3, and 16 biases. The size of the image does not come "
            "into it. A fully connected layer between the same two sizes has a weight of its own "
            "for every pair of numbers."
        ),
        reasons={
            "144": "A kernel spans all input channels: it is 8 × 3 × 3, not 3 × 3.",
            "160": "A kernel spans all input channels: it is 8 × 3 × 3, not 3 × 3.",
            "1152": "Right but for the biases: one for each of the 16 output channels.",
            "80": "That is `nn.Conv2d(1, 8, 3)`, the layer before.",
        },
    ),
    Exact(
        "field_width",
        "Convolution (3), pooling (2), convolution (3): how many pixels wide is the receptive "
        "field of one number at the end?",
        why=(
            "The last kernel looks at 3 pooled numbers. Neighbours among them are two pixels "
            "apart, so it spans 2 × 2 = 4 pixels more than a single one does. A single pooled "
            "number has seen 4 pixels: two windows of 3, one pixel apart. 4 + 4 = 8: *the whole "
            "digit*, with 20 parameters.\n\n"
            "Pooling doubles the reach of everything that comes after it. That is the other half "
            "of why so few weights are enough."
        ),
        reasons={
            "5": (
                "That is two convolutions without pooling. After it, each step is two pixels of "
                "the image."
            ),
            "6": (
                "Pooling widens it by one; and then the second kernel's steps are two pixels long "
                "each."
            ),
            "3": "That is the second kernel alone. Each number that it sees has seen more.",
        },
    ),
    Number(
        "test_accuracy",
        "Which fraction of the 449 digits that it has never seen will it get right? Guessing "
        "would give 0.1.",
        near=0.02,
        far=0.08,
        low=0,
        high=1,
        why=(
            "Fewer than two thousand parameters are enough, because the same kernels serve every "
            "place, and because all digits of this set are in the middle and of one size."
        ),
    ),
    Number(
        "shifted_accuracy",
        "Every test digit is moved right by one pixel. Which fraction does the same network get "
        "right now?",
        near=0.06,
        far=0.2,
        low=0,
        high=1,
        why=(
            "The *maps* shift with the image, but then the pooling's grid stays where it is, and "
            "at the end a linear layer gives each of the last four places weights of its own: "
            "there it matters again where things are. The CNN copes much better than the linear "
            "model, which has only ever known single pixels, but it is not *invariant*.\n\n"
            "(On the digits as they are, the two are close: all of them are in the middle. A test "
            "set like the training set does not tell you what a model has understood.)"
        ),
        reasons={
            "0.93..1": (
                "A convolution does not care where things are, but the pooling's grid and the "
                "last linear layer do."
            ),
            "0..0.15": "That would be guessing. One pixel is not the end of everything it knows.",
        },
    ),
    Curve(
        "shift_curve",
        "And further? Sketch the accuracy for digits moved right by 0 to 4 pixels.",
        x=(0, 4),
        y=(0, 1),
        x_label="moved right by, in pixels",
        y_label="accuracy",
        near=0.1,
        far=0.2,
        why=(
            "Each further pixel costs more: the strokes reach places for which the last layer has "
            "other weights, and on the right they are cut off. Most of what looked like "
            "understanding was the digits' position. The cure is to *train* on shifted digits, "
            "which is called augmentation."
        ),
        reasons={
            "flat": "Level means invariant: the convolutions nearly are, the last layer is not.",
            "rises": "Nothing in the training has prepared it for digits that are off centre.",
        },
    ),
)
