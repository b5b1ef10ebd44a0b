"""A watched run ends with the weights of the unwatched run, bit for bit, and leaves no hooks."""

import contextlib

import pytest
import torch

import labkit as lk

from .global_state import global_state
from .loop_scenarios import LOOPS, step
from .model_scenarios import MODELS
from .models import Net

UNWATCHED = contextlib.nullcontext


@pytest.mark.parametrize(
    ("scenario", "pace"),
    [
        *(pytest.param(scenario, None, id=scenario.__name__) for scenario in [*LOOPS, *MODELS]),
        *(pytest.param(scenario, 100, id=f"{scenario.__name__} at a pace") for scenario in LOOPS),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_weights_match_the_unwatched_run_and_global_state_is_restored(scenario, pace):
    torch.manual_seed(0)
    plain = scenario(UNWATCHED).state_dict()
    drawn = torch.random.get_rng_state()
    before, runs = global_state(), []

    def watch(model):
        # Everything is read as often as it can be.
        runs.append(lk.watch(model, show=False, budget=1.0, pace=pace))
        return runs[-1]

    torch.manual_seed(0)
    watched = scenario(watch).state_dict()
    assert list(watched) == list(plain)
    for name, tensor in watched.items():
        assert torch.equal(tensor, plain[name]), name
    assert torch.equal(drawn, torch.random.get_rng_state())
    assert global_state() == before
    (run,) = runs
    assert run.closed
    assert run.steps > 0
    assert len(run.series(next(name for name in run.names() if name.startswith("loss")))[0]) > 0
    assert run.notices == ()


def test_a_model_on_the_meta_device_is_counted_without_an_error():
    with torch.device("meta"):
        model, x = Net(), torch.empty(4, 6)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    before = global_state()
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(3):
            step(optimizer, model(x).sum())
    assert global_state() == before
    assert run.steps == 3
