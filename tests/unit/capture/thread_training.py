"""A thread that trains a model of its own, and checks of what was recorded of it."""

import threading
import traceback

import torch
from torch import nn

import labkit as lk

STEPS = 800


def network():
    return nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 16), nn.Linear(16, 1))


class Training(threading.Thread):
    """Trains a separate model with the loss `constant` at every step and nonzero gradients.

    Parameters
    ----------
    constant : float
    steps : int
    watched : bool
        Whether the run is opened on this thread.
    """

    def __init__(self, constant, steps=STEPS, *, watched=False):
        super().__init__()
        self.model = network()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.0)
        self.constant, self.steps, self.watched = constant, steps, watched
        self.x = torch.randn(16, 16)
        self.made = 0
        self.error = None
        self.run_ = None

    def watch(self):
        self.run_ = lk.watch(self.model, show=False)
        return self.run_

    def run(self):
        try:
            if self.watched:
                with self.watch():
                    self.train(self.steps)
            else:
                self.train(self.steps)
        except BaseException:  # noqa: BLE001 - shown by the test
            self.error = traceback.format_exc()

    def train(self, steps):
        for _ in range(steps):
            self.step()

    def backward(self):
        self.optimizer.zero_grad()
        out = self.model(self.x).sum()
        (out - out.detach() + self.constant).backward()

    def step(self):
        self.backward()
        self.optimizer.step()
        self.made += 1

    def check(self):
        """Check that the loop raised no error, and the recorded values."""
        assert self.error is None, self.error
        if self.run_ is not None:
            check_run(self.run_, self.made, self.constant)


def check_run(run, steps, constant, at_least=None):
    faults = [notice.text for notice in run.notices if "Error" in notice.text]
    assert not faults, faults
    if at_least is None:
        assert run.steps == steps, f"{run.steps} steps were counted, {steps} were made"
    else:
        assert at_least <= run.steps <= steps, f"{run.steps} steps were counted"
    found, values = run.series("loss")
    assert (found[1:] > found[:-1]).all(), "the steps of the loss do not rise"
    assert found[-1] == run.steps, f"the loss ends at step {found[-1]} of {run.steps}"
    assert set(values.tolist()) == {constant}, f"losses {set(values.tolist())}, not {constant}"


def together(*trainings):
    for each in trainings:
        each.start()
    for each in trainings:
        each.join()
    for each in trainings:
        each.check()
