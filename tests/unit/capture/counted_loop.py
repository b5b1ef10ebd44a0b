"""A watched model, and what its run says about the number of its steps."""

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk


class CountedLoop:
    """A watched model, and what its run said about its length after each step."""

    def __init__(self):
        self.model = nn.Linear(2, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        self.totals = []
        self.run = None

    def watch(self):
        self.run = lk.watch(self.model, self.optimizer, show=False)
        return self.run

    def backward(self):
        self.model(torch.ones(4, 2)).square().mean().backward()

    def step(self):
        self.optimizer.zero_grad()
        self.backward()
        self.optimizer.step()
        self.record()

    def record(self):
        # As if a second had passed since the last look at the loop.
        self.run.live._loop_length._next_ns = 0
        self.totals.append(self.run.total_steps)

    @property
    def known(self):
        """The totals that were known, each once."""
        return {total for total in self.totals if total is not None}


def loader(samples=12, batch=4):
    return DataLoader(TensorDataset(torch.zeros(samples, 2)), batch_size=batch)
