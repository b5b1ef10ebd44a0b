"""The predictions of chapter 00."""

from __future__ import annotations

from labkit.learn.predictions import Choice, Curve, Number

PREDICTIONS = (
    Number(
        "first_loss",
        "What will the loss be at the very first step?",
        near=0.1,
        far=0.4,
        low=0,
        high=3,
        why=(
            "*Why about 0.69?* A network that knows nothing finds both classes about equally "
            "likely, so the right one gets a probability of 1/2. Minus the logarithm of 1/2 is "
            "0.693.\n\n"
            "You can predict the first loss of *any* fresh classifier this way, and a first loss "
            "far from it is the earliest sign that something is misconfigured. It was not exactly "
            "0.693 because random weights are never perfectly undecided."
        ),
        reasons={
            "0": "A loss of 0 belongs to a model that is right, and sure of it.",
            "0.5": "That is the probability of the right class. The loss is minus its logarithm.",
            "0.301": "That is the logarithm to base 10. PyTorch takes the natural one.",
            "-0.69": "The logarithm of 1/2 is negative; the loss has a minus in front of it.",
            "2.3": "That is for ten classes. Here are two, so the right one gets 1/2.",
            "1": "Minus the logarithm of 1/2 is 1 only to base 2. PyTorch takes the natural one.",
        },
    ),
    Curve(
        "first_curve",
        "How will the loss change over the first hundred steps? Sketch the curve.",
        x=(0, 100),
        y=(0, 1),
        near=0.1,
        far=0.2,
        why=(
            "The loss begins near 0.69 and falls fastest at first, while even a rough direction "
            "is much better than none. Then it slows down: what is easy has been learned, and "
            "the points where the two moons meet are harder.\n\n"
            "The curve is ragged because each step sees only 64 points, drawn at random. An easy "
            "handful gives a low loss, a hard one a high loss, with the same network."
        ),
        reasons={
            "flat": "A flat loss means that nothing is learned. Here every step helps a little.",
            "rises": "A loss that rises means steps that are too long, or steps uphill.",
            "straight": (
                "A straight line would mean that every step helps as much as the one before. "
                "Early steps help more."
            ),
            "reaches the bottom": (
                "A loss of 0 takes much longer than a hundred steps, and noise keeps many "
                "problems from ever getting there."
            ),
        },
    ),
    Choice(
        "first_boundary",
        "After the first hundred steps, what will the line between the two colours look like?",
        options={
            "a": "Nearly straight, so that points of both kinds are on the wrong side",
            "b": "Bent like an S, so that it follows both moons",
            "c": "Two closed rings, one around each moon",
        },
        why=(
            "A network can draw any of these, but it learns the simple before the complicated. "
            "A straight line is the quickest way to be right about most points, and it is what "
            "small weights make: near 0 a `Tanh` is nearly a straight line itself. Only when the "
            "weights have grown can the line bend. That takes many more steps, as you will see "
            "in the next section."
        ),
        reasons={
            "b": "It will, but not yet: first it finds the best straight line.",
            "c": "Nothing asks for rings: one line between the moons is enough, and it is simpler.",
        },
    ),
    Number(
        "new_points",
        "After 5000 steps, which percentage of the 250 new points will be classified correctly?",
        near=0.02,
        far=0.05,
        low=50,
        high=100,
        unit="%",
        why=(
            "The line has bent around both moons, and the loss has stopped falling: more steps "
            "would not help. The moons overlap. Where points of both kinds are mixed, *no* line "
            "has all of them on its right side, and one that tried to would be wrong about the "
            "next points.\n\n"
            "So a loss above 0 and an accuracy below 100% need not be a failure. How good is "
            "good enough depends on how well the data can be told apart at all."
        ),
        reasons={
            "100": "The two moons overlap, so some points are on the wrong side of any fair line.",
            "50": "That is guessing. After a hundred steps it was better already.",
            "84..87.5": "That is what a straight line gets. With more steps the line bends.",
        },
    ),
    Choice(
        "rate_of_ten",
        "What will the loss do over a hundred steps with a learning rate of 10?",
        options={
            "a": "Fall a hundred times as fast: it is near 0 after a few steps",
            "b": "Leap up and down, far above where it began",
            "c": "Stay where it is, near 0.69",
        },
        why=(
            "The gradient says which way is down *here*. A step a hundred times as long lands far "
            "beyond the place that it was about, often higher up on the other side, and the next "
            "gradient, measured there, sends it off somewhere else. The weights become large, and "
            "the network is *sure* of what is wrong: that is how the loss gets so much larger "
            "than 0.69.\n\n"
            "labkit says so, too, in the line above the curve. Chapter 03 finds the exact edge "
            "between steps that arrive and steps that do not."
        ),
        reasons={
            "a": (
                "Longer steps are faster only as long as they do not leap over what they are "
                "looking for."
            ),
            "c": "That is what a rate that is much too small does.",
        },
    ),
    Choice(
        "zeros_device",
        "On a machine with a GPU, after `torch.cuda.set_device(0)`: where does a new "
        "`torch.zeros(3)` live?",
        options={
            "a": "On the GPU that has just been set",
            "b": "On the CPU",
            "c": "Wherever there is more free memory",
        },
        why=(
            "`set_device` only says *which* GPU the bare word `cuda` means, on a machine with "
            "several. It moves nothing, and it changes nothing for tensors that do not ask for a "
            "GPU. (Without a GPU you saw the same answer for a simpler reason. It holds there too.)"
            "\n\nA tensor or a model gets to the GPU because *you* send it."
        ),
        reasons={
            "a": (
                "Setting a device is not sending anything there: a new tensor is still made on the "
                "CPU unless you ask for something else."
            ),
            "c": "PyTorch never looks for room elsewhere: a tensor is made where you asked for it.",
        },
    ),
)
