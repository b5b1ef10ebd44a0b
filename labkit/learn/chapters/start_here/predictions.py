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
