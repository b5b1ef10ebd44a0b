"""The predictions of chapter 03."""

from __future__ import annotations

from labkit.learn.pictures.picture import FAINT, LINE, Picture, Sheet
from labkit.learn.predictions import Choice, Curve, Number, Place

_W, _B = (-1.0, 5.0), (-2.0, 4.0)
_SIDE, _LINES = 300.0, 6


def _blank_map() -> Picture:
    """Return the map of slope and intercept without a loss."""
    sheet = Sheet()
    sheet.box(0, 0, _SIDE, _SIDE, stroke=LINE, thick=True)
    for line in range(1, _LINES):
        at = _SIDE * line / _LINES
        sheet.path([(at, 0), (at, _SIDE)], colour=LINE, width=1)
        sheet.path([(0, at), (_SIDE, at)], colour=LINE, width=1)
        across = _W[0] + (_W[1] - _W[0]) * line / _LINES
        up = _B[1] - (_B[1] - _B[0]) * line / _LINES
        sheet.text(at + 3, _SIDE - 6, f"{across:g}", size=11, colour=FAINT)
        sheet.text(4, at - 4, f"{up:g}", size=11, colour=FAINT)
    sheet.text(_SIDE - 46, _SIDE - 24, "slope w", size=11, anchor="middle")
    sheet.text(6, 16, "intercept b", size=11)
    return sheet.finish(
        "A map of lines: slope w across, from -1 to 5, intercept b up, from -2 to 4.", margin=0
    )


PREDICTIONS = (
    Number(
        "loss_at_zero",
        "The targets are 1, 3, 5 and 7, and the model says 0 everywhere. What is its mean squared "
        "error?",
        exact=True,
        why=(
            "(1 + 9 + 25 + 49) / 4 = 21. The largest error, 7, brings more than half of it. One "
            "sample that is far off can pull a whole line towards itself."
        ),
        reasons={
            "4": "That is the mean of the errors. They are squared before they are averaged.",
            "84": "That is the sum of the squares; the mean divides it by four.",
            "16": "That is the square of the mean error. Each error is squared by itself, first.",
        },
    ),
    Place(
        "flat_line",
        "Where on the map is the line that runs flat at height 2?",
        picture=_blank_map,
        x=_W,
        y=_B,
        near=0.06,
        far=0.12,
        names=("w", "b"),
        why=(
            "A flat line has a slope of 0, so w = 0. At x = 0 its height is the intercept, so "
            "b = 2. Every line that is not vertical is one place on this map, and every place is "
            "one line."
        ),
        reasons={
            "(2, 0)": "That is the line 2x, which climbs by 2 for each step to the right.",
            "(2, 1)": "That is the line 2x + 1, on which the four points are.",
        },
    ),
    Choice(
        "four_percent_more",
        "What does a learning rate of 0.24 do, 4% larger than 0.23?",
        options={
            "a": "It gets there a little sooner",
            "b": "It leaps back and forth forever and never arrives",
            "c": "Each leap is longer than the last; the loss grows without end",
        },
        why=(
            "Across the valley, each leap multiplies the distance from its floor by a fixed "
            "factor, 1 - rate × curvature. As long as this is between -1 and 1, the distance "
            "shrinks. Past that it grows, and growing by less than 2% a step is a disaster after "
            "a thousand steps.\n\n"
            "So there is a sharp edge, at 2 divided by the largest curvature. It can be computed: "
            "the curvatures are the eigenvalues of the matrix of second derivatives (the "
            "*Hessian*)."
        ),
        reasons={
            "a": (
                "Speed rises with the rate only up to a sharp edge, and the edge is between the "
                "two."
            ),
            "b": (
                "Beyond the edge each swing is larger than the one before, and nothing holds it "
                "back."
            ),
        },
    ),
    Choice(
        "lowest_loss",
        "Where does the training loss end? (The variance of the noise is 0.8 × 0.8 = 0.64.)",
        options={
            "a": "At 0, or nearly: that is what gradient descent is for",
            "b": "Well above 0, and a little below the loss of the true line 2x + 1",
            "c": "Well above 0, and a little above the loss of the true line 2x + 1",
        },
        why=(
            "No line goes through points that scatter, so something is always left: about the "
            "variance of the noise. That is the *noise floor*.\n\n"
            "Yet the line that was found beats even the true one, on these thirty points. It is "
            "the best line for *them*, and leans a little towards their noise. On points that it "
            "has not seen the same leaning does harm: there the true line wins. Leaning towards "
            "the noise of the training points is called *overfitting*, and the held-out loss is "
            "how you notice."
        ),
        reasons={
            "a": "Gradient descent finds the lowest place, but the lowest place has a height.",
            "c": (
                "The true line is only one of all lines. On just these points another is a little "
                "better, and the walk finds it."
            ),
        },
    ),
    Choice(
        "one_point",
        "A learning rate of 0.1, and each step sees one point only. What does the loss (on all "
        "training points) do?",
        options={
            "a": "It falls as it did with all points, and stays at the lowest value",
            "b": "It falls nearly as quickly, and then goes up and down above the lowest value",
            "c": "It grows without end: one point knows too little",
        },
        why=(
            "Far from the valley all points agree about the way, so one of them is as good a guide "
            "as thirty, at a thirtieth of the price. Near the floor they disagree: each pulls the "
            "line towards itself, and the steps, which do not become shorter, carry it back and "
            "forth.\n\n"
            "So SGD is quick at first and restless at the end. Two cures: larger batches, whose "
            "pulls cancel in part, or a learning rate that shrinks while the training goes on "
            "(a *schedule*, chapter 07)."
        ),
        reasons={
            "a": "At the lowest place the *mean* of the pulls is zero, but no single one is.",
            "c": (
                "On average the points pull the right way, and the rate is below the edge for most "
                "of them."
            ),
        },
    ),
    Curve(
        "loss_in_steps",
        "How will the loss fall over the 1000 steps? Sketch it; the vertical axis is logarithmic.",
        x=(0, 1000),
        y=(1e-7, 100),
        log=True,
        near=0.08,
        far=0.18,
        why=(
            "The loss falls on two slopes: a cliff, and then a long straight line. The steep "
            "direction across the valley is finished within some thirty steps; after that only "
            "the flat direction along its floor is left, and there each step removes the same "
            "small *part* of what remains. On a logarithmic axis that is a straight line."
        ),
        reasons={
            "flat": "A flat loss means that nothing is learned. Here every step helps.",
            "rises": "0.01 is far below the edge of section 3, so no step makes the loss grow.",
            "straight": (
                "One straight line would mean one curvature in all directions. The valley has "
                "two: steep across, flat along."
            ),
        },
    ),
    Choice(
        "line_at_four",
        "After 1000 steps on the line 2x + 1: what does the layer predict at x = 4, where it has "
        "seen no data?",
        options={
            "a": "9.0000: the data have no noise, and a thousand steps are plenty",
            "b": "9, give or take a thousandth or so",
            "c": "Off by more than a tenth: it was never shown x = 4",
        },
        why=(
            "*Why not exactly 9?* The walk is still creeping along the valley's floor, where slope "
            "and intercept can stand in for each other: both are a little off, in opposite "
            "directions. On the four points that hardly matters. Further out, at x = 4, or at "
            "x = 400, it does."
        ),
        reasons={
            "a": (
                "Along the valley's floor each step is a small part of what is left, so it comes "
                "ever nearer and does not arrive."
            ),
            "c": (
                "A line fitted to points that are on a line goes on where they end. What is off "
                "is only what the walk had not finished."
            ),
        },
    ),
    Choice(
        "scaled_columns",
        "The same rate of 0.01, the same 1000 steps: how does scikit-learn's scaled table do, "
        "compared with the standardised one?",
        options={
            "a": "Just as well: both are centred, and all columns have the same scale",
            "b": "Much worse",
            "c": "Better",
        },
        why=(
            "scikit-learn scales each column so that its *squares add up to 1* over all 442 "
            "people. That leaves values of about 0.05: all on one scale, but a tiny one. The "
            "derivative with respect to a weight is the mean of `2 * error * x`, and a tiny x "
            'makes it tiny; the bias, whose "feature" is 1, learns 400 times faster. The '
            "landscape is a narrow valley again, in the other direction.\n\n"
            'So "is it scaled?" is the wrong question. Ask: *is each column\'s standard deviation '
            "about 1?* The standardised walk came within one per cent of the best line there is "
            "(section 7)."
        ),
        reasons={
            "a": (
                "Its columns are on one scale, but a tiny one: with a standard deviation of 0.048 "
                "each gradient is tiny too."
            ),
            "c": (
                "Smaller inputs make smaller gradients, so each step gets less far, not further."
            ),
        },
    ),
)
