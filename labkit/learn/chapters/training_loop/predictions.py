"""The predictions of chapter 06."""

from __future__ import annotations

from labkit.learn.chapters.training_loop.switched_lines import SWITCHED_LINES
from labkit.learn.pictures import Picture, listing_picture
from labkit.learn.predictions import Choice, Curve, Exact, Number, Place

LOOP = (
    "optimizer.zero_grad()",
    "logits = model(images)",
    "loss = F.cross_entropy(logits, labels)",
    "loss.backward()",
    "optimizer.step()",
)
"""The five lines of a step."""


def _listing() -> Picture:
    return listing_picture(LOOP)


_LISTED_LAYERS = Exact(
    "listed_layers",
    "The three layers have 100,480, 8,256 and 650 parameters. How many numbers does "
    "`torch.optim.SGD(list_net.parameters(), lr=0.01)` train?",
    why=(
        "Only `self.out` was registered. When you assign to `self`, `nn.Module` looks at the "
        "value: a module or a parameter goes into its registers, anything else is an ordinary "
        "attribute. A Python list is anything else, whatever is inside it.\n\n"
        "Nothing warns you. `forward` finds the layers in the list, the loss falls, and the "
        "last layer learns what it can from two layers that stay random forever. On these "
        "digits that is good for about 70 to 75%: bad, but not bad enough to look like a bug. "
        "`nn.ModuleList([...])` is a list that registers what is in it."
    ),
    reasons={
        "109386": (
            "They are all used in `forward`. The optimizer only knows those that were "
            "registered when they were assigned to `self`."
        ),
        "640": "Those are its weights. Its ten biases are trained too.",
        "2": "Two *tensors* are found, `out.weight` and `out.bias`. They hold 650 numbers.",
        "0": "The layers in the list are lost, but `self.out` is a module and was registered.",
        "108736": "That is the list alone; it is the other way round.",
    },
)

_BRIGHTEST_LABELS = Choice(
    "brightest_labels",
    "What does `F.cross_entropy(y, torch.max(x, 1)[1])` do here?",
    options={
        "a": "It gives a loss, and the network can be trained to find the brightest pixel",
        "b": "It stops with an error",
        "c": "It gives a loss, but only the first ten pixels count",
    },
    why=(
        "`torch.max(x, 1)[1]` is the *place* of the largest number in each row. Each row has "
        "784 numbers, so it lies between 0 and 783, and there are only ten logits: label 400 "
        "asks for a logit that does not exist. The line only runs if every brightest pixel "
        "happens to be among the first ten.\n\n"
        "Labels are not computed from the input. They come with the data, one whole number for "
        "each image, from 0 to classes - 1. (On a GPU the same mistake ends in a *device-side "
        "assert*, reported at some later, innocent line. On the CPU the message names the label.)"
    ),
    reasons={
        "a": "For that the network would need 784 logits, one for each place. It has ten.",
        "c": "`cross_entropy` ignores no label, except one: -100, its default `ignore_index`.",
    },
)

_FIRST_CHANGE = Place(
    "first_change",
    "Click on the line after which `model.fc1.weight` has other values than before the step.",
    picture=_listing,
    x=(-0.5, 0.5),
    y=(len(LOOP) + 0.5, 0.5),
    cells=True,
    names=("", "line"),
    why=(
        "`optimizer.step()` is the only line that moves a weight. `loss.backward()` writes the "
        "*gradients* into `.grad`, beside the weights, and leaves the weights alone. Between "
        "these two lines you can look at the gradients, clip them, or throw them away.\n\n"
        "Loss and optimizer never meet: the loss knows no optimizer, the optimizer sees no "
        "loss. The gradients in `.grad` are all that passes between them."
    ),
    reasons={
        "(0, 1)": "It clears the gradients, not the weights.",
        "(0, 2)": "A forward pass reads the weights. It does not write them.",
        "(0, 3)": "The loss is only a number, with a graph behind it. Nothing has moved yet.",
        "(0, 4)": (
            "`backward` computes in which direction to move, and stores it in `.grad`. It "
            "moves nothing."
        ),
    },
)

_TEN_EPOCHS = Number(
    "ten_epochs",
    "Ten epochs, that is 430 steps. What percentage of the 449 digits that it has never seen "
    "will the network read correctly? Guessing gives 10.",
    near=0.025,
    far=0.06,
    low=10,
    high=100,
    unit="%",
    why=(
        "About 97%, with any of the three seeds below. Nothing in it is special to digits: 784 "
        "numbers in, two hidden layers, ten numbers out, and a loop of a dozen lines.\n\n"
        "It is the same loop that trains networks a million times larger. Only the model and "
        "the batches change."
    ),
    reasons={
        "10..91": (
            "Flattening throws away which pixels are neighbours, but 64 hidden units are "
            "still plenty for ten digits."
        ),
        "99.9..100": "Some of these digits are hard to read for people, too. Look at them below.",
    },
)

_MEAN_OF_MEANS = Number(
    "mean_of_means",
    "129 digits are measured in batches of 64, 64 and 1. The network gets 128 of them right; "
    "the one that it gets wrong is alone in the last batch. What is the mean of the three "
    "batch accuracies, in per cent?",
    near=0.011,
    far=0.011,
    low=0,
    high=100,
    unit="%",
    why=(
        "(100 + 100 + 0) / 3 = 66.7. The true accuracy is 128 / 129 = 99.2%. In the mean of "
        "means the single digit of the last batch weighs as much as the 64 of any other.\n\n"
        "A loader's last batch is nearly always smaller than the rest, so this error is in a "
        "great many training loops. It is usually small, and it makes results depend on the "
        "batch size. Count samples: add up what is right, add up how many there were, divide "
        "once. For a loss, multiply each batch's mean by the size of the batch before you add."
    ),
    reasons={
        "99..99.5": (
            "That is the true accuracy, 128 of 129. The mean of the three batches is "
            "another number."
        ),
    },
)

_VALIDATION_LOSS = Curve(
    "validation_loss",
    "The training loss falls all the way, from 2.2 to about 0.1. Sketch the *validation* loss "
    "over the same 40 epochs.",
    x=(1, 40),
    y=(0, 2.4),
    x_label="epoch",
    y_label="loss",
    near=0.07,
    far=0.14,
    shape="falls and rises",
    why=(
        "First it falls with the training loss: what the digits have in common is learned "
        "early, because every batch says it again. Then it turns around. To lower the training "
        "loss any further, the network has to learn the wrong labels *by heart*, one by one, "
        "and each of them bends its answers for other digits of that shape.\n\n"
        "From there on the network is *overfitting*: it gets better on what it has seen, and worse "
        "on everything else. The training loss alone cannot show it. That is what a validation set "
        "is for."
    ),
    reasons={
        "reaches the bottom": "For digits it never trains on, the loss does not go to zero.",
        "falls": (
            "For the first ten epochs or so. After that the network learns the wrong "
            "labels by heart, and that does not help on other digits."
        ),
    },
)

_KEPT_STATE = Choice(
    "kept_state",
    "After the training, `model.load_state_dict(best_state)` is called. Which network do you get?",
    options={
        "a": "That of the epoch with the lowest validation loss",
        "b": "That of the last epoch",
        "c": "The untrained network from the beginning",
    },
    why=(
        "`state_dict()` copies nothing. It is a dictionary whose tensors share their memory "
        "with the model's parameters, so training goes on *inside* `best_state`. Loading it "
        "copies the last weights onto themselves.\n\n"
        "Take a copy: `copy.deepcopy(model.state_dict())`. Or write it to a file with "
        "`torch.save`, which is a copy too; chapter 10 does that."
    ),
    reasons={
        "a": (
            "That is what the line is meant to do. But `state_dict()` refers to the "
            "tensors that the optimizer goes on changing."
        ),
        "c": "Nothing has kept the first weights: training changes them in place.",
    },
)

PREDICTIONS = (
    _LISTED_LAYERS,
    _BRIGHTEST_LABELS,
    _FIRST_CHANGE,
    _TEN_EPOCHS,
    _MEAN_OF_MEANS,
    *SWITCHED_LINES,
    _VALIDATION_LOSS,
    _KEPT_STATE,
)
