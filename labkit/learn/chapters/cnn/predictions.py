"""The predictions of chapter 08."""

from __future__ import annotations

from labkit.learn.datasets import digits
from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import Sheet
from labkit.learn.pictures.png import colours, data_address
from labkit.learn.predictions import Choice, Curve, Exact, Number, Place

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
        "The kernel visits every place where all of it fits on the 8 × 8 image. What is the "
        "shape of the table of answers?",
        length=2,
        why=(
            "A kernel of 3 on a row of 8 fits at 8 - 3 = 5 moves *plus* the place where it starts: "
            "6 × 6. At the border the kernel would hang over, so the map is two smaller.\n\n"
            "(In mathematics a convolution flips the kernel along both axes first. PyTorch does "
            "not: the weights are learned, so it makes no difference.)"
        ),
        reasons={
            "(8, 8)": (
                "At the border the kernel would hang over; without padding those places are left "
                "out."
            ),
            "(7, 7)": "Two places are lost in a row, one at each end: 8 - 3 moves, and the start.",
            "(3, 3)": "That is the kernel. The table has one answer for each place it fits onto.",
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
    Choice(
        "one_by_one",
        "What can a convolution with a kernel of 1 × 1 do to a colour image?",
        options={
            "a": "Nothing of use: one pixel is no pattern",
            "b": "Turn it grey: mix the three colours of each pixel",
            "c": "Blur it",
        },
        why=(
            "A kernel spans all channels, so a kernel of 1 × 1 still has one weight for each of "
            "them: it mixes the channels of a pixel, here red, green and blue into one brightness. "
            "It is a small linear layer, the same one at every pixel.\n\n"
            "Large networks use it to turn many channels into few before an expensive "
            "convolution: from 256 channels to 64 with `nn.Conv2d(256, 64, 1)`."
        ),
        reasons={
            "a": "It sees one pixel, but all *channels* of it: three numbers to mix.",
            "c": "To blur, an answer has to depend on neighbouring pixels. This one does not.",
        },
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
            "1160": "There is one bias for each of the 16 *output* channels, not for the 8 inputs.",
            "1280": "There is one bias for each kernel, not one for each of its 8 slices.",
            "128": "That is the number of pairs of channels. Each pair has 3 × 3 weights.",
            "1152": "Right but for the biases: one for each of the 16 output channels.",
            "80": "That is `nn.Conv2d(1, 8, 3)`, the layer before.",
        },
    ),
    Number(
        "dropout_mean",
        "About half of the ten thousand ones become 0. What is the mean of all ten thousand "
        "numbers that come out?",
        near=0.05,
        far=0.1,
        low=0,
        high=2,
        why=(
            "Half of the numbers become 0, and those that stay are *doubled*: divided by "
            "1 - 0.5. So the mean stays near 1, and the next layer sees numbers of the size that "
            "it will see later, in eval mode, where nothing is dropped and nothing scaled."
        ),
        reasons={
            "0.4..0.6": "Half are dropped, but the others are scaled up to make up for it.",
            "0..0.1": "Not all are dropped: each one stays with a chance of one half.",
            "1.9..2": "That is what each of those becomes that stay. The other half is 0.",
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
            "10": "Pooling doubles what comes *after* it. The first convolution comes before.",
            "7": "The steps of the second kernel are two pixels long each, as it moves over pooled "
            "numbers.",
        },
    ),
    Number(
        "test_accuracy",
        "What fraction of the 449 test digits, which it has never seen, will it get right? "
        "Guessing would give 0.1.",
        near=0.02,
        far=0.08,
        low=0,
        high=1,
        why=(
            "Fewer than two thousand parameters are enough, because the same kernels serve every "
            "place, and because all digits of this set are in the middle and of one size."
        ),
        reasons={
            "0..0.15": "That would be guessing. Even a linear layer learns a lot here.",
            "0.2..0.85": (
                "Few parameters are no weakness here: each kernel is used at 64 places, so it sees "
                "far more examples than there are images."
            ),
        },
    ),
    Number(
        "shifted_accuracy",
        "Every test digit is moved right by one pixel. What fraction does the same network get "
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
            "Each of the first three pixels costs a fifth to a third of all digits: the strokes "
            "reach places for which the last layer has other weights, and on the right they are "
            "cut off. Most of what looked like understanding was the digits' position."
        ),
        reasons={
            "flat": "Level means invariant: the convolutions nearly are, the last layer is not.",
            "rises": "Nothing in the training has prepared it for digits that are off centre.",
        },
    ),
    Curve(
        "augmented_curve",
        "In training each batch was moved by -2 to 2 pixels. Sketch the accuracy on test digits "
        "moved right by 0 to 4 pixels.",
        x=(0, 4),
        y=(0, 1),
        x_label="moved right by, in pixels",
        y_label="accuracy",
        near=0.1,
        far=0.2,
        why=(
            "As far as it was moved in training, two pixels, the network hardly minds. Beyond "
            "that it falls off as steeply as before: it has not learned to ignore position, it has "
            "learned the positions it was shown.\n\n"
            "There is a small price: on digits in the middle it gets two or three more wrong than "
            "the first network, because the same 1,914 parameters now have more to do. Augment by "
            "what really happens in use, and no further."
        ),
        reasons={
            "flat": (
                "Up to two pixels, yes. Three and four it has never seen, and there the strokes "
                "are cut off at the edge."
            ),
            "rises": "Digits in the middle are the easiest: it was trained on both sides of them.",
            "straight": "It does not fall from the start: moves of one and two it knows well.",
        },
    ),
)
