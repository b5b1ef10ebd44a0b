"""The predictions of chapter 05."""

from __future__ import annotations

from labkit.learn.pictures.index_grid import index_picture
from labkit.learn.predictions import Choice, Curve, Exact, Number, Place

_COLUMNS = (-0.5, 9.5)
_ROWS = (9.5, -0.5)

PREDICTIONS = (
    Exact(
        "how_many_batches",
        "100 samples in batches of 32. How many batches are there, and how many samples are in the "
        "last one?",
        length=2,
        why=(
            "Three full batches take 96 samples, and the four that are left make a batch of their "
            "own. `len(loader)` says 4 as well: it is 100 / 32, rounded up."
        ),
        reasons={
            "(3, 32)": "That is `drop_last=True`. By default no sample is left out.",
            "(4, 25)": "The loader fills each batch before it begins the next; it does not level.",
            "(4, 32)": (
                "That would be 128 samples. The last batch is not filled up with samples of the "
                "next epoch."
            ),
            "(3, 4)": "Three batches are full, and the rest comes on top of them.",
        },
    ),
    Choice(
        "is_it_a_module",
        "Which of the two is an `nn.Module`?",
        options={
            "a": "The Dataset",
            "b": "The DataLoader",
            "c": "Both",
            "d": "Neither",
        },
        why=(
            "Neither. A Module has parameters that an optimizer can train, and a `forward`. "
            "Datasets and loaders have nothing to train: they are ordinary Python objects, and "
            "any object with `__len__` and `__getitem__` will do as a dataset. So "
            "`model.to(device)` moves no data, `state_dict` does not save the order, and "
            "`model.eval()` does not stop the shuffling."
        ),
        reasons={
            "a": "Inheriting from a class of torch does not make a Module: Dataset is a class "
            "of its own, with nothing in it to train.",
            "b": "A loader hands out what it finds. It has no parameters and no `forward`.",
            "c": "Both come from torch, but from `torch.utils.data`; Modules are in `torch.nn`.",
        },
    ),
    Number(
        "with_replacement",
        "How many *different* samples are among the 100 draws?",
        near=0.1,
        far=0.2,
        low=0,
        high=100,
        unit="samples",
        why=(
            "Each draw misses a given sample with probability 99/100, and a hundred draws all miss "
            "it with probability 0.99 to the power of 100, about 0.37. So some 63 of 100 are seen, "
            "many of them twice, and 37 sit out the epoch. It evens out over many epochs.\n\n"
            "So after an epoch with a weighted sampler, do not say that the network has seen all "
            "data once."
        ),
        reasons={
            "100": (
                "That would be dealing without putting back. Here a sample can be drawn again "
                "while others have not been drawn at all."
            ),
            "50": "Fair guess, but 0.99 to the power of 100 is about 0.37, so 63 are seen.",
            "99": "A few repeats only? Every draw after the first may hit one drawn before.",
        },
    ),
    Curve(
        "sorted_loss",
        "How does the loss go over the 43 steps of the epoch? Each step is a batch of 32 digits, "
        "first of zeros, and at the end of nines.",
        x=(1, 43),
        y=(0, 6),
        near=0.12,
        far=0.18,
        shape="zigzags",
        why=(
            "A sawtooth, with a tooth for each class. After four batches of zeros the network says "
            "*zero* to everything, and the loss is next to nothing. Then come the ones, and it is "
            "wrong about all of them, and very sure. Four batches later it says *one* to "
            "everything.\n\n"
            "Each gradient points to what is right for *this batch*. It stands for all data only "
            "if the batch is a fair sample of them."
        ),
        reasons={
            "flat": "It does learn something: whatever class is on the table.",
            "straight": "A straight line would need batches that are all alike.",
            "only falls": (
                "That is how a shuffled epoch goes. Here every fifth batch or so brings a class "
                "that the network has never seen."
            ),
        },
    ),
    Number(
        "sorted_accuracy",
        "Sorted data, five epochs: what percentage of the test digits does the network get right?",
        near=0.35,
        far=1.0,
        low=0,
        high=100,
        unit="%",
        why=(
            "It saw the nines last, and to nearly every digit it says *nine*. About one test digit "
            "in ten is a nine. What it had learned about the others was overwritten; this is "
            "called *catastrophic forgetting*. The shuffled network saw exactly the same images, "
            "just as often."
        ),
        reasons={
            "50..100": "It forgets each class while it learns the next ones; more epochs do not "
            "cure that.",
            "0": "One class is fresh in its memory: the one that came last.",
        },
    ),
    Exact(
        "loader_splits",
        "Of 100 samples, how many does `DataLoader(dataset, batch_size=10, shuffle=True)` set "
        "aside for validation?",
        why=(
            "None. One pass over the loader deals out all 100. A DataLoader has no setting for "
            "splitting; it deals out the dataset that it is given. You split, and you give each "
            "part a loader of its own."
        ),
        reasons={
            "20": "Eighty to twenty is a habit of people. The loader does not have it.",
            "10": "One batch is not held back; all ten are dealt out.",
            "30": "Say 70, 20 and 10 for training, validation and test? You have to cut them.",
            "25": "A quarter is what some splitting functions take. A loader splits nothing.",
        },
    ),
    Number(
        "coin_tosses",
        "What percentage of the validation recordings does the network get right, if the "
        "recordings are split at random?",
        near=0.08,
        far=0.15,
        low=0,
        high=100,
        unit="%",
        why=(
            "More than nine in ten, on labels that are coin tosses! With ten recordings of each "
            "person, about eight are in the training set and two in the validation set. The "
            "network cannot learn what illness looks like, but it can learn to *recognise "
            "people*, and remembers who is said to be ill.\n\n"
            "This is called *leakage*: something about the validation samples has reached the "
            "training set. The number is real, and worthless for the next patient. The next two "
            "cells show what it would be for people who were never seen."
        ),
        reasons={
            "50": (
                "That is what it would be for new people. But the validation recordings are of "
                "people whom the network has met in training."
            ),
            "60": "A little better than a coin? It can do far better: it knows these people.",
        },
    ),
    Choice(
        "four_fetches",
        "`training.dataset.transform = shift` was set, and `validation` was left alone. What are "
        "the four fetches of the first validation image like?",
        options={
            "a": "All the same: the transform is only for training",
            "b": "Shifted at random, as training images are",
        },
        why=(
            "Both Subsets hold a list of indices and *the same dataset*: `training.dataset is "
            "validation.dataset`. What you set on it holds for both. And each fetch calls "
            "`__getitem__` again, so each has another shift.\n\n"
            "To be sure of what each part gets, give each a dataset of its own, "
            "`Subset(Digits(shift), training.indices)` and `Subset(Digits(), validation.indices)`. "
            "The split is the same."
        ),
        reasons={
            "a": "A Subset has no data of its own, only indices; both look into one dataset.",
        },
    ),
    Place(
        "first_of_worker_one",
        "Batches of 12, in order, two workers. Which sample is the first that *worker 1* fetches? "
        "Click on it.",
        picture=lambda: index_picture(96),
        x=_COLUMNS,
        y=_ROWS,
        cells=True,
        numbered="sample",
        why=(
            "Worker 0 gets the first batch, 0 to 11, worker 1 the second, from 12 on, worker 0 the "
            "third, and so on in turn. A *batch* is the unit of work: one worker fetches all its "
            "samples and collates them. That is why a loader with one enormous batch gains "
            "nothing from workers."
        ),
        reasons={
            "(1, 0)": "The samples of a batch are not shared out: a worker fetches a whole batch.",
            "(8, 4)": "The dataset is not cut in halves. Workers take turns, batch by batch.",
            "(4, 2)": (
                "Two batches are ordered from each worker at the start, but in turns: 0, 1, 0, 1."
            ),
            "(0, 0)": "That one is in the first batch, and the first batch goes to worker 0.",
        },
    ),
    Choice(
        "fast_with_workers",
        "1000 rows in memory, batches of 32: what do two workers do to the time of an epoch?",
        options={
            "a": "About half, as two fetch at once",
            "b": "Much the same",
            "c": "It takes longer",
        },
        why=(
            "It takes many times as long. Two processes have to be started, and every batch has "
            "to be sent from one process to another. That is more work than the fetching was. The "
            "workers start again for *each epoch*, unless `persistent_workers=True`.\n\n"
            "Measure before you set `num_workers`: if the loop hardly waits for data, nothing can "
            "be gained."
        ),
        reasons={
            "a": "There is hardly anything to share: fetching these rows takes microseconds.",
            "b": "Starting processes and sending batches has its price, and nothing pays for it.",
        },
    ),
    Exact(
        "own_generator",
        "16 draws from a million numbers, by two workers in two epochs. How many are different?",
        why=(
            "Four. Each worker gets a *copy* of the dataset, with the generator in it, in the "
            "state that it had when the loop began. So both workers draw the same four numbers. "
            "In the next epoch new workers are started from the same state, and draw them again. "
            "Augmentation of this kind gives every image the same few random changes.\n\n"
            "No error, no warning: the loss looks a little too good, that is all."
        ),
        reasons={
            "16": "That would need 16 independent draws. The generator was copied, state and all.",
            "8": (
                "Either the workers differ or the epochs do, you think? Both are copies of one "
                "state, made again for each epoch."
            ),
            "1": "Within a worker the generator goes on from draw to draw; it has four to make.",
            "2": "Each worker makes four draws in an epoch, one after the other.",
        },
    ),
    Number(
        "mean_of_padded",
        "What is `padded.float().mean()`?",
        exact=True,
        why=(
            "(4 × 6 + 6) / 8 = 3.75. Three of the eight places are padding, and the mean counts "
            "them as zeros. Every value in the data is 6. Zeros are data to everything that has "
            "not been told otherwise, so take means over the mask: that one gives 6."
        ),
        reasons={
            "6": "That is the mean of the data. But `mean` does not know which zeros are padding.",
            "3": "The padded batch has two rows of *four*: eight places, of which five are 6.",
            "0.75": "That is 6 divided by 8; but there are five sixes, not one.",
        },
    ),
)
