"""Training on several threads: no error, and no run records another's values or loses its own."""

import sys
import threading

import pytest
import torch

import labkit as lk
from tests.apart import assert_passes

from .thread_control_scenarios import CONTROL_SCENARIOS
from .thread_scenarios import TRAINING_SCENARIOS

SECONDS = 60
"""The time limit of a scenario, which takes one or two seconds."""


@pytest.mark.parametrize(
    "scenario", [*TRAINING_SCENARIOS, *CONTROL_SCENARIOS], ids=lambda scenario: scenario.__name__
)
def test_training_on_threads(scenario, tmp_path):
    module = f"tests.unit.capture.{scenario.__module__.rpartition('.')[2]}"
    assert_passes(module, scenario.__name__, tmp_path, seconds=SECONDS)


def test_a_watch_may_be_closed_elsewhere_while_a_step_ends(monkeypatch):
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)

    def step():
        optimizer.zero_grad()
        model(torch.ones(4, 3)).square().mean().backward()
        optimizer.step()

    def close_elsewhere():
        if sys._getframe(1).f_code.co_name == "after_step" and not run.closed:
            closer = threading.Thread(target=run.close)
            closer.start()
            closer.join(SECONDS)
        return threading.get_ident()

    for _ in range(300):
        step()
    monkeypatch.setattr("labkit.capture.hooks.optimizer_steps.get_ident", close_elsewhere)
    for _ in range(3):
        step()
    assert run.closed
