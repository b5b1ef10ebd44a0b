"""Two models with one optimizer each, stepped in any order: separate losses, rates and norms."""

import pytest
import torch
import torch.nn.functional as F

import labkit as lk

from .models import Net, batch
from .truth import (
    Truth,
    assert_all,
    assert_no_internal_error,
    assert_norms,
    assert_same_weights,
    points,
)


class Trainee:
    """A model with its optimizer and its expected values."""

    def __init__(self, label, lr):
        self.model = Net()
        self.truth = Truth(label)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)

    def backward(self, factor=1.0):
        x, y = batch()
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y) * factor
        loss.backward()
        self.truth.add_loss(loss)

    def step(self):
        self.truth.before_step(self.model, self.optimizer)
        self.optimizer.step()
        self.truth.after_step(self.model)

    def train(self, times=1):
        for _ in range(times):
            self.backward()
            self.step()


def one_to_one(a, b):
    for _ in range(40):
        a.train()
        b.train()


def five_to_one(a, b):
    for _ in range(15):
        a.train(5)
        b.train()


def one_to_five(a, b):
    for _ in range(15):
        a.train()
        b.train(5)


def phases(a, b):
    for _ in range(2):
        a.train(30)
        b.train(30)


def passes_before_steps(a, b):
    for _ in range(40):
        a.backward()
        b.backward()
        a.step()
        b.step()


def steps_in_the_other_order(a, b):
    for _ in range(40):
        a.backward()
        b.backward()
        b.step()
        a.step()


def b_pauses(a, b):
    one_to_one(a, b)
    a.train(50)
    one_to_one(a, b)


def b_starts_later(a, b):
    a.train(30)
    one_to_one(a, b)


def accumulation_in_one(a, b):
    for _ in range(40):
        a.optimizer.zero_grad()
        for _ in range(3):
            x, y = batch()
            loss = F.cross_entropy(a.model(x), y) / 3
            loss.backward()
            a.truth.add_loss(loss)
        a.step()
        b.train()


def irregular(a, b):
    for number in range(80):
        if number % 3 or number % 7 == 0:
            a.train()
        if number % 4 < 2 or number % 5 == 0:
            b.train()


RHYTHMS = {
    # The least and the greatest number of steps: a step of the run ends when both optimizers have
    # stepped, or one has stepped twice.
    one_to_one: (40, 40),
    five_to_one: (75, 75),
    one_to_five: (75, 76),
    phases: (117, 120),
    passes_before_steps: (40, 40),
    steps_in_the_other_order: (40, 40),
    b_pauses: (129, 130),
    b_starts_later: (69, 70),
    accumulation_in_one: (40, 40),
    irregular: (57, 105),
}


def train(rhythm, *, watched, known=False):
    torch.manual_seed(0)
    a, b = Trainee("a", 0.1), Trainee("b", 0.02)
    run = None
    if watched:
        optimizers = [a.optimizer, b.optimizer] if known else None
        run = lk.watch({"a": a.model, "b": b.model}, optimizers, show=False, budget=1.0)
    rhythm(a, b)
    if run is not None:
        run.close()
    return a, b, run


@pytest.mark.parametrize("known", [False, True], ids=["found", "given"])
@pytest.mark.parametrize("rhythm", RHYTHMS, ids=lambda rhythm: rhythm.__name__)
def test_each_of_two_models_has_its_own_losses_rates_and_norms(rhythm, known):
    *plain, _ = train(rhythm, watched=False)
    *pair, run = train(rhythm, watched=True, known=known)
    for trainee, before in zip(pair, plain, strict=True):
        assert_same_weights(trainee.model, before.model)
    least, most = RHYTHMS[rhythm]
    counted = f"{run.steps} steps were counted, not {least} to {most}"
    checks = [
        lambda: assert_no_internal_error(run),
        lambda: bound(least <= run.steps <= most, counted),
    ]
    for trainee in pair:
        checks += checks_of(run, trainee)
    assert_all(checks)


def bound(condition, text):
    assert condition, text


def checks_of(run, trainee):
    """Return checks of the series of one model, independent of its step numbers."""
    truth, label = trainee.truth, trainee.truth.prefix[:-1]
    losses = points(run, f"loss/{label}")

    def complete():
        wanted = list(truth.losses.values())
        right = list(losses.values()) == pytest.approx(wanted, rel=1e-5)
        assert right, f"loss/{label}: {list(losses.values())[:3]}..., not {wanted[:3]}..."

    def rates():
        for name, expected in truth.rates.items():
            found = points(run, name)
            assert len(found) == len(expected), f"{name}: {len(found)} rates of {len(expected)}"
            assert list(found.values()) == pytest.approx(list(expected.values()))

    def norms():
        steps = dict(enumerate(losses, 1))
        assert len(steps) == truth.steps, f"norms of {label} cannot be placed without losses"
        assert_norms(run, truth, "grad_norm", steps=steps)
        assert_norms(run, truth, "update_ratio", steps=steps, rtol=2e-3)

    return complete, rates, norms


def test_one_backward_pass_for_two_models_is_one_loss():
    torch.manual_seed(0)
    a, b = Trainee("a", 0.1), Trainee("b", 0.02)
    x, y = batch()
    expected = []
    with lk.watch({"a": a.model, "b": b.model}, show=False, budget=1.0) as run:
        for _ in range(40):
            a.optimizer.zero_grad()
            b.optimizer.zero_grad()
            loss = F.cross_entropy(a.model(x) + b.model(x), y)
            loss.backward()
            a.step()
            b.step()
            expected.append(loss.item())
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    wanted = dict(enumerate(expected, 1))
    assert run.steps == 40
    assert pytest.approx(wanted, rel=1e-5) in recorded
    assert all(each == pytest.approx(wanted, rel=1e-5) for each in recorded if each)
    assert_norms(run, a.truth, "grad_norm")
    assert_norms(run, b.truth, "grad_norm")
