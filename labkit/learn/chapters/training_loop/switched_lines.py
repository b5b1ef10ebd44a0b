"""The predictions of chapter 06 on lines that are switched off."""

from __future__ import annotations

from labkit.learn.predictions import Choice, Curve, Number

_NO_BACKWARD_NO_STEP = Choice(
    "no_backward_no_step",
    "One run without `loss.backward()`, another without `optimizer.step()`. How do their two "
    "loss curves compare?",
    options={
        "a": "They are the same, number for number, and do not fall",
        "b": "Neither falls, but without `backward` there is an error: the gradients are missing",
        "c": "Without `step` the loss stays; without `backward` it falls more slowly",
    },
    why=(
        "In both runs no weight ever moves, so both measure the same untrained network, batch "
        "after batch. The curve is not quite flat only because each batch has other digits, "
        "and dropout picks other units.\n\n"
        "The optimizer does not complain when there are no gradients: it skips each parameter "
        "whose `.grad` is `None`. That silence is on purpose, because parts of a model are "
        "often frozen. It is also why a forgotten `backward` is so hard to find. A loss that "
        "stays near ln 10 = 2.30 is the sign to look for."
    ),
    reasons={
        "b": (
            "You would think so. But `step` skips parameters whose `.grad` is `None`, in silence."
        ),
        "c": (
            "Without `backward` there are no gradients at all, so there is nothing to step along."
        ),
    },
)

_NO_ZERO_GRAD = Curve(
    "no_zero_grad",
    "Without `optimizer.zero_grad()`: sketch the mean training loss of each epoch. With all "
    "lines it falls from 2.0 to 0.4. (What leaves the axis is drawn at its top.)",
    x=(1, 5),
    y=(0, 8),
    x_label="epoch",
    y_label="mean loss",
    near=0.15,
    far=0.3,
    shape="rises",
    why=(
        "`backward` *adds* to `.grad`. Without clearing, each step follows the sum of all "
        "gradients since the start, and momentum adds them up once more. For a few steps that "
        "looks like progress, because all gradients point the same way and the steps get "
        "longer. Then the network passes the minimum, and the old gradients go on pushing it "
        "out on the other side. In the end the loss is in the millions.\n\n"
        "Momentum does something similar on purpose, and it works because it *forgets*: an old "
        "gradient fades by a factor of 0.9 per step. Here nothing fades."
    ),
    reasons={
        "flat": "The gradients are there, and the optimizer uses them. The weights do move.",
        "falls": (
            "It does fall, for a few steps. Then the sum of the old gradients outweighs the "
            "new one."
        ),
    },
)

_NO_NO_GRAD = Choice(
    "no_no_grad",
    "Without `with torch.no_grad():` around the validation, what changes in the two curves?",
    options={
        "a": "The network also learns from the validation digits, so the accuracy rises",
        "b": "Nothing at all",
        "c": "The training gets worse, because the validation leaves gradients behind",
    },
    why=(
        "Not one number is different. `no_grad` does not change what is computed, only what is "
        "*remembered*: no graph is built, so what is needed for a backward pass need not be "
        "stored. Gradients only come from `backward`, and nobody calls it on the "
        "validation.\n\n"
        "So it saves memory and time, and that is all. For a large model the memory is what "
        "decides: without it, a validation batch may not fit."
    ),
    reasons={
        "a": "Learning needs `backward` and `step`, and the validation calls neither.",
        "c": (
            "A graph is built, and thrown away unused. Gradients are only written by `backward`."
        ),
    },
)

_NO_EVAL = Number(
    "no_eval",
    "With all lines, the validation accuracy ends at 96%. Where does it end without "
    "`model.eval()`?",
    near=0.04,
    far=0.08,
    low=0,
    high=100,
    unit="%",
    why=(
        "About 85%. The *network* is nearly as good as before; it is measured with half of its "
        "hidden units switched off at random. Run it twice and you get two different "
        "numbers.\n\n"
        "`model.eval()` and `torch.no_grad()` sound alike and have nothing to do with each "
        "other. `eval` changes what some layers compute, `no_grad` what autograd remembers. A "
        "measurement needs the first to be right, and the second to be cheap."
    ),
    reasons={
        "92..100": (
            "The dropout layers are still in training mode then: half of the hidden units are "
            "silenced while the network is measured."
        ),
        "0..78": (
            "Dropout does less harm than that. Half of the units are missing, and not half of "
            "the accuracy: the network was trained to work like this."
        ),
    },
)

_NO_SHUFFLE = Choice(
    "no_shuffle",
    "Without the line that shuffles, the batches come sorted: first all the zeros, then all "
    "the ones, and so on to the nines. What is the validation accuracy after five epochs?",
    options={
        "a": "About the same: it sees the same digits, equally often",
        "b": "Higher: it can learn one digit after another, in peace",
        "c": "Below 40%",
    },
    why=(
        "While the batches hold nothing but zeros, the quickest way to a low loss is to say "
        "*zero* to everything. Look at the loss: each digit lasts about three batches, in "
        "which it falls a little, and it jumps when the next digit begins. By the nines, the "
        "zeros are forgotten.\n\n"
        "Each step knows only its own batch. The gradient of a batch points the right way only "
        "if the batch looks like the data as a whole, and shuffling sees to that. Data on a "
        "disk are often sorted: folder by folder, class by class."
    ),
    reasons={
        "a": (
            "Equally often, but not evenly spread. Each step forgets a little of the steps before."
        ),
        "b": "People may learn like that. Gradient descent overwrites what it does not see.",
    },
)

SWITCHED_LINES = (
    _NO_BACKWARD_NO_STEP,
    _NO_ZERO_GRAD,
    _NO_NO_GRAD,
    _NO_EVAL,
    _NO_SHUFFLE,
)
