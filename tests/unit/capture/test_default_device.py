"""A default device other than the model's does not affect what is recorded."""

import torch
from torch import nn

import labkit as lk

from .truth import points


def test_a_loop_with_another_default_device_is_recorded_as_without():
    def recorded(default):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        groups = [
            {"params": model[0].parameters(), "lr": torch.tensor(0.1)},
            {"params": model[2].parameters()},
        ]
        optimizer = torch.optim.SGD(groups, lr=0.1, foreach=False)
        x = torch.randn(8, 3)
        with torch.device(default), lk.watch(model, show=False, budget=1.0) as run:
            for step in range(12):
                optimizer.zero_grad()
                (model(x).pow(2).mean() * (torch.inf if step == 11 else 1)).backward()
                optimizer.step()
            replayed = run.incident.replay()
        assert not run.notices
        return {name: points(run, name) for name in sorted(run.names())}, str(replayed)

    assert str(recorded("meta")) == str(recorded("cpu"))
