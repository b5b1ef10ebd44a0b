"""The predictions of chapter 03."""

from __future__ import annotations

from labkit.learn.predictions import Choice, Curve, Number

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
            "(section 5)."
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
