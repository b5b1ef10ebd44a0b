"""Two optimizers in any rhythm, on two models or on one: each its own losses, rates and norms."""

import itertools

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import (
    Truth,
    assert_agrees,
    assert_all,
    assert_no_fault,
    assert_norms,
    assert_same_weights,
    points,
    record,
)


class Trainee:
    """One model with its optimizer and what it saw."""

    def __init__(self, label, lr):
        self.model = Net()
        self.truth = Truth(label)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=lr)

    def backward(self, factor=1.0):
        x, y = batch()
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y) * factor
        loss.backward()
        self.truth.loss(loss)

    def step(self):
        self.truth.used(self.model, self.optimizer)
        self.optimizer.step()
        self.truth.stepped(self.model)

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


def a_pause(a, b):
    one_to_one(a, b)
    a.train(50)
    one_to_one(a, b)


def a_late_comer(a, b):
    a.train(30)
    one_to_one(a, b)


def accumulation_in_one(a, b):
    for _ in range(40):
        a.optimizer.zero_grad()
        for _ in range(3):
            x, y = batch()
            loss = F.cross_entropy(a.model(x), y) / 3
            loss.backward()
            a.truth.loss(loss)
        a.step()
        b.train()


def irregular(a, b):
    for number in range(80):
        if number % 3 or number % 7 == 0:
            a.train()
        if number % 4 < 2 or number % 5 == 0:
            b.train()


RHYTHMS = {
    # The loop, and how many steps it makes: a round ends when both have stepped, or one again.
    one_to_one: (40, 40),
    five_to_one: (75, 75),
    one_to_five: (75, 76),
    phases: (117, 120),
    passes_before_steps: (40, 40),
    steps_in_the_other_order: (40, 40),
    a_pause: (129, 130),
    a_late_comer: (69, 70),
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
def test_each_of_two_models_has_its_own_numbers(rhythm, known):
    *plain, _ = train(rhythm, watched=False)
    *pair, run = train(rhythm, watched=True, known=known)
    for trainee, before in zip(pair, plain, strict=True):
        assert_same_weights(trainee.model, before.model)
    least, most = RHYTHMS[rhythm]
    counted = f"{run.steps} steps were counted, not {least} to {most}"
    checks = [lambda: assert_no_fault(run), lambda: bound(least <= run.steps <= most, counted)]
    for trainee in pair:
        checks += checks_of(run, trainee)
    assert_all(checks)


def bound(condition, text):
    assert condition, text


def checks_of(run, trainee):
    """Return checks of one model's series, wherever the run counted its steps."""
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


def test_one_pass_for_two_models_is_one_loss_a_step():
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


def test_one_pass_for_two_optimizers_of_one_model_is_its_loss():
    def loop(model, truth):
        optimizers = [
            torch.optim.SGD(model.fc1.parameters(), lr=0.1),
            torch.optim.Adam(model.fc2.parameters(), lr=0.01),
        ]
        x, y = batch()
        for _ in range(40):
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.loss(loss)
            truth.used(model)
            for optimizer in optimizers:
                optimizer.step()
            truth.stepped(model)

    run, truth = record(loop)
    assert_agrees(run, truth, rates=False)
    rates = [set(points(run, name).values()) for name in run.names() if name[:3] == "lr/"]
    assert sorted(map(len, rates)) == [1, 1]
    assert sorted(rate for each in rates for rate in each) == pytest.approx([0.01, 0.1])


def test_parts_of_one_model_in_turn_have_all_losses():
    """As in block coordinate descent: one part's pass and step, then the other's."""

    def loop(model, truth):
        parts = itertools.cycle([model.fc1, model.fc2])
        optimizers = {
            part: torch.optim.SGD(part.parameters(), lr=0.1) for part in (model.fc1, model.fc2)
        }
        x, y = batch()
        for part, _ in zip(parts, range(80), strict=False):
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.loss(loss)
            optimizers[part].step()
            truth.stepped(model)

    run, truth = record(loop)
    assert_no_fault(run)
    assert run.state().skipped == ()
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    found = sorted(value for each in recorded for value in each.values())
    assert found == pytest.approx(sorted(truth.losses.values()), rel=1e-5)


def gan_round(generator, critic, of_generator, of_critic, expected, critic_steps):
    noise = torch.randn(8, 4)
    fake = generator(noise)
    for _ in range(critic_steps):
        of_critic.zero_grad()
        loss = critic(fake.detach()).mean() - critic(torch.randn(8, 2)).mean()
        loss.backward()
        of_critic.step()
        expected["D"].append(loss.item())
    of_generator.zero_grad()
    loss = -critic(fake).mean()
    loss.backward()
    of_generator.step()
    expected["G"].append(loss.item())


@pytest.mark.parametrize("critic_steps", [1, 2, 5])
def test_a_gan_whose_generators_loss_passes_through_the_critic(critic_steps):
    torch.manual_seed(0)
    generator, critic = nn.Linear(4, 2), nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
    of_generator = torch.optim.Adam(generator.parameters(), lr=0.01)
    of_critic = torch.optim.Adam(critic.parameters(), lr=0.01)
    expected = {"D": [], "G": []}
    with lk.watch({"G": generator, "D": critic}, show=False, budget=1.0) as run:
        for _ in range(30):
            gan_round(generator, critic, of_generator, of_critic, expected, critic_steps)
    for label, losses in expected.items():
        assert list(points(run, f"loss/{label}").values()) == pytest.approx(losses, rel=1e-5)
    assert run.steps == 30 * critic_steps
    assert run.state().skipped == ()


@pytest.mark.parametrize("made", [(0, 1), (1, 0)])
@pytest.mark.parametrize("stepped", [(0, 1), (1, 0)])
@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_the_optimizer_that_steps_first_has_the_plain_names(known, stepped, made):
    torch.manual_seed(0)
    model, truth, (x, y) = Net(), Truth(), batch()
    layers, rates, optimizers = (model.fc1, model.fc2), (0.1, 0.01), {}
    run = None if known else lk.watch(model, show=False, budget=1.0)
    for number in made:
        optimizers[number] = torch.optim.SGD(layers[number].parameters(), lr=rates[number])
    run = run or lk.watch(model, show=False, budget=1.0)
    for _ in range(20):
        model.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        truth.loss(loss)
        for number in stepped:
            optimizers[number].step()
        truth.stepped(model)
    run.close()
    assert points(run, "loss") == pytest.approx(truth.losses, rel=1e-5)
    assert not [name for name in run.names() if name.startswith("loss/")]
    for name, number in zip(("lr/0", "lr/optimizer1.0"), stepped, strict=True):
        assert list(points(run, name).values()) == pytest.approx([rates[number]] * 20)


class Adversaries(nn.Module):
    """A generator and its critic in one module; the generator has parts that are used in turn."""

    def __init__(self):
        super().__init__()
        self.generators = nn.ModuleList([nn.Linear(4, 2) for _ in range(2)])
        self.critic = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, noise, number):
        return self.generators[number % len(self.generators)](noise)


def nothing(model, trained):
    """Leave all parameters trainable."""


def toggle(model, trained):
    """Freeze all parameters but those of the optimizer whose turn it is, as Lightning does."""
    model.requires_grad_(False)
    trained.requires_grad_(True)


@pytest.mark.parametrize(("every", "parts"), [(1, 1), (2, 2)])
@pytest.mark.parametrize("choose", [nothing, toggle])
@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_a_gan_in_one_module(known, choose, every, parts):
    torch.manual_seed(0)
    model = Adversaries()
    del model.generators[parts:]
    generator, critic = model.generators, model.critic
    run = None if known else lk.watch(model, show=False, budget=1.0)
    of_generator = torch.optim.Adam(generator.parameters(), lr=0.01)
    of_critic = torch.optim.Adam(critic.parameters(), lr=0.01)
    run = run or lk.watch(model, show=False, budget=1.0)
    expected = {"generator": [], "critic": []}
    for number in range(30):
        noise = torch.randn(8, 4)
        choose(model, critic)
        of_critic.zero_grad()
        loss = critic(model(noise, number).detach()).mean() - critic(torch.randn(8, 2)).mean()
        loss.backward()
        of_critic.step()
        expected["critic"].append(loss.item())
        if number % every:
            continue
        choose(model, generator)
        of_generator.zero_grad()
        loss = -critic(model(noise, number // every)).mean()
        loss.backward()
        of_generator.step()
        expected["generator"].append(loss.item())
    run.close()
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    assert len(recorded) == 2
    found = sorted(list(each.values()) for each in recorded)
    for each, wanted in zip(found, sorted(expected.values()), strict=True):
        assert each == pytest.approx(wanted, rel=1e-5)


def layers(*widths):
    pairs = itertools.pairwise(widths)
    return nn.Sequential(*(nn.Sequential(nn.Linear(a, b), nn.Tanh()) for a, b in pairs))


def norm(model):
    return torch.cat([p.grad.flatten() for p in model.parameters()]).norm().item()


@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_optimizers_that_share_a_part_of_their_parameters_are_several(known):
    torch.manual_seed(0)
    encoder, decoder, critic = layers(4, 8, 2), layers(2, 8, 4), layers(2, 8, 1)
    models = {"encoder": encoder, "decoder": decoder, "critic": critic}
    run = None if known else lk.watch(models, show=False, budget=1.0)
    rates = {"encoder": 0.01, "critic": 0.003, "encoder.optimizer1": 0.001}
    optimizers = {
        "encoder": torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01),
        "critic": torch.optim.Adam(critic.parameters(), lr=0.003),
        "encoder.optimizer1": torch.optim.Adam(encoder.parameters(), lr=0.001),
    }
    run = run or lk.watch(models, show=False, budget=1.0)
    expected = {name: [] for name in rates}
    norms = []

    def step(name, loss):
        optimizers[name].zero_grad()
        loss.backward()
        if name == "encoder":
            norms.append(norm(encoder[0][0]))
        optimizers[name].step()
        expected[name].append(loss.item())

    for _ in range(20):
        x = torch.randn(8, 4)
        step("encoder", F.mse_loss(decoder(encoder(x)), x))
        step("critic", (critic(encoder(x).detach()) - critic(torch.randn(8, 2))).mean())
        step("encoder.optimizer1", -critic(encoder(x)).mean())
    run.close()
    assert run.steps == 20
    for name, wanted in expected.items():
        assert list(points(run, f"loss/{name}").values()) == pytest.approx(wanted, rel=1e-5)
        assert list(points(run, f"lr/{name}.0").values()) == pytest.approx([rates[name]] * 20)
    of_weight, of_bias = (
        points(run, f"grad_norm/encoder.0.0.{part}") for part in ("weight", "bias")
    )
    for number, value in of_weight.items():
        both = (value**2 + of_bias[number] ** 2) ** 0.5
        assert both == pytest.approx(norms[number - 1], rel=1e-4), "of the first one's steps"


class Around(torch.optim.Optimizer):
    """Steps an optimizer of a part of its parameters, and moves the rest itself."""

    def __init__(self, parameters, part):
        super().__init__(parameters, {"lr": 0.1})
        self.inner = torch.optim.SGD(part, lr=0.05)
        self.own = {id(p) for p in part}

    @torch.no_grad()
    def step(self):
        self.inner.step()
        for p in self.param_groups[0]["params"]:
            if id(p) not in self.own:
                p.sub_(p.grad, alpha=0.1)


@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_an_optimizer_of_a_part_that_steps_within_another_is_no_second_one(known):
    torch.manual_seed(0)
    model = layers(4, 8, 1)
    run = None if known else lk.watch(model, show=False)
    optimizer = Around(model.parameters(), list(model[0].parameters()))
    run = run or lk.watch(model, show=False)
    expected = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = model(torch.randn(8, 4)).square().mean()
        loss.backward()
        optimizer.step()
        expected.append(loss.item())
    run.close()
    assert [name for name in run.names() if name.startswith("loss")] == ["loss"]
    assert list(points(run, "loss").values()) == pytest.approx(expected, rel=1e-5)
