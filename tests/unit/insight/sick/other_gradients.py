"""Runs whose gradients are cut, kept or taken from parameters, in loops of users' own."""

import copy

import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from tests.unit.insight.loops import classify, mlp, points, watched

from .sick_run import SickRun


def cleared_on_another_model():
    """zero_grad is called on a copy that was made for evaluation."""
    x, y = points(256)
    model = mlp()
    average = copy.deepcopy(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            average.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return run


def cleared_in_the_first_phase_only():
    """The second phase of a training has a loop of its own, without zero_grad."""
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        for _ in range(200):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return run


def only_the_head_is_cleared():
    x, y = points(256)
    model = nn.ModuleDict({"body": mlp(outputs=16), "head": nn.Linear(16, 3)})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            model["head"].zero_grad()
            F.cross_entropy(model["head"](model["body"](x)), y).backward()
            optimizer.step()
    return run


def all_but_the_head_is_cleared():
    x, y = points(256)
    model = nn.ModuleDict({"body": mlp(outputs=16), "head": nn.Linear(16, 3)})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(120):
            for p in model["body"].parameters():
                p.grad = None
            F.cross_entropy(model["head"](model["body"](x)), y).backward()
            optimizer.step()
    return run


def cleared_before_the_optimizer_of_the_other_model():
    """Two models: one optimizer is cleared twice, the other one never."""
    x, _ = points(256)
    encoder, decoder = mlp(outputs=4), mlp(outputs=10, inputs=4)
    encode = torch.optim.SGD(encoder.parameters(), lr=1e-3)
    decode = torch.optim.SGD(decoder.parameters(), lr=1e-3)
    with lk.watch({"encoder": encoder, "decoder": decoder}, show=False) as run:
        for _ in range(120):
            encode.zero_grad()
            encode.zero_grad()
            F.mse_loss(decoder(encoder(x)), x).backward()
            encode.step()
            decode.step()
    return run


def accumulation_that_is_never_cleared():
    """Four passes a step, and no zero_grad."""
    x, y = points(256)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    with lk.watch(model, show=False) as run:
        for step in range(400):
            rows = torch.randint(256, (32,))
            (F.cross_entropy(model(x[rows]), y[rows]) / 4).backward()
            if step % 4 == 3:
                optimizer.step()
    return run


class Choosing(nn.Module):
    def __init__(self):
        super().__init__()
        self.codes, self.choose = nn.Embedding(8, 16), nn.Linear(10, 8)
        self.head = nn.Linear(16, 3)

    def forward(self, x):
        return self.head(self.codes(self.choose(x).argmax(1)))


def argmax_in_the_middle():
    model = Choosing()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    return watched(model, classify(model, *points(256)), optimizer=optimizer)


def comparison_as_a_gate():
    class Gated(nn.Module):
        def __init__(self):
            super().__init__()
            self.gate, self.body = nn.Linear(10, 32), nn.Linear(10, 32)
            self.head = nn.Linear(32, 3)

        def forward(self, x):
            return self.head((self.gate(x) > 0).float() * self.body(x))

    model = Gated()
    return watched(model, classify(model, *points(256)))


def values_through_numpy():
    class Through(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(10, 16), nn.Linear(16, 3)

        def forward(self, x):
            hidden = torch.from_numpy(self.first(x).detach().numpy().clip(0))
            return self.last(hidden)

    model = Through()
    return watched(model, classify(model, *points(256)))


def encoder_under_no_grad():
    """Written for a frozen encoder, used for one that should learn."""
    encoder, head = mlp(outputs=16), nn.Linear(16, 3)
    model = nn.ModuleDict({"encoder": encoder, "head": head})
    x, y = points(256)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3)
    with lk.watch(model, show=False) as run:
        for _ in range(100):
            with torch.no_grad():
                features = encoder(x)
            optimizer.zero_grad()
            F.cross_entropy(head(features), y).backward()
            optimizer.step()
    return run


def second_loss_as_a_number():
    """The loss of one head is added as a number."""
    trunk, one, two = mlp(outputs=16), nn.Linear(16, 3), nn.Linear(16, 1)
    model = nn.ModuleDict({"trunk": trunk, "one": one, "two": two})
    x, y = points(256)

    def loss(step):
        hidden = trunk(x)
        extra = F.mse_loss(two(hidden)[:, 0], x[:, 5])
        return F.cross_entropy(one(hidden), y) + extra.item()

    return watched(model, loss)


def unused_branch():
    class Branches(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(10, 16), nn.Linear(10, 16)
            self.head = nn.Linear(16, 3)

        def forward(self, x):
            left, right = F.relu(self.left(x)), F.relu(self.right(x))  # noqa: F841 - the fault
            return self.head(left + left)

    model = Branches()
    return watched(model, classify(model, *points(256)))


def biases_left_out():
    """The optimizer gets the parameters whose names end with "weight"."""
    model = mlp()
    weights = [p for name, p in model.named_parameters() if name.endswith("weight")]
    return watched(model, classify(model, *points(256)), optimizer=torch.optim.Adam(weights, 1e-3))


def unfrozen_but_not_added():
    """The body is unfrozen after some steps; the optimizer has the head only."""
    model = nn.ModuleDict({"body": mlp(outputs=16), "head": nn.Linear(16, 3)})
    model["body"].requires_grad_(False)
    optimizer = torch.optim.Adam(model["head"].parameters(), 1e-3)
    x, y = points(256)
    with lk.watch(model, show=False) as run:
        for step in range(160):
            if step == 60:
                model["body"].requires_grad_(True)
            optimizer.zero_grad()
            F.cross_entropy(model["head"](model["body"](x)), y).backward()
            optimizer.step()
    return run


def weights_that_are_no_parameters():
    """A tensor that requires gradients, as an attribute, is not moved by the optimizer."""

    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.body = nn.Linear(10, 3)
            self.scale = torch.ones(3, requires_grad=True)

        def forward(self, x):
            return self.body(x) * self.scale

    model = Scaled()
    return watched(model, classify(model, *points(256)))


def experts_in_a_dictionary():
    class ByName(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = {"first": nn.Linear(10, 16), "last": nn.Linear(16, 3)}
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return self.layers["last"](F.relu(self.layers["first"](x))) * self.scale

    model = ByName()
    return watched(model, classify(model, *points(256)))


def optimizer_of_the_model_before_it_was_replaced():
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    model = mlp(width=64)
    x, y = points(256)
    with lk.watch(model, show=False) as run:
        for _ in range(150):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    return run


def layers_replaced_after_the_optimizer():
    """The last layer is replaced for a new number of classes, after the optimizer was made."""
    model = mlp(outputs=10)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    model[-1] = nn.Linear(32, 3)
    return watched(model, classify(model, *points(256)), optimizer=optimizer)


SICK = (
    SickRun(cleared_on_another_model, "gradients-not-cleared"),
    SickRun(cleared_in_the_first_phase_only, "gradients-not-cleared"),
    SickRun(only_the_head_is_cleared, "gradients-not-cleared"),
    SickRun(all_but_the_head_is_cleared, "gradients-not-cleared"),
    SickRun(cleared_before_the_optimizer_of_the_other_model, "gradients-not-cleared"),
    SickRun(accumulation_that_is_never_cleared, "gradients-not-cleared"),
    SickRun(argmax_in_the_middle, "no-gradient"),
    SickRun(comparison_as_a_gate, "no-gradient"),
    SickRun(values_through_numpy, "no-gradient"),
    SickRun(encoder_under_no_grad, "no-gradient"),
    SickRun(second_loss_as_a_number, "no-gradient"),
    SickRun(unused_branch, "no-gradient"),
    SickRun(biases_left_out, "not-in-optimizer"),
    SickRun(unfrozen_but_not_added, "not-in-optimizer"),
    SickRun(weights_that_are_no_parameters, "not-registered"),
    SickRun(experts_in_a_dictionary, "not-registered"),
    SickRun(optimizer_of_the_model_before_it_was_replaced, "no-step"),
    SickRun(layers_replaced_after_the_optimizer, "not-in-optimizer"),
)
