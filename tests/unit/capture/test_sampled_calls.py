"""The forward calls of a step whose activations are sampled."""

import random

import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk


def test_models_trained_in_turn_each_have_activations():
    torch.manual_seed(0)
    models = {"a": nn.Linear(4, 2), "b": nn.Linear(4, 2), "c": nn.Linear(4, 2)}
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.01) for m in models.values()]
    with lk.watch(models, show=False, budget=1.0) as run:
        for _ in range(12):
            for model, optimizer in zip(models.values(), optimizers, strict=True):
                optimizer.zero_grad()
                model(torch.randn(8, 4)).pow(2).mean().backward()
                optimizer.step()
    for label in models:
        assert len(run.series(f"act_mean/{label}")[1]) >= 2
        assert len(run.series(f"act_grad/{label}")[1]) >= 2
    assert run.notices == ()


def test_calls_after_the_first_pass_of_a_step_belong_to_that_step():
    torch.manual_seed(0)
    generator, critic = nn.Linear(3, 4), nn.Linear(4, 1)
    models = {"g": generator, "d": critic}
    steps = [torch.optim.SGD(m.parameters(), lr=0.1) for m in (generator, critic)]
    expected = []
    with lk.watch(models, show=False, budget=1.0) as run:
        for _ in range(40):
            noise = torch.randn(5, 3)
            critic(torch.randn(5, 4)).mean().backward()
            steps[1].step()
            output = generator(noise)
            expected.append(output.mean().item())
            critic(output).mean().backward()
            steps[0].step()
    at, means = run.series("act_mean/g")
    assert len(at) >= 2
    np.testing.assert_allclose(means, [expected[step - 1] for step in at], rtol=1e-4, atol=1e-6)


def test_a_forward_pass_without_gradients_is_not_sampled():
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(5):
            optimizer.zero_grad()
            model(torch.ones(3, 4)).pow(2).mean().backward()
            with torch.no_grad():
                model(torch.full((3, 4), 1000.0))
            optimizer.step()
    assert np.abs(run.series("act_mean/")[1]).max() < 100


def test_modules_called_in_some_steps_share_one_table():
    random.seed(0)

    class Drop(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(6))
            self.head = nn.Linear(4, 1)

        def forward(self, x):
            for layer in self.layers:
                if random.random() < 0.5:
                    x = x + torch.tanh(layer(x))
            return self.head(x)

    model = Drop()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(600):
            optimizer.zero_grad()
            model(torch.randn(3, 4)).pow(2).mean().backward()
            optimizer.step()
    tables = [table for table in run.tables.values() if table.kind == "act_mean"]
    columns = [name for table in tables for name in table.names]
    assert len(tables) == 1
    assert set(columns) == {"head", *(f"layers.{n}" for n in range(6))}
    always, sometimes = (run.series(f"act_mean/{name}")[0] for name in ("head", "layers.0"))
    assert set(sometimes) < set(always)


@pytest.mark.parametrize("reentrant", [True, False])
def test_a_checkpointed_module_is_sampled_and_trains_unchanged(reentrant):
    from torch.utils.checkpoint import checkpoint

    def loop(watched):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(4, 4), nn.Tanh(), nn.Linear(4, 1))
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        run = lk.watch(model, show=False, budget=1.0) if watched else None
        for _ in range(20):
            optimizer.zero_grad()
            x = torch.randn(3, 4, requires_grad=True)
            hidden = checkpoint(model[:2], x, use_reentrant=reentrant)
            model[2](hidden).pow(2).mean().backward()
            optimizer.step()
        if run is not None:
            run.close()
        return [p.detach() for p in model.parameters()], run

    weights, run = loop(watched=True)
    assert all(map(torch.equal, weights, loop(watched=False)[0]))
    assert len(run.series("act_grad/0")[1]) >= 2
    assert run.notices == ()
