"""The predictions of chapter 09 about the network that writes names, and the one that counts."""

from __future__ import annotations

from labkit.learn.predictions import Choice, Number

TEXT_PREDICTIONS = (
    Number(
        "first_letter",
        "There are 27 characters. What is the cross-entropy of a network that has learned nothing "
        "yet?",
        near=0.05,
        far=0.15,
        low=0,
        high=6,
        why=(
            "It gives every character about the same probability, 1/27, and the loss is minus the "
            "logarithm of that: log 27 = 3.30. You have seen log 2 for two classes and log 10 for "
            "ten digits. If your first loss is far above this, something is wrong before the "
            "training has begun."
        ),
        reasons={
            "4.7..4.8": "That is the logarithm to base 2. PyTorch takes the natural one.",
            "0.03..0.04": "That is the probability, 1/27. The loss is minus its logarithm.",
            "0.68..0.7": "That is log 2, for two classes. Here there are 27.",
            "2.29..2.31": "That is log 10, for ten classes. Here there are 27.",
            "27": "That is how many there are. The loss is the logarithm of that.",
            "0..0.02": "A loss of 0 would be that of a network that is sure, and always right.",
        },
    ),
    Choice(
        "without_detach",
        "The state of the first chunk is passed on to the second, without `detach`. What happens "
        "when the loss of the second chunk calls `backward`?",
        options={
            "a": "It goes back through both chunks, only slower",
            "b": "It raises an error",
            "c": "The first chunk's gradients are counted twice",
        },
        why=(
            "The state is a tensor with a history: the first chunk's graph. The first `backward` "
            "has freed what was saved there, as you saw in chapter 02, so the second one fails on "
            "the way. `retain_graph=True` is no way out. Each step would go back to the very first "
            "letter, slower and slower, and through weights that the optimizer has changed in the "
            "meantime, which autograd refuses.\n\n"
            "`state.detach()` keeps the *numbers* and drops the *history*. That is called "
            "*truncated backpropagation through time*."
        ),
        reasons={
            "a": (
                "It tries to. But the first `backward` has freed what it needs there, as in "
                "chapter 02."
            ),
            "c": (
                "That would need the first chunk's graph. Its saved tensors are gone since its own "
                "`backward`."
            ),
        },
    ),
    Choice(
        "colder",
        "What will the names look like at a temperature of 0.3?",
        options={
            "a": "More inventive, harder to pronounce",
            "b": "Like real names, and often the same ones",
            "c": "The same name each time",
        },
        why=(
            "Dividing by 0.3 makes the differences between logits three times as large, so likely "
            "letters become likelier still. What comes out is safe and repeats itself. Towards 0 "
            "it would be the same name each time; towards infinity, 27 equal letters. Chatbots "
            "have this very number among their settings."
        ),
        reasons={
            "a": "That is heat: a temperature *above* 1 makes unlikely letters likelier.",
            "c": "That is the limit of 0. At 0.3 the draw still has something to decide.",
        },
    ),
    Number(
        "share_known",
        "Of 200 names that it writes at temperature 1, what fraction is in the list that it "
        "learned from?",
        near=0.5,
        far=1.5,
        low=0,
        high=1,
        why=(
            "Fewer than one in ten. The network has 18,000 numbers and has seen each name fifteen "
            "times, which is too little to learn them by heart. It has learned what names are made "
            "of: which letters follow each other, where vowels go, how names end. The rest is the "
            "draw."
        ),
        reasons={
            "0.5..1": (
                "It has not stored a list. At each letter it knows what may follow, and the draw "
                "decides."
            ),
            "0": "Short names and common endings come out by themselves now and then.",
        },
    ),
    Number(
        "counts_far",
        "It has counted up to five vowels, nearly without an error. This word has sixteen. What "
        "will it say at the end?",
        near=0.12,
        far=0.25,
        low=0,
        high=20,
        why=(
            "It never saw more than five, and it cannot say much more. The *cell state* may go on "
            "counting, but what leaves the cell is `output gate * tanh(cell state)`, and a tanh "
            "ends at 1. The count runs into that ceiling. The network fits the numbers that it has "
            "seen; it does not have the idea of counting that you have."
        ),
        reasons={
            "16": (
                "That would be a network that has understood counting. It has only learned to be "
                "right on names, which have at most five vowels."
            ),
            "0": "It does count, and it does not start again.",
            "7..15": (
                "The cell state may go on growing. But what leaves the cell has been through a "
                "tanh, which ends at 1."
            ),
        },
    ),
)
