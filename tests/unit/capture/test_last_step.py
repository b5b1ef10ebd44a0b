"""Views end with the last step of a run whose length is known: it has all readings."""

import pytest
import torch
from torch import nn

import labkit as lk


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.ones(4, 8)).pow(2).mean().backward()
    optimizer.step()


def last_steps(run):
    """Return the newest step of each kind of reading."""
    activations = run.activations
    pictures = [activations.steps(*subject)[-1] for subject in activations.subjects()]
    series = [f"{kind}/0.weight" for kind in ("grad_norm", "weight_norm", "update_ratio")]
    return {
        "graph": run.graph_history[-1].last,
        "pictures": min(pictures),
        "activations": int(run.series("act_std/0")[0][-1]),
        **{name: int(run.series(name)[0][-1]) for name in series},
    }


def test_the_last_step_of_a_for_loop_has_all_readings():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for _ in range(1500):
            step(model, optimizer)
    assert set(last_steps(run).values()) == {1500}


@pytest.mark.parametrize("pace", [None, 500])
def test_the_last_step_has_all_readings_if_the_length_was_given(pace):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    done = 0
    with lk.watch(model, pace=pace, show=False) as run:
        run.total_steps = 300
        while done < run.total_steps:
            step(model, optimizer)
            done += 1
    assert set(last_steps(run).values()) == {300}


def test_a_loop_that_goes_on_beyond_the_given_length_is_recorded_as_before():
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        run.total_steps = 50
        done = 0
        while done < 400:
            step(model, optimizer)
            done += 1
    steps, _ = run.series("grad_norm/0.weight")
    assert 50 in steps
    assert steps[-1] > 50
    assert run.notices == ()
