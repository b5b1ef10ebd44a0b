"""The incident of a run: its step, its samples, its explanation, and its replay."""

import copy
import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk

from .models import Net, batch, train


class Scaled(nn.Module):
    """Divides by the mean of a hidden layer, which is zero for an all-zero input."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(6, 8, bias=False)
        self.drop = nn.Dropout(0.1)
        self.outer = nn.Linear(8, 3)

    def forward(self, x):
        hidden = self.drop(F.relu(self.inner(x)))
        return self.outer(hidden / hidden.mean(1, keepdim=True))


def broken_run(workers=0):
    """Train on data of which sample 37 is all zeros; return the run, the model and the data."""
    torch.manual_seed(0)
    x = torch.randn(80, 6)
    x[37] = 0.0
    y = x[:, :3].argmax(1)
    model = Scaled()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loader = DataLoader(TensorDataset(x, y), batch_size=8, shuffle=True, num_workers=workers)
    with lk.watch(model, show=False) as run:
        for inputs, labels in loader:
            loss = F.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if not torch.isfinite(loss):
                break
    return run, model, (x, y)


@pytest.mark.parametrize("workers", [0, 2])
def test_an_incident_has_the_sample_indices_of_its_batch(workers):
    run, _, _ = broken_run(workers)
    assert run.incident.kind == "not finite"
    assert run.incident.step == run.steps
    assert 37 in run.incident.indices
    assert len(run.incident.indices) == 8


def test_a_replay_names_the_operation_and_the_source_line():
    run, model, (_, y) = broken_run()
    before = copy.deepcopy(model.state_dict())
    state = torch.random.get_rng_state()
    replay = run.incident.replay(lambda out: F.cross_entropy(out, y[list(run.incident.indices)]))
    assert replay.operation == "div"
    assert replay.module == ""
    assert "test_incidents.py" in replay.line
    assert math.isnan(replay.output.item())
    assert [each.path for each in replay.modules] == ["inner", "drop", "outer", ""]
    assert [each.not_finite for each in replay.modules] == [0, 0, 3, 3]
    assert "div in the model" in str(replay)
    assert torch.equal(state, torch.random.get_rng_state())
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor.nan_to_num(), before[name].nan_to_num())


def test_a_replay_repeats_the_forward_pass_including_dropout():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 64), nn.Dropout(0.5), nn.Linear(64, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    outputs = []
    with lk.watch(model, show=False) as run:
        for step in range(30):
            output = model(x)
            outputs.append(output.detach())
            loss = F.cross_entropy(output, y) + (float("inf") if step == 20 else 0.0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.incident.step == 21
    assert torch.equal(run.incident.replay().output, outputs[20])


def test_a_step_that_was_not_sampled_can_be_replayed():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for step in range(1500):
            inputs = x * (float("nan") if step == 1400 else 1.0)
            loss = F.cross_entropy(model(inputs), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step == 1400:
                break
    assert "data are not finite" in run.incident.explanation
    replay = run.incident.replay()
    assert replay.output.isnan().all()


def test_an_incident_has_the_series_of_the_last_steps():
    run, _, _ = broken_run()
    names, steps, values = run.incident.history["loss"]
    assert names == ("loss",)
    assert steps.tolist() == list(range(1, run.incident.step))
    assert np.isfinite(values).all()
    assert "grad_norm" in run.incident.history


def test_a_spike_is_replaced_by_a_later_non_finite_loss():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = batch()
    kinds = []
    with lk.watch(model, show=False) as run:
        for step in range(120):
            factor = {60: 100.0, 100: float("inf")}.get(step, 1.0)
            loss = F.cross_entropy(model(x), y) * factor
            optimizer.zero_grad()
            loss.backward()
            if factor != float("inf"):
                nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
            kinds.append(run.incident and (run.incident.kind, run.incident.step))
    assert kinds[59] is None
    assert kinds[60] == ("spike", 61)
    assert kinds[-1][0] == "not finite"


def test_a_spike_is_detected_when_the_run_is_read_at_every_step():
    torch.manual_seed(0)
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False) as run:
        for step in range(1, 101):
            loss = F.cross_entropy(model(x), y) * (100.0 if step == 90 else 1.0)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            assert run.series("loss")[0][-1] == step
    assert (run.incident.kind, run.incident.step) == ("spike", 90)


def test_non_finite_weights_name_the_operation_whose_gradient_was_not_finite():
    class Root(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(6, 4)
            self.outer = nn.Linear(4, 3)

        def forward(self, x):
            return self.outer(torch.sqrt(self.inner(x).abs()))

    torch.manual_seed(0)
    model = Root()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for step in range(20):
            if step == 10:  # the derivative of sqrt is infinite at zero
                nn.init.zeros_(model.inner.weight)
                nn.init.zeros_(model.inner.bias)
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.incident.step == 12
    assert "inner.weight" in run.incident.explanation
    assert "sqrt" in run.incident.explanation


def test_a_run_of_finite_losses_has_no_incident():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=60)
    assert run.incident is None


def test_replay_raises_when_the_model_was_not_called():
    class Indirect(Net):
        """A model whose `training_step` does not call `forward`."""

        def training_step(self, x):
            return self.fc2(F.relu(self.fc1(x)))

    model = Indirect()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        loss = F.cross_entropy(model.training_step(x), y) * float("nan")
        optimizer.zero_grad()
        loss.backward()
    with pytest.raises(RuntimeError, match="cannot be run again"):
        run.incident.replay()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_non_finite_weights_on_an_accelerator_name_the_operation():
    torch.manual_seed(0)
    model = nn.Linear(3, 1).cuda()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for step in range(30):
            x = torch.randn(8, 3).cuda()
            loss = (model(x) * (step != 12)).abs().sqrt().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    assert run.incident.kind == "not finite"
    assert run.incident.step == 14
    assert "sqrt" in run.incident.explanation
