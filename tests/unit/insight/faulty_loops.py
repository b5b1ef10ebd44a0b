"""Training runs of at most 200 steps, each with one defect that a rule finds."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset

import labkit as lk

from .loops import STEPS, Recurrent, classify, mlp, points, regress, watched


def loss_not_finite():
    class Ratio(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(10, 4)
            self.outer = nn.Linear(4, 3)

        def forward(self, x):
            hidden = self.inner(x)
            return self.outer(hidden / x[:, :1])

    x, y = points()
    model = Ratio()
    poisoned = x.clone()
    poisoned[5] = 0.0
    return watched(
        model, lambda step: F.cross_entropy(model(poisoned if step == 60 else x), y), lr=1e-3
    )


def plateau():
    x, _ = points(1024)
    model = mlp(activation=nn.Tanh)
    return watched(model, lambda step: F.mse_loss(model(0.1 * x), torch.randn(1024, 3)), lr=0.01)


def overfitting():
    x, y = points(24, 30)
    held_x, held_y = points(200, 30)
    y[:8] = torch.randint(3, (8,))
    model = mlp(width=128, inputs=30)

    def validate(run, step):
        if step % 10 == 9:
            with torch.no_grad():
                run.log(val_loss=F.cross_entropy(model(held_x), held_y))

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return watched(model, classify(model, x, y), optimizer=optimizer, after=validate)


def gradients_not_cleared():
    model = mlp()
    return watched(model, classify(model, *points()), lr=1e-3, clear=False)


def exploding_gradients():
    # Each layer multiplies its input, and the gradient, by about four.
    model = mlp(outputs=1, depth=16)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    x, _ = points()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    return watched(model, regress(model, x, x[:, :1]), optimizer=optimizer)


def vanishing_gradients():
    model = mlp(activation=nn.Sigmoid, depth=12)
    return watched(model, classify(model, *points()))


def vanishing_in_time():
    x = torch.randn(32, 60, 1)
    model = Recurrent(nn.RNN)
    return watched(model, classify(model, x, (x[:, 0, 0] > 0).long()), lr=0.01)


def no_gradient():
    class Detached(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.Linear(10, 3)
            self.cut = nn.Linear(10, 3)

        def forward(self, x):
            return self.used(x) + self.cut(x).detach()

    model = Detached()
    return watched(model, classify(model, *points()))


def not_in_optimizer():
    model = mlp()
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)
    return watched(model, classify(model, *points()), optimizer=optimizer)


def dead_units():
    model = mlp()
    nn.init.constant_(model[2].bias, -50.0)
    return watched(model, classify(model, *points()))


def saturated_units():
    model = mlp(activation=nn.Tanh)
    nn.init.normal_(model[0].weight, std=8.0)
    return watched(model, classify(model, *points()), lr=1e-3)


def one_class():
    x, _ = points()
    y = (torch.arange(64) % 4 == 0).long()  # one in four, whatever the input
    model = mlp(outputs=2, activation=nn.Tanh)
    return watched(model, classify(model, 1e-2 * x, y), lr=0.05)


def learning_rate_too_high():
    model = mlp(outputs=1)
    x, _ = points()
    return watched(model, regress(model, x, 2 * x[:, :1]), lr=2.0)


def learning_rate_too_low():
    model = mlp()
    return watched(model, classify(model, *points()), lr=1e-6)


def no_change():
    model = mlp()
    return watched(model, classify(model, *points()), lr=0.0)


def weight_decay_too_strong():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5)
    return watched(model, classify(model, *points()), optimizer=optimizer)


def labels_out_of_range():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    with pytest.raises(IndexError), run:
        for step in range(STEPS):
            loss = F.cross_entropy(model(x), y + (step == 40))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def softmax_before_loss():
    model = nn.Sequential(mlp(), nn.Softmax(dim=1))
    return watched(model, classify(model, *points()))


def input_not_scaled():
    x, y = points()
    model = mlp()
    return watched(model, classify(model, 127 + 60 * x, y), lr=1e-4)


def with_dropout():
    return nn.Sequential(nn.Linear(10, 32), nn.Dropout(0.3), nn.ReLU(), nn.Linear(32, 3))


def trained_in_evaluation_mode():
    model = with_dropout().eval()
    return watched(model, classify(model, *points()))


def evaluated_in_training_mode():
    x, y = points()
    model = with_dropout()

    def evaluate(run, step):
        if step % 50 == 49:
            with torch.no_grad():
                run.log(accuracy=(model(x).argmax(1) == y).float().mean())

    return watched(model, classify(model, x, y), after=evaluate)


def slow_loading():
    class Slow(Dataset):
        def __len__(self):
            return 640

        def __getitem__(self, index):
            x = torch.randn(10)
            for _ in range(40):
                torch.linalg.svdvals(torch.outer(x, x))
            return x, index % 3

    model = mlp()
    batches = iter(DataLoader(Slow(), batch_size=16))

    def loss(step):
        x, y = next(batches)
        return F.cross_entropy(model(x), y)

    return watched(model, loss, steps=40)


def updates_skipped():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    with lk.watch(model, show=False) as run:
        for step in range(STEPS):
            output = model(x)
            distance = (output - output.detach()).pow(2).sum()
            loss = F.cross_entropy(output, y)
            if step >= 60:
                loss = loss + distance.sqrt()  # 0, with a gradient of infinity
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    return run


FAULTY = {
    "loss-not-finite": loss_not_finite,
    "plateau": plateau,
    "overfitting": overfitting,
    "gradients-not-cleared": gradients_not_cleared,
    "exploding-gradients": exploding_gradients,
    "vanishing-gradients": vanishing_gradients,
    "vanishing-in-time": vanishing_in_time,
    "no-gradient": no_gradient,
    "not-in-optimizer": not_in_optimizer,
    "dead-units": dead_units,
    "saturated-units": saturated_units,
    "one-class": one_class,
    "learning-rate-too-high": learning_rate_too_high,
    "learning-rate-too-low": learning_rate_too_low,
    "no-change": no_change,
    "weight-decay-too-strong": weight_decay_too_strong,
    "labels-out-of-range": labels_out_of_range,
    "softmax-before-loss": softmax_before_loss,
    "input-not-scaled": input_not_scaled,
    "trained-in-evaluation-mode": trained_in_evaluation_mode,
    "evaluated-in-training-mode": evaluated_in_training_mode,
    "slow-loading": slow_loading,
    "updates-skipped": updates_skipped,
}
