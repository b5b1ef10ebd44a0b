"""Changed hyperparameters of groups that share values, are moved, or have a state of their own."""

import pytest
import torch
import torch.nn.functional as F

import labkit as lk

from .models import batch
from .test_adjusted_hyperparameters import flat, rates, seeded, take_step


def test_a_tensor_that_groups_share_is_changed_for_one_of_them():
    model, rate = seeded(), torch.tensor(0.1)
    groups = [{"params": model.fc1.parameters()}, {"params": model.fc2.parameters()}]
    optimizer = torch.optim.Adam(groups, lr=rate, fused=True)
    assert optimizer.param_groups[0]["lr"] is optimizer.param_groups[1]["lr"]
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust("0", lr=0.05)
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        take_step(model, optimizer)
        assert optimizer.param_groups[1]["lr"] is rate
    assert rates(run, "lr/0") == pytest.approx([0.1, 0.05, 0.01])
    assert rates(run, "lr/1") == pytest.approx([0.1, 0.1, 0.01])
    assert float(rate) == pytest.approx(0.1)


def test_a_tensor_that_a_closure_writes_to_has_its_value():
    model, rate = seeded(), torch.tensor(0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    x, y = batch()

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.param_groups[0]["lr"].fill_(0.3)
        return loss

    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.05)
        optimizer.step(closure)
        assert optimizer.param_groups[0]["lr"] is rate
    assert float(rate) == pytest.approx(0.3)


def test_momentum_that_was_0_can_be_taken_back():
    def train(adjusted):
        model = seeded()
        own = 0.9 if adjusted else 0.0
        optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01, momentum=own)
        with lk.watch(model, optimizer, show=False) as run:
            if adjusted:
                (event,) = run.adjust(momentum=0)
            for _ in range(5):
                take_step(model, optimizer)
            trained = flat(model)
            if adjusted:
                assert run.parameter_groups[0].values["momentum"] == 0
                run.undo(event)
                take_step(model, optimizer)
        return trained

    assert torch.allclose(train(adjusted=True), train(adjusted=False))


def test_several_optimizers_have_no_groups_before_their_first_steps():
    model = seeded()
    first = torch.optim.SGD(model.fc1.parameters(), lr=0.1)
    second = torch.optim.SGD(model.fc2.parameters(), lr=0.2)
    with lk.watch(model, [first, second], show=False) as run:
        assert run.parameter_groups == ()
        with pytest.raises(RuntimeError, match="no names before their first steps"):
            run.adjust("0", lr=0.01)
        take_step(model, second, first)
    assert rates(run) == pytest.approx([0.2])
