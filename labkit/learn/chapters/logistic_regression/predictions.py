"""The predictions of chapter 04."""

from __future__ import annotations

from labkit.learn.chapters.logistic_regression import six_samples
from labkit.learn.predictions import Choice, Curve, Number, Place

PREDICTIONS = (
    Choice(
        "further_logit",
        "At a logit of 2 the model says 0.88. What does it say at a logit of 4?",
        options={"a": "0.94", "b": "0.98", "c": "1.76", "d": "1.00, exactly"},
        why=(
            "1 / (1 + exp(-4)) = 0.982. The way from 0.5 to 0.88 took two units of the logit, and "
            "the next two bring only another 0.10. The sigmoid flattens towards its ends and "
            "never arrives: there is always room for a logit that is surer still."
        ),
        reasons={
            "a": (
                "Halfway between 0.88 and 1 is a good thought, but *each* unit of the logit "
                "divides the distance from 1 by nearly e = 2.7, so two of them by about 7."
            ),
            "c": (
                "That would be twice the probability. Twice the *logit* was asked for, and "
                "nothing that comes out of a sigmoid is larger than 1."
            ),
            "d": (
                "It comes near to 1, and in float32 a logit of 17 or more does round to it. At 4 "
                "there are nearly two per cent left."
            ),
        },
    ),
    Number(
        "confident_miss",
        "The tumour is malignant. A model that had said 0.5 gets a loss of 0.69. Another had said "
        "0.01. What is its loss?",
        near=0.08,
        far=0.25,
        low=0,
        high=10,
        why=(
            "-log(0.01) = 4.605. Cross-entropy has no upper end: each further 0 behind the point "
            "costs another 2.3, so that being *surely* wrong is worse than anything else. The "
            "squared error of a probability can never exceed 1."
        ),
        reasons={
            "0.97..1.0": (
                "That is the error, 1 - 0.01, or its square. Cross-entropy takes the logarithm "
                "of what was given to the truth, 0.01."
            ),
            "2.0": "That is the logarithm to base 10. The loss is measured with the natural one.",
            "6.4..6.8": "That is the logarithm to base 2. The loss uses the natural one.",
            "1.3..1.5": "The loss does not double: it is the *logarithm* of 0.01 that counts.",
            "0.01..0.02": (
                "That is the loss if the tumour had been *benign*: then 0.99 was given to what "
                "happened."
            ),
        },
    ),
    Choice(
        "rounded_labels",
        "x is between 0 and 1, and the labels are `(2 * x + 1 + noise).round()`. What do `BCELoss` "
        "and `BCEWithLogitsLoss` do with them?",
        options={
            "a": "Both train: the labels are whole numbers",
            "b": "Both raise an error",
            "c": "The first raises an error; the second trains, and its loss falls below zero",
            "d": "Both train, but badly",
        },
        why=(
            "2x + 1 runs from 1 to 3, so the labels are 1, 2 and 3. `BCELoss` checks that targets "
            "are between 0 and 1, and refuses.\n\n"
            "`BCEWithLogitsLoss` does not check. For a label of 2 its formula, softplus(z) - 2z, "
            "gets lower and lower as z grows: the loss falls below zero, the weights grow without "
            "end, and nothing has been learned. A cross-entropy that is *negative* always means "
            "that the labels are wrong."
        ),
        reasons={
            "a": "Whole is not enough. A label is the probability of class 1: 0, 1, or between.",
            "b": "Only one of them looks at the labels before it computes.",
            "d": "One of them refuses outright. What the other does is worse than training badly.",
        },
    ),
    Place(
        "hardest_pull",
        "Training uses the *squared error* of the probability. Which sample pulls hardest? Click "
        "on it.",
        picture=six_samples.picture,
        x=six_samples.PLANE.x,
        y=six_samples.PLANE.y,
        near=0.07,
        far=0.07,
        why=(
            "The derivative of (p - y)² with respect to the logit is 2 (p - y) × p (1 - p). The "
            "second factor is the slope of the sigmoid, and the sigmoid is flat where the model "
            "is sure. So the triangle on the far left, the *worst* mistake of all, hardly pulls: "
            "0.011. The one near the boundary pulls with 0.265.\n\n"
            "In the cross-entropy, the logarithm's slope is one divided by the probability, and "
            "cancels exactly that factor. What is left is p - y: the error itself. Its pull is the "
            "larger the more wrong the model is, and never larger than 1."
        ),
        reasons={
            "(-2.8, 0.8)": (
                "It is the most wrong, so it *should* pull hardest, and under cross-entropy it "
                "does. Here it is so far out on the flat end of the sigmoid that a small change "
                "of the logit changes nothing."
            ),
            "(1.7, 1.0)": (
                "Also wrong, and quite sure of it: its probability of 0.98 is on the flat part "
                "of the sigmoid."
            ),
            "(0.7, 0.3)": (
                "It is on its own side already. The slope of the sigmoid is large there, but "
                "the error that it is multiplied with is small."
            ),
        },
    ),
    Curve(
        "recovery",
        "200 steps with the *squared error*, from a model that is surely wrong. How does the "
        "accuracy go? Sketch it.",
        x=(0, 200),
        y=(0, 1),
        y_label="accuracy",
        near=0.1,
        far=0.2,
        why=(
            "For a hundred steps nearly nothing happens. Those who are wrong do not pull, and "
            "the few near the boundary cannot turn it. Slowly the weights shrink, the slope of "
            "the sigmoid comes back, more and more samples wake up, and then the line swings "
            "round within a few dozen steps.\n\n"
            "A flat loss does not mean that there is nothing left to learn. It may mean that the "
            "samples which could teach the most have been silenced."
        ),
        reasons={
            "flat": "It does recover in the end: near the boundary some samples always pull.",
            "starts at the top": (
                "The start is the mirror image of a good model: 13 % correct, not 87 %."
            ),
            "straight up": (
                "A steady rise would need the same pull at every step. How hard do those pull "
                "who are surely wrong?"
            ),
            "falls": "It starts with nearly everybody wrong. There is little left to lose.",
        },
    ),
    Choice(
        "lost_gradient",
        "z = 20, the label is 0, and the loss is `F.binary_cross_entropy(torch.sigmoid(z), "
        "label)`. What is `z.grad` after `backward`?",
        options={
            "a": "1: the error p - y",
            "b": "0: nothing arrives",
            "c": "`nan` or infinite",
        },
        why=(
            "In float32 the sigmoid of 20 is 1 - 0.000000002, which rounds to *exactly* 1. Two "
            "things follow. The loss would be the logarithm of 0; `BCELoss` cuts it off at 100 so "
            "that it is not infinite. And the slope of the sigmoid, p (1 - p), is 0, so whatever "
            "comes back is multiplied by zero: the most wrong sample of all is silent, as under "
            "the squared error, but here because of rounding.\n\n"
            "By hand, 0 × infinity gives `nan`. Only the form that never makes the probability, "
            "*with logits*, gives the 1 that mathematics promises."
        ),
        reasons={
            "a": (
                "That is what mathematics says, and what `binary_cross_entropy_with_logits` "
                "gives. Here the probability is rounded to exactly 1 on the way."
            ),
            "c": (
                "That is what happens if you write the formula by hand. `BCELoss` prevents the "
                "infinity; it cannot bring back what was rounded away."
            ),
        },
    ),
    Number(
        "always_benign",
        "162 of the 427 training tumours are malignant. A model says *benign* to everybody. What "
        "is its accuracy on the 142 tumours of the test, roughly?",
        near=0.07,
        far=0.15,
        low=0,
        high=1,
        why=(
            "265 of 427 in the training set are benign, 0.62; in the test it is 92 of 142, 0.65. "
            "That is the *baseline*. An accuracy of 0.65 would mean that nothing has been learned "
            "about tumours, only how frequent they are. Where one class is rare, 99 % can be such "
            "a nothing."
        ),
        reasons={
            "0.5": "Half would be right for a coin that is tossed. The classes are not equal.",
            "0.0..0.05": "It is wrong about all malignant ones, and right about all the others.",
            "0.34..0.4": "That is the share of malignant tumours, where it is wrong.",
        },
    ),
    Number(
        "cheapest_cut",
        "A miss is as bad as twenty false alarms. From which probability p on should a person be "
        "called back?",
        near=0.25,
        far=1.0,
        low=0,
        high=1,
        why=(
            "Leaving a person alone costs 20 × p on average, calling them back 1 × (1 - p). Both "
            "are equal at p = 1/21 = 0.048. In general the threshold is alarm / (alarm + miss).\n\n"
            "On the test that finds every malignant tumour, at 14 false alarms; the "
            "accuracy goes *down*, and the decision gets better."
        ),
        reasons={
            "0.5": "0.5 treats both errors alike, and a miss is twenty times worse.",
            "0.94..0.96": (
                "That is the other way round: so high a threshold would be right if a *false "
                "alarm* were twenty times worse."
            ),
            "0.2": "Not 1/5. Compare the two expected costs, 20 × p and 1 × (1 - p).",
        },
    ),
    Curve(
        "growing_weights",
        "What does `weight.norm()` do over ten thousand steps on separable data? The axis counts "
        "in powers of ten: 0 is 1 step, 1 is 10 steps, 4 is 10,000. Sketch it.",
        x=(0, 4),
        y=(0, 12),
        x_label="steps, in powers of ten",
        y_label="norm",
        near=0.09,
        far=0.09,
        why=(
            "It grows, and it goes on growing. Once every training sample is on its own side, "
            "doubling all weights leaves the boundary where it is, and makes every probability "
            "surer and the loss smaller. There is no best place to stop: the minimum is at "
            "infinity.\n\n"
            "Each sample pulls with p - y, which gets smaller as the certainty grows, so that "
            "every further unit takes several times as many steps as the one before. Late in "
            "training the norm grows like the *logarithm* of the number of steps."
        ),
        reasons={
            "flat": "The loss can still be lowered: larger weights make the same answers surer.",
            "falls": (
                "Nothing pulls the weights towards 0 here. That would be weight decay, which "
                "comes next."
            ),
        },
    ),
    Choice(
        "softmax_of_two",
        "Two classes with logits 3 and 1. What does softmax give to the first?",
        options={
            "a": "sigmoid(3): the other class does not matter",
            "b": "sigmoid(3 - 1): only the difference counts",
            "c": "3 / (3 + 1): its share of the sum",
        },
        why=(
            "exp(3) / (exp(3) + exp(1)): divide above and below by exp(3), and 1 / (1 + exp(-2)) "
            "is left, the sigmoid of the *difference*. So a softmax of two is a sigmoid, and what "
            "you have learned about one logit holds for many.\n\n"
            "Adding the same number to all logits changes nothing. PyTorch uses that: it "
            "subtracts the largest one first, so that no exponential overflows."
        ),
        reasons={
            "a": "The two probabilities have to add up to 1, so each depends on both logits.",
            "c": (
                "A share of the *exponentials*, not of the logits themselves, which may be "
                "negative."
            ),
        },
    ),
    Number(
        "line_on_moons",
        "What accuracy does logistic regression reach on unseen points of the moons, with the best "
        "line that there is?",
        near=0.04,
        far=0.1,
        low=0.4,
        high=1,
        why=(
            "About 0.87. Each moon has a tip that reaches into the other, and a straight line "
            "has to give both tips up. That is a limit of the *model*: neither more steps nor "
            "more data will help."
        ),
        reasons={
            "0.5": "A line is not helpless: most of each moon is on one side of a slanted line.",
            "0.98..1.0": "The tips of the moons reach into each other. No straight line avoids it.",
        },
    ),
)
