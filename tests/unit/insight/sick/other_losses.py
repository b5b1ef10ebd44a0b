"""Runs whose loss, labels, modes or inputs are wrong, in forms that users write."""

import contextlib

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, regress, watched

from .sick_run import SickRun


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def softmax_in_the_loss_function():
    """A helper predicts with softmax, and cross entropy with smoothing takes its result."""
    model = mlp()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1, weight=torch.tensor([1.0, 2.0, 1.0]))
    x, y = points(128)
    return watched(model, lambda step: criterion(F.softmax(model(x) / 2, dim=-1), y))


def softmax_of_sequences():
    """(batch, classes, time): a softmax over classes before cross entropy."""
    model = nn.Sequential(nn.Conv1d(4, 16, 3, padding=1), nn.ReLU(), nn.Conv1d(16, 5, 1))
    x = torch.randn(16, 4, 12)
    y = torch.randint(5, (16, 12))
    return watched(model, lambda step: F.cross_entropy(model(x).softmax(1), y))


def sigmoid_module_before_logits_loss():
    model = nn.Sequential(mlp(outputs=4), nn.Sigmoid())
    x = torch.randn(128, 10)
    y = (x[:, :4] > 0).float()
    criterion = nn.BCEWithLogitsLoss(pos_weight=torch.full((4,), 2.0))
    return watched(model, lambda step: criterion(model(x), y))


def softmax_over_time():
    """(batch, time, classes): dim=1 is the time."""
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 5))
    x = torch.randn(16, 12, 4)
    y = x.argmax(2)
    return watched(
        model, lambda step: F.nll_loss(F.log_softmax(model(x), 1).flatten(0, 1), y.flatten())
    )


def logarithm_of_softmax_over_the_batch():
    model = mlp()
    x, y = points(128)
    return watched(model, lambda step: F.nll_loss(model(x).softmax(0).log(), y))


def huber_loss_of_broadcast_tensors():
    """A warning about the shapes was silenced by broadcasting first."""
    model = mlp(outputs=1)
    x = torch.randn(128, 10)
    return watched(
        model,
        lambda step: F.huber_loss(*torch.broadcast_tensors(model(x), x[:, 0])),
        optimizer=adam(model),
    )


def squared_by_hand_of_a_column_and_a_row():
    model = mlp(outputs=1)
    x = torch.randn(128, 10)
    return watched(model, lambda step: ((x[:, 0] - model(x)) ** 2).mean(), optimizer=adam(model))


def tanh_before_pixels():
    model = nn.Sequential(mlp(outputs=16, inputs=16), nn.Tanh())
    x = 3 * torch.rand(128, 16) + 0.5
    return watched(model, lambda step: F.l1_loss(model(x), x), optimizer=adam(model))


def relu6_before_large_targets():
    model = nn.Sequential(mlp(outputs=1), nn.ReLU6())
    x = torch.randn(128, 10)
    return watched(model, regress(model, x, 9 * x[:, :1]), optimizer=adam(model))


def padding_of_minus_one():
    """Labels of -1 where nothing is labelled, without ignore_index."""
    model = mlp()
    x, y = points(128)
    y = y.clone()
    optimizer = adam(model)
    with contextlib.suppress(IndexError, RuntimeError), lk.watch(model, show=False) as run:
        for step in range(60):
            if step == 30:
                y[3] = -1
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return run


def bytes_as_binary_targets():
    """Targets of 0 to 255 in a binary cross entropy with logits: the loss falls below 0."""
    model = mlp(outputs=16, inputs=16)
    x = torch.rand(64, 16)
    y = (255 * x).round()
    return watched(
        model, lambda step: F.binary_cross_entropy_with_logits(model(x), y), optimizer=adam(model)
    )


def years_as_a_feature():
    x = torch.randn(256, 6)
    x[:, 3] = torch.randint(1950, 2020, (256,)).float()
    model = mlp(outputs=1, inputs=6)
    return watched(model, regress(model, x, x[:, :1]), optimizer=adam(model, 1e-3))


def counts_in_thousands_for_a_recurrent_layer():
    x = 2000 + 500 * torch.randn(32, 12, 2)
    y = (x[:, -1, 0] > 2000).long()

    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.recurrent, self.head = nn.GRU(2, 16, batch_first=True), nn.Linear(16, 2)

        def forward(self, x):
            return self.head(self.recurrent(x)[0][:, -1])

    model = Last()
    return watched(model, classify(model, x, y), optimizer=adam(model), steps=100)


def evaluation_mode_from_the_checkpoint():
    """A loading function calls eval; nobody calls train."""
    model = nn.Sequential(
        nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.3), nn.Linear(32, 3)
    )
    x, y = points(256)
    model.eval()
    return watched(model, classify(model, x, y), optimizer=adam(model))


def evaluation_mode_after_the_second_epoch():
    """train() is called once before the loop, eval() in each validation from the second on."""
    x, y = points(256)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 3))
    optimizer = adam(model)
    model.train()
    with lk.watch(model, show=False) as run:
        for epoch in range(5):
            for rows in torch.randperm(256).split(4):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
            if epoch:
                model.eval()
                with torch.no_grad():
                    run.log(val_accuracy=(model(x).argmax(1) == y).float().mean())
    return run


def training_mode_in_validations_after_the_first():
    """The first validation is right; a later change forgets eval()."""
    x, y = points(256)
    model = nn.Sequential(nn.Linear(10, 32), nn.ReLU(), nn.Dropout(0.5), nn.Linear(32, 3))
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for epoch in range(8):
            model.train()
            for rows in torch.randperm(256).split(16):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
            if epoch < 2:
                model.eval()
            with torch.no_grad():
                run.log(val_loss=F.cross_entropy(model(x), y))
    return run


def frozen_statistics_of_other_data():
    """A pretrained batch norm in evaluation mode gets inputs with another normalisation."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, 2),
    )
    for _ in range(60):
        model(torch.randn(16, 3, 8, 8))
    x = 6 + 5 * torch.randn(64, 3, 8, 8)
    y = (x[:, 0].mean((1, 2)) > 6).long()
    model.train()
    model[1].eval()
    return watched(model, classify(model, x, y), lr=1e-3, steps=100)


def validation_accuracy_that_drops():
    """Named "valid/acc"; 20 samples are learned by heart."""
    x, y = points(20, 30)
    y[:7] = torch.randint(3, (7,))
    held_x, held_y = points(300, 30)
    model = mlp(width=128, inputs=30)
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    nn.init.zeros_(model[-1].weight)

    def validate(run, step):
        if step % 5 == 4:
            with torch.no_grad():
                run.log(**{"valid/nll": F.cross_entropy(model(held_x), held_y)})

    return watched(model, classify(model, x, y), optimizer=optimizer, after=validate)


def labels_of_another_order():
    """Inputs are sorted by a column, labels are not."""
    x, y = points(256)
    x = x[x[:, 7].argsort()]
    model = mlp(width=8)

    def loss(step):
        rows = torch.randint(256, (64,))
        return F.cross_entropy(model(x[rows]), y[rows])

    return watched(model, loss, lr=0.02)


def inputs_multiplied_by_zero():
    """A mask that is 0 everywhere: the model sees nothing."""
    model = mlp()
    x, y = points(256)
    mask = torch.zeros(256, 10)

    def loss(step):
        rows = torch.randint(256, (64,))
        return F.cross_entropy(model(x[rows] * mask[rows]), y[rows])

    return watched(model, loss, optimizer=adam(model, 1e-3), steps=200)


SICK = (
    SickRun(softmax_in_the_loss_function, "softmax-before-loss"),
    SickRun(softmax_of_sequences, "softmax-before-loss"),
    SickRun(sigmoid_module_before_logits_loss, "softmax-before-loss"),
    SickRun(softmax_over_time, "softmax-dimension"),
    SickRun(logarithm_of_softmax_over_the_batch, "softmax-dimension"),
    SickRun(huber_loss_of_broadcast_tensors, "loss-broadcasts"),
    SickRun(squared_by_hand_of_a_column_and_a_row, "loss-broadcasts"),
    SickRun(tanh_before_pixels, "targets-out-of-reach", ("saturated-units",)),
    SickRun(relu6_before_large_targets, "targets-out-of-reach", ("dead-units", "plateau")),
    SickRun(padding_of_minus_one, "labels-out-of-range"),
    SickRun(bytes_as_binary_targets, "labels-out-of-range"),
    SickRun(years_as_a_feature, "input-not-scaled"),
    SickRun(counts_in_thousands_for_a_recurrent_layer, "input-not-scaled"),
    SickRun(evaluation_mode_from_the_checkpoint, "trained-in-evaluation-mode"),
    SickRun(evaluation_mode_after_the_second_epoch, "trained-in-evaluation-mode"),
    SickRun(training_mode_in_validations_after_the_first, "evaluated-in-training-mode"),
    SickRun(frozen_statistics_of_other_data, "frozen-batch-norm", ("input-not-scaled",)),
    SickRun(validation_accuracy_that_drops, "overfitting"),
    SickRun(labels_of_another_order, "plateau", ("one-class",)),
    SickRun(inputs_multiplied_by_zero, "plateau", ("one-class",)),
)
