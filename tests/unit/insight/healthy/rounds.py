"""Loops in rounds: of data, of models, of tasks, of validations."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import Recurrent, classify, mlp, points, regress, watched


def adam(model, lr=3e-3):
    return torch.optim.Adam(model.parameters(), lr=lr)


def one_batch_by_heart():
    """A check of the code: one batch, until the loss is 0."""
    model = mlp(width=64)
    x, y = torch.randn(8, 10), torch.randint(3, (8,))
    return watched(model, classify(model, x, y), optimizer=adam(model, 1e-2), steps=300)


def four_samples():
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    return watched(
        model, lambda step: F.binary_cross_entropy(model(x), y), optimizer=adam(model, 0.05)
    )


def exclusive_or_with_gradient_descent():
    """The loss stays near ln 2 for a while, then falls: a saddle, not a fault."""
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
    return watched(
        model, lambda step: F.binary_cross_entropy_with_logits(model(x), y), lr=0.5, steps=400
    )


def rounds_of_active_learning():
    """Each round labels more samples and begins with new weights in the same model."""
    model = mlp()
    x, y = points(400)
    fresh = copy.deepcopy(model.state_dict())
    known = torch.arange(20)
    with lk.watch(model, show=False) as run:
        for _ in range(5):
            model.load_state_dict(fresh)
            optimizer = adam(model, 1e-2)
            for _ in range(30):
                loss = F.cross_entropy(model(x[known]), y[known])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            model.eval()
            with torch.no_grad():
                doubt = model(x).softmax(1).amax(1)
            model.train()
            doubt[known] = 2
            known = torch.cat([known, doubt.argsort()[:20]])
            run.log(accuracy=(model(x).argmax(1) == y).float().mean().item())
    return run


def folds_of_a_cross_validation():
    """Each fold has a model of its own; the last one is returned."""
    x, y = points(120)
    for fold in range(3):
        model = mlp(width=16)
        held = torch.arange(120) % 3 == fold
        optimizer = adam(model, 1e-2)
        with lk.watch(model, show=False) as run:
            for step in range(60):
                model.train()
                loss = F.cross_entropy(model(x[~held]), y[~held])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                if step % 10 == 9:
                    model.eval()
                    with torch.no_grad():
                        run.log(val_loss=F.cross_entropy(model(x[held]), y[held]))
    return run


def cells_that_train_on():
    """The same optimizer in two runs, one after the other, as when a cell runs again."""
    model = mlp()
    x, y = points(128)
    optimizer = adam(model, 1e-2)
    for _ in range(3):
        with lk.watch(model, show=False) as run:
            for _ in range(100):
                loss = F.cross_entropy(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return run


def range_test():
    """A rate that rises until the loss does; the loop stops there."""
    model = mlp()
    x, y = points(256)
    optimizer = torch.optim.SGD(model.parameters(), 1e-4)
    lowest = float("inf")
    with lk.watch(model, show=False) as run:
        for step in range(200):
            optimizer.param_groups[0]["lr"] = 1e-4 * 1.06**step
            rows = torch.randint(256, (32,))
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            lowest = min(lowest, loss.item())
            if loss > 2 * lowest:
                break
    return run


def stopped_when_it_gets_worse():
    """Validation first, patience of three, the best weights are put back at the end."""
    model = mlp(width=16)
    x, y = points(96)
    held_x, held_y = points(96)
    optimizer = adam(model, 5e-3)
    best, kept, waited = float("inf"), None, 0
    with lk.watch(model, show=False) as run:
        for epoch in range(40):
            model.eval()
            with torch.no_grad():
                loss = F.cross_entropy(model(held_x), held_y).item()
            if epoch:
                run.log(val_loss=loss)
            if loss < best:
                best, kept, waited = loss, copy.deepcopy(model.state_dict()), 0
            else:
                waited += 1
            if waited == 3:
                break
            model.train()
            for rows in torch.randperm(96).split(16):
                optimizer.zero_grad()
                F.cross_entropy(model(x[rows]), y[rows]).backward()
                optimizer.step()
        model.load_state_dict(kept)
    return run


def modes_changed_at_each_step():
    """eval for a prediction before each step, train for the step."""
    model = nn.Sequential(
        nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3)
    )
    x, y = points(256)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            rows = torch.randint(256, (32,))
            model.eval()
            with torch.no_grad():
                right = (model(x[rows]).argmax(1) == y[rows]).float().mean()
            model.train()
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(accuracy=right)
    return run


def classes_that_come_one_after_the_other():
    """New classes replace old ones; the head masks those that have not come."""
    model = mlp(outputs=6)
    x = torch.randn(600, 10)
    y = x[:, :6].argmax(1)
    optimizer = adam(model)
    with lk.watch(model, show=False) as run:
        for task in range(3):
            mine = torch.nonzero((y == 2 * task) | (y == 2 * task + 1))[:, 0]
            seen = torch.arange(6) < 2 * task + 2
            for _ in range(50):
                rows = mine[torch.randint(len(mine), (32,))]
                logits = model(x[rows]).masked_fill(~seen, -1e9)
                loss = F.cross_entropy(logits, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
    return run


def adapted_at_test_time():
    """The entropy of predictions falls; only scales and shifts of batch norm move."""
    model = nn.Sequential(nn.Linear(10, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 3))
    x, y = points(256)
    optimizer = adam(model, 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.requires_grad_(False)
    model[1].requires_grad_(True)
    optimizer = adam(model[1], 1e-3)

    def entropy(step):
        made = model(1.5 * torch.randn(64, 10) + 0.5).log_softmax(1)
        return -(made.exp() * made).sum(1).mean()

    return watched(model, entropy, optimizer=optimizer, steps=60)


def sequences_that_get_longer():
    """A curriculum of lengths for a recurrent layer; the loss rises at each change."""
    model = Recurrent(nn.GRU)
    optimizer = adam(model, 1e-2)

    def loss(step):
        x = torch.randn(32, 2 + step // 25, 1)
        return F.cross_entropy(model(x), (x.sum((1, 2)) > 0).long())

    return watched(model, loss, optimizer=optimizer, steps=150)


def started_from_an_optimum():
    """A checkpoint of a trained model goes on, with a new optimizer."""
    model = nn.Linear(4, 1)
    x = torch.randn(128, 4)
    y = x @ torch.randn(4, 1) + 0.3 * torch.randn(128, 1)
    with torch.no_grad():
        solution = torch.linalg.lstsq(torch.cat([x, torch.ones(128, 1)], 1), y).solution
        model.weight.copy_(solution[:4].T)
        model.bias.copy_(solution[4])
    return watched(model, regress(model, x, y), optimizer=adam(model, 1e-3), steps=150)


RUNS = (
    one_batch_by_heart,
    four_samples,
    exclusive_or_with_gradient_descent,
    rounds_of_active_learning,
    folds_of_a_cross_validation,
    cells_that_train_on,
    range_test,
    stopped_when_it_gets_worse,
    modes_changed_at_each_step,
    classes_that_come_one_after_the_other,
    adapted_at_test_time,
    sequences_that_get_longer,
    started_from_an_optimum,
)
