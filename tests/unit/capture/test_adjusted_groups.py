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


def test_a_change_follows_its_group_when_groups_are_removed_and_reordered():
    model = seeded()
    groups = [{"params": each.parameters(), "lr": 0.1} for each in (model.fc1, model.fc2)]
    optimizer = torch.optim.SGD(groups)
    first, second = optimizer.param_groups

    def used():
        take_step(model, optimizer)
        names = [group.name for group in run.parameter_groups]
        return [rates(run, f"lr/{name}")[-1] for name in names]

    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        (event,) = run.adjust("1", lr=0.02)
        assert used() == pytest.approx([0.1, 0.02])
        optimizer.param_groups[:] = [second]
        assert used() == pytest.approx([0.02])
        optimizer.param_groups[:] = [first]
        assert used() == pytest.approx([0.1])
        optimizer.param_groups[:] = [second, first]
        assert used() == pytest.approx([0.02, 0.1])
        optimizer.load_state_dict(optimizer.state_dict())
        assert used() == pytest.approx([0.02, 0.1])
        run.undo(event)
        assert used() == pytest.approx([0.1, 0.1])
    assert run.notices == ()


def test_a_notice_says_that_changes_of_an_optimizer_that_was_replaced_have_no_effect():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        earlier, optimizer = optimizer, torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(3):
            for _ in range(10):
                take_step(model, optimizer)
            assert run.parameter_groups[0].values["lr"] == 0.1
        take_step(model, earlier)
    assert rates(run)[-1] == pytest.approx(0.01)
    (notice,) = run.notices
    assert "an optimizer that steps no more" in notice.text


def test_groups_of_the_same_name_are_told_apart():
    model = seeded()
    groups = [{"params": each.parameters(), "name": "g"} for each in (model.fc1, model.fc2)]
    optimizer = torch.optim.SGD(groups, lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust("g (group 1)", lr=0.02)
        take_step(model, optimizer)
        assert len(run.adjust(lr=0.03)) == 2
        take_step(model, optimizer)
    assert rates(run, "lr/g") == pytest.approx([0.1, 0.1, 0.03])
    assert rates(run, "lr/g (group 1)") == pytest.approx([0.1, 0.02, 0.03])


def test_two_optimizers_that_step_in_turn_are_not_said_to_be_replaced():
    model = seeded()
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for _ in range(2)]
    with lk.watch(model, show=False) as run:
        take_step(model, optimizers[0])
        run.adjust(lr=0.01)
        for number in range(40):
            take_step(model, optimizers[number % 2])
            assert run.parameter_groups
    assert rates(run)[-4:] == pytest.approx([0.01, 0.1, 0.01, 0.1])
    assert run.notices == ()
