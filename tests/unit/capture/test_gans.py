"""A generator and a critic, in two models or in one."""

import pytest
import torch
from torch import nn

import labkit as lk

from .truth import (
    points,
)


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
def test_a_generator_loss_computed_by_the_critic_is_recorded_for_the_generator(critic_steps):
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


class Adversaries(nn.Module):
    """A generator and a critic in one module; parts of the generator are used in turn."""

    def __init__(self):
        super().__init__()
        self.generators = nn.ModuleList([nn.Linear(4, 2) for _ in range(2)])
        self.critic = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))

    def forward(self, noise, number):
        return self.generators[number % len(self.generators)](noise)


def nothing(model, trained):
    """Leave all parameters trainable."""


def toggle(model, trained):
    """Freeze all parameters except those of the optimizer about to step, as Lightning does."""
    model.requires_grad_(False)
    trained.requires_grad_(True)


@pytest.mark.parametrize(("every", "parts"), [(1, 1), (2, 2)])
@pytest.mark.parametrize("choose", [nothing, toggle])
@pytest.mark.parametrize("known", [True, False], ids=["optimizers-first", "watch-first"])
def test_a_generator_and_a_critic_in_one_module_have_separate_losses(known, choose, every, parts):
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
