"""The predictions of chapter 07, with the explanations of their outcomes."""

from __future__ import annotations

from labkit.learn.pictures import Picture
from labkit.learn.pictures.picture import Sheet
from labkit.learn.predictions import Choice, Curve, Number, Place, Prediction
from labkit.learn.race.surfaces import SURFACES, height_map

_RAVINE = SURFACES["ravine"]
_WIDTH, _HEIGHT = 400.0, 240.0


def ravine_picture() -> Picture:
    """Return the map of the ravine with its start, without margins, to be clicked on."""
    sheet = Sheet()
    sheet.image(0, 0, _WIDTH, _HEIGHT, height_map(_RAVINE).image, crisp=False)
    (_, left, right), (_, low, high) = _RAVINE.first, _RAVINE.second
    x = (_RAVINE.start[0] - left) / (right - left) * _WIDTH
    y = (high - _RAVINE.start[1]) / (high - low) * _HEIGHT
    sheet.dot(x, y, 6, fill="#ffffff", stroke="#000000")
    sheet.text(x + 10, y + 4, "start (-4, 1)", size=12, colour="#000000", bold=True)
    sheet.text(6, _HEIGHT - 8, "x: -5 to 5, y: -2 to 2", size=12, colour="#000000")
    return sheet.finish(
        "Map of the ravine, x from -5 to 5 across and y from -2 to 2 up, dark where the loss is "
        "low; a white dot marks the start at (-4, 1).",
        margin=0,
    )


PREDICTIONS: tuple[Prediction, ...] = (
    Choice(
        "ten_times_steeper",
        "The walls of the ravine become ten times as steep, and the learning rate is chosen again, "
        "as large as this ravine allows. How many steps does it take now?",
        options={
            "a": "About as many as before: the rate was chosen for it",
            "b": "About three times as many",
            "c": "About ten times as many",
        },
        why=(
            "The steepest direction decides how large the rate may be: 2 divided by its "
            "curvature. Walls ten times as steep mean a rate ten times smaller. The floor is as "
            "flat as it was, so along the floor each step now gets a tenth as far.\n\n"
            "The ratio of the largest to the smallest curvature is the *condition number*: 50 "
            "before, 500 now. The number of steps grows in proportion to it. Nothing about the "
            "flat direction changed; it pays for the steep one all the same, because there is "
            "*one* rate for both."
        ),
        reasons={
            "a": (
                "The best rate is the best for the walls. The floor did not become steeper, and "
                "there every step is shorter now."
            ),
            "b": (
                "That would be the square root of ten, and it is what the best *momentum* makes of "
                "it, two sections from here. Plain SGD pays in full."
            ),
        },
    ),
    Curve(
        "four_samples",
        "The rate stays at 0.2, and each step sees four random samples out of 500. Sketch how far "
        "the loss is above the best possible loss, over 400 steps (averaged over 20 steps).",
        x=(0, 400),
        y=(0.001, 10),
        x_label="step",
        y_label="loss above the best",
        log=True,
        shape="levels off",
        why=(
            "It falls quickly, within some 20 steps, and then stays where it is, at about 0.1. At "
            "the bottom the *average* gradient is zero, but that of four samples is not: each "
            "minibatch pulls to a bottom of its own. With a fixed rate the walk never comes to "
            "rest; it moves about at a height that the rate decides. This height is the *noise "
            "floor*."
        ),
        reasons={
            "rises": (
                "Four samples point roughly the same way as all of them, so far from the bottom "
                "nearly every step helps."
            ),
            "reaches the bottom": (
                "That would happen with all 500 samples in every step. With four, the gradient "
                "does not vanish at the bottom, and the steps keep their length."
            ),
            "straight": (
                "A straight line down on this axis means that the same share is lost with each "
                "step, without end. That is gradient descent without noise."
            ),
            "flat": "The walk begins on a long slope: while it is steep, noise hardly matters.",
        },
    ),
    Curve(
        "warmup_then_cosine",
        "Sketch the learning rate that this scheduler sets, over the 100 steps.",
        x=(0, 100),
        y=(0, 0.11),
        x_label="step",
        y_label="learning rate",
        why=(
            "`LinearLR` starts at a tenth of the rate and reaches all of it after ten steps. Then "
            "`CosineAnnealingLR` takes over: half a cosine, slow at the top, steepest in the "
            "middle, slow again near 0.\n\n"
            "The warm-up is for the first steps, when weights are random, gradients are large, and "
            "Adam's means know little. The long fall is for the noise floor."
        ),
        reasons={
            "starts at the top": (
                "Ten steps of *warm-up* come first: the rate begins at a tenth of 0.1 and rises."
            ),
            "flat": "A scheduler is there to change the rate: here up for ten steps, then down.",
            "straight": "It has two phases: ten steps up, ninety steps down.",
        },
    ),
    Number(
        "terminal_speed",
        "The gradient is 1 at every step, the rate is 0.1, the momentum 0.9. How long is a step in "
        "the end, after many steps?",
        near=0.02,
        far=0.15,
        low=0,
        high=2,
        why=(
            "The velocity settles where what is added makes up for what fades: `v = 0.9 * v + 1` "
            "gives v = 10, and a step of 0.1 × 10 = 1. In general a steady gradient makes steps "
            "`1 / (1 - momentum)` times as long as plain SGD: 10 times with 0.9, 100 times with "
            "0.99.\n\n"
            "That is why a rate that works for SGD is often too large once momentum is added. A "
            "gradient that changes its sign at each step gains nothing: its contributions cancel."
        ),
        reasons={
            "0.1": "That is the first step. Velocity then builds up, as long as the slope lasts.",
            "0.19": "That is the second step, 0.1 × (1 + 0.9). It goes on growing.",
            "10": "That is the velocity in the end. A step is the rate times that.",
            "0.9": "That is the part of the velocity that is kept, not the length of a step.",
            "0.01": (
                "That would be a running mean times 0.1 and 0.1 again. PyTorch's SGD adds the "
                "whole gradient to the velocity."
            ),
        },
    ),
    Place(
        "first_step",
        "The gradient at the start is (-4, 50). Click where *Adam* is after its first step, with a "
        "rate of 1.",
        picture=ravine_picture,
        x=(-5, 5),
        y=(-2, 2),
        near=0.04,
        far=0.09,
        why=(
            "It is at (-3, 0): one rate to the right, one rate down. At the first step both "
            "corrected means hold this one gradient g, so Adam divides g by the root of g², which "
            "is its own size. What is left is the *sign*. A gradient of 50 and one of -4 move "
            "their parameters by the same length, and so would gradients of a million and a "
            "millionth.\n\n"
            "So the learning rate of Adam has a plain meaning: it is about how far each weight "
            "moves in a step."
        ),
        reasons={
            "(-4, 0)": (
                "That is straight downhill, across the ravine: SGD's direction. Adam divides each "
                "coordinate by its own size."
            ),
            "(0, 0)": (
                "The bottom is four rates away along x; Adam's first step goes one rate in each "
                "direction."
            ),
            "(-5, 2)": "Both parameters move against the sign of their gradient: this is uphill.",
            "(-3, 1)": "Both parameters move by one rate, `y` as well as `x`.",
            "(-4, -2)": (
                "A gradient of 50 makes SGD leap over the ravine. Adam divides it by its own size."
            ),
        },
    ),
    Choice(
        "turned",
        "The same ravine is turned by 45 degrees, and the start turns with it. Which optimizers "
        "need another number of steps now?",
        options={
            "a": "None: it is the same ravine, seen from another side",
            "b": "All four: a tilted valley is harder",
            "c": "RMSprop and Adam, but not SGD and momentum",
        },
        why=(
            "SGD and momentum follow the gradient, and the gradient turns with the ravine: step "
            "for step they do the same. RMSprop and Adam look at each *parameter* for itself. In "
            "the straight ravine one parameter is the steep one and the other the flat one, and a "
            "rate for each is just what is needed. In the turned ravine both parameters are a "
            "mixture of steep and flat, both have the same mean square, and a rate for each is the "
            "same rate for both.\n\n"
            "So Adam's help depends on the coordinates. In networks the sizes of gradients do "
            "differ from layer to layer and from weight to weight, which is why it helps there."
        ),
        reasons={
            "a": (
                "It is the same ravine, but not the same *parameters*: RMSprop and Adam treat each "
                "parameter for itself, and those are now mixtures."
            ),
            "b": (
                "A gradient turns with the surface, so an optimizer that follows it alone makes "
                "the same walk, turned."
            ),
        },
    ),
    Choice(
        "decayed",
        "Both weights start at 1. The data pull at the first with ±0.01 and at the second with "
        "±10, back and forth, on average not at all. Which weight does "
        "`Adam(weight_decay=0.1)` bring closer to 0 in 1000 steps?",
        options={
            "a": "Both the same: weight decay does not look at the data",
            "b": "The first, whose gradients are small",
            "c": "The second, whose gradients are large",
        },
        why=(
            "`Adam(weight_decay=...)` adds the pull towards zero, 0.1 × w, to the *gradient*, and "
            "then divides the sum by the root of its mean square. That root is about 0.1 for the "
            "first weight and about 10 for the second, so the same decay counts a hundred times "
            "less there. The weights at which the data pull most are decayed least.\n\n"
            "`AdamW` takes the decay out of the gradient: it shrinks every weight by "
            "`lr * weight_decay` first and then makes Adam's step. Both weights lose the same. "
            "For plain SGD the two are the same thing, since nothing is divided; that is why the "
            "difference went unnoticed for years."
        ),
        reasons={
            "a": (
                "That is AdamW. In Adam the decay is part of the gradient, and is divided by "
                "the size of all gradients of that weight."
            ),
            "c": "Large gradients make the divisor large, and the decay is divided by it too.",
        },
    ),
    Choice(
        "centimetres",
        "The same step with the same rate, but all lengths are measured in centimetres instead of "
        "metres. How far does the mean height move, in the world outside?",
        options={
            "a": "As far as before: units are only notation",
            "b": "A hundredth as far",
            "c": "A ten-thousandth as far",
        },
        why=(
            "In centimetres the parameter is 100 times as large, so the loss changes 100 times "
            "less per unit, and the gradient is 100 times smaller. The step is subtracted from a "
            "number in which a metre counts 100: another factor of 100. Together 10,000.\n\n"
            "The gradient knows the numbers in memory, not what they mean. That is why there is no "
            "rate that is right for all models, and why inputs are scaled (chapter 03)."
        ),
        reasons={
            "a": "The loss is the same, but a gradient is a slope *per unit* of the parameter.",
            "b": (
                "That is the factor of the gradient. The step is then measured in the smaller unit "
                "as well: a second factor of 100."
            ),
        },
    ),
    Choice(
        "own_rates",
        "Now each optimizer gets the best rate of its own, and all get the same cosine schedule. "
        "How far apart are their accuracies on the test images?",
        options={
            "a": "Adam stays far ahead of both, by five points or more",
            "b": "All three are within about a point",
            "c": "SGD wins by several points: it generalises better",
        },
        why=(
            "Tuned, the three arrive within a point of each other; another seed changes as much. "
            "The same 0.01 had meant three different things: with SGD a hundredth of the gradient, "
            "with momentum in the end a tenth of it, with Adam a hundredth for every weight. So "
            "the first race was one of rates, not of optimizers.\n\n"
            "What Adam really "
            "offers is that its useful rates lie close together from model to model: 0.001 to 0.01 "
            "often does, while SGD's best rate here, 1.0, would blow up in many other "
            "networks.\n\n"
            "When you read that one optimizer beats another, look for one thing first: was the "
            "rate of each tuned?"
        ),
        reasons={
            "a": "That lead was due to the rate: 0.01 is good for Adam and tiny for SGD.",
            "c": (
                "You may read that, and there are such cases; here the difference is within a "
                "point."
            ),
        },
    ),
)
