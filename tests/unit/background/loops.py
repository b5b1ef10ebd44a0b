"""Training loops whose progress tests can await."""

import threading

import torch


class Loop:
    """A loop that trains until `ending` is set, and counts the steps that returned."""

    def __init__(self, features=3):
        self.model = torch.nn.Linear(features, 1)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=0.01)
        self.inputs = torch.ones(8, features)
        self.steps = 0
        self.turn = threading.Lock()
        self.moved = threading.Condition()
        self.ending = threading.Event()

    def step(self):
        """Train one step; `turn` is held meanwhile, so that holding it keeps the weights."""
        with self.turn:
            self.optimizer.zero_grad()
            self.model(self.inputs).square().mean().backward()
            self.optimizer.step()
        with self.moved:
            self.steps += 1
            self.moved.notify_all()

    def train(self):
        while not self.ending.is_set():
            self.step()
        return self.steps

    def await_steps(self, more=20):
        with self.moved:
            least = self.steps + more
            assert self.moved.wait_for(lambda: self.steps >= least, timeout=30)
