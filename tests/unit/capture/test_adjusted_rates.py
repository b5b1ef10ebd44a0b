"""Learning rates that are changed during training, with every kind of schedule."""

import copy

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler as schedulers

import labkit as lk

from .models import Net, batch

STEPS = 40
AT = 15
"""Number of steps after which the rate is changed."""


def by_hand(optimizer):
    """A schedule that is part of the loop, which multiplies the present rate."""

    class Hand:
        def step(self):
            for group in optimizer.param_groups:
                group["lr"] *= 0.97

    return Hand()


class Plateau(schedulers.ReduceLROnPlateau):
    """Steps with a loss that does not fall."""

    def step(self):
        super().step(1.0)


SCHEDULES = {
    "none": None,
    "by hand": by_hand,
    "LambdaLR": lambda o: schedulers.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "MultiplicativeLR": lambda o: schedulers.MultiplicativeLR(o, lambda epoch: 0.95),
    "StepLR": lambda o: schedulers.StepLR(o, 7, gamma=0.5),
    "MultiStepLR": lambda o: schedulers.MultiStepLR(o, [5, 20, 30], gamma=0.1),
    "ExponentialLR": lambda o: schedulers.ExponentialLR(o, 0.93),
    "LinearLR": lambda o: schedulers.LinearLR(o, total_iters=30),
    "PolynomialLR": lambda o: schedulers.PolynomialLR(o, total_iters=50, power=2.0),
    "CosineAnnealingLR": lambda o: schedulers.CosineAnnealingLR(o, 25, eta_min=0.001),
    "warm restarts": lambda o: schedulers.CosineAnnealingWarmRestarts(o, 8, T_mult=2),
    "CyclicLR": lambda o: schedulers.CyclicLR(o, 0.01, 0.2, step_size_up=6),
    "OneCycleLR": lambda o: schedulers.OneCycleLR(o, 0.3, total_steps=STEPS + 1),
    "SequentialLR": lambda o: schedulers.SequentialLR(
        o, [schedulers.LinearLR(o, total_iters=10), schedulers.ExponentialLR(o, 0.9)], [10]
    ),
    "ChainedScheduler": lambda o: schedulers.ChainedScheduler(
        [schedulers.ConstantLR(o, total_iters=10), schedulers.ExponentialLR(o, 0.9)]
    ),
    "ReduceLROnPlateau": lambda o: Plateau(o, patience=3),
}


def make(**options):
    torch.manual_seed(0)
    model = Net()
    return model, torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, **options)


def take_step(model, optimizer, schedule=None):
    x, y = batch()
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(x), y).backward()
    optimizer.step()
    if schedule is not None:
        schedule.step()


def trained(name, *, at=(), lr=0.1, momentum=0.9):
    """Train with a schedule; call the functions of `at` after their step. Return what was used."""
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum)
    schedule = None if SCHEDULES[name] is None else SCHEDULES[name](optimizer)
    used, own = [], []
    original = type(optimizer)._init_group

    def record(group, *args):
        used.append((group["lr"], group["momentum"]))
        return original(optimizer, group, *args)

    optimizer._init_group = record
    with lk.watch(model, show=False) as run:
        for step in range(STEPS):
            take_step(model, optimizer, schedule)
            own.append(optimizer.param_groups[0]["lr"])
            for after, change in at:
                if step + 1 == after:
                    change(run)
    assert run.notices == ()
    return run, np.array(used), np.array(own)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_change_scales_any_schedule(name):
    _, plain, own_plain = trained(name)
    run, used, own = trained(name, at=[(AT, lambda run: run.adjust(lr=0.02))])
    assert own.tolist() == own_plain.tolist()  # between the steps the schedule is undisturbed
    rate = plain[:, 0]
    before = own_plain[AT - 1]
    scaled = [0.02 if each == before else each * (0.02 / before) for each in rate[AT:]]
    assert used[:, 0].tolist() == [*rate[:AT].tolist(), *scaled]  # bit for bit
    assert run.series("lr/0")[1].tolist() == used[:, 0].astype(np.float32).tolist()


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_rate_that_is_held_remains_until_it_is_taken_back(name):
    _, plain, _ = trained(name)
    changes = [
        (AT, lambda run: run.adjust("0", lr=0.02, schedule="hold")),
        (30, lambda run: run.undo(run.events[0])),
    ]
    _, used, _ = trained(name, at=changes)
    expected = [*plain[:AT, 0], *[0.02] * (30 - AT), *plain[30:, 0]]
    assert used[:, 0].tolist() == expected


def test_the_momentum_that_a_schedule_cycles_is_scaled_up_to_a_limit():
    _, plain, _ = trained("OneCycleLR")
    _, used, _ = trained("OneCycleLR", at=[(AT, lambda run: run.adjust(momentum=0.95))])
    own = plain[:, 1]
    base = own[AT]  # the schedule has stepped before the change
    expected = [0.95 if each == base else min(each * (0.95 / base), 0.999) for each in own[AT:]]
    assert used[AT:, 1].tolist() == expected
    assert max(expected) == 0.999
    assert used[:, 0].tolist() == plain[:, 0].tolist()


def test_changes_are_taken_back_in_any_order():
    changes = [
        (5, lambda run: run.adjust(lr=0.05)),
        (10, lambda run: run.adjust(lr=0.02)),
        (20, lambda run: run.undo(run.events[0])),  # the newer one is in force
        (25, lambda run: run.undo(run.events[1])),
    ]
    run, used, _ = trained("none", at=changes)
    assert used[:, 0].tolist() == [0.1] * 5 + [0.05] * 5 + [0.02] * 15 + [0.1] * 15
    assert [(event.step, event.taken_back) for event in run.events] == [(5, 20), (10, 25)]
    changes[2:] = [(20, lambda run: run.undo(run.events[1]))]
    _, used, _ = trained("none", at=changes)
    assert used[:, 0].tolist() == [0.1] * 5 + [0.05] * 5 + [0.02] * 10 + [0.05] * 20


def test_the_weights_are_those_of_a_loop_that_sets_the_rate_itself():
    def weights(change):
        model, optimizer = make(weight_decay=0.01)
        with lk.watch(model, show=False) as run:
            for step in range(STEPS):
                if step == AT:
                    change(run, optimizer)
                take_step(model, optimizer)
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    def set_rates(_, optimizer):
        optimizer.param_groups[0].update(lr=0.03, momentum=0.5, weight_decay=0.1)

    adjusted = weights(lambda run, _: run.adjust(lr=0.03, momentum=0.5, weight_decay=0.1))
    assert torch.equal(adjusted, weights(set_rates))


def test_a_checkpoint_has_the_own_rate_and_is_not_scaled_twice():
    model, optimizer = make()
    schedule = schedulers.ExponentialLR(optimizer, 0.9)
    with lk.watch(model, show=False) as run:
        for _ in range(5):
            take_step(model, optimizer, schedule)
        run.adjust(lr=0.01)
        factor = 0.01 / optimizer.param_groups[0]["lr"]
        for _ in range(5):
            take_step(model, optimizer, schedule)
        saved = optimizer.state_dict()
        assert saved["param_groups"][0]["lr"] == pytest.approx(0.1 * 0.9**10)
        optimizer.load_state_dict(saved)
        for _ in range(5):
            take_step(model, optimizer, schedule)
    rates = run.series("lr/0")[1]
    assert rates[-1] == pytest.approx(0.1 * 0.9**14 * factor)


class Failing(torch.optim.SGD):
    fails = False

    def _init_group(self, *args):
        if self.fails:
            raise ValueError("out of memory")
        return super()._init_group(*args)


def test_a_copy_of_an_optimizer_whose_step_raised_has_the_own_rate_from_the_next_pass_on():
    torch.manual_seed(0)
    model = Net()
    optimizer = Failing(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        optimizer.fails = True
        with pytest.raises(ValueError, match="out of memory"):
            take_step(model, optimizer)
        model(batch()[0]).sum().backward()
        assert copy.deepcopy(optimizer).param_groups[0]["lr"] == 0.1


def test_a_checkpoint_that_is_saved_after_a_step_raised_has_the_own_rate():
    torch.manual_seed(0)
    model = Net()
    optimizer = Failing(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        optimizer.fails = True
        with pytest.raises(ValueError, match="out of memory"):
            take_step(model, optimizer)
        assert optimizer.state_dict()["param_groups"][0]["lr"] == 0.1
        optimizer.fails = False
        take_step(model, optimizer)
        assert optimizer.param_groups[0]["lr"] == 0.1
    assert run.series("lr/0")[1].tolist() == pytest.approx([0.1, 0.01])


def test_a_scheduler_in_the_cell_after_an_interrupted_step_sees_the_own_rate():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    def interrupted():
        raise KeyboardInterrupt

    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        with pytest.raises(KeyboardInterrupt):
            optimizer.step(interrupted)
        run.code_ended("the cell was interrupted")
        schedule.step()
        take_step(model, optimizer)
    assert run.series("lr/0")[1] == pytest.approx([0.1, 0.005])
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.05)


def test_a_stop_at_a_step_end_leaves_the_own_rate():
    model, optimizer = make()
    optimizer.register_step_post_hook(lambda *_: None)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        take_step(model, optimizer)
        run.stop()
        with pytest.raises(lk.Stopped):
            take_step(model, optimizer)
        assert optimizer.param_groups[0]["lr"] == 0.1


def test_changes_end_with_the_run():
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        take_step(model, optimizer)
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert not optimizer._optimizer_state_dict_post_hooks
    with pytest.raises(RuntimeError, match="has ended"):
        run.adjust(lr=0.1)
    with pytest.raises(RuntimeError, match="has ended"):
        run.undo(run.events[0])


def test_a_rate_of_0_is_held_but_not_scaled():
    model, optimizer = make()
    schedule = schedulers.LambdaLR(optimizer, lambda epoch: epoch / 10)
    with lk.watch(model, show=False) as run:
        with pytest.raises(ValueError, match="no factor leads"):
            run.adjust(lr=0.1)
        run.adjust(lr=0.1, schedule="hold")
        take_step(model, optimizer, schedule)
    assert run.series("lr/0")[1].tolist() == pytest.approx([0.1])


def test_users_hooks_see_and_set_the_own_rate():
    model, optimizer = make()
    seen = []
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)

        def warm_up(*_):
            optimizer.param_groups[0]["lr"] = 0.2

        optimizer.register_step_pre_hook(warm_up)  # after labkit's hooks
        optimizer.register_step_post_hook(lambda *_: seen.append(optimizer.param_groups[0]["lr"]))
        for _ in range(3):
            take_step(model, optimizer)
    assert seen == [0.2] * 3
    assert run.series("lr/0")[1].tolist() == pytest.approx([0.1, 0.02, 0.02, 0.02])


def test_hooks_that_the_user_clears_are_registered_again():
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        take_step(model, optimizer)
        optimizer._optimizer_step_pre_hooks.clear()
        optimizer._optimizer_step_post_hooks.clear()
        optimizer.register_step_post_hook(lambda *_: None)
        take_step(model, optimizer)
    assert run.series("lr/0")[1].tolist() == pytest.approx([0.1, 0.01, 0.01])


def test_the_own_values_are_those_of_the_optimizer_at_any_time():
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        for step in range(200):
            if step == AT:
                run.adjust(lr=0.01, momentum=0.5)
            take_step(model, optimizer)
            (group,) = run.live.tuner.groups() if step % 2 else run.parameter_groups
            assert (group.own["lr"], group.own["momentum"]) == (0.1, 0.9)
            assert group.values["lr"] == (0.1 if step < AT else 0.01)
            assert not group.varying
        steps = []
        run.control.submit(lambda: steps.append(run.parameter_groups), at_step_end=True)
        take_step(model, optimizer)
    assert steps[0][0].own["lr"] == 0.1


def test_a_value_that_the_loop_changes_is_said_to_vary():
    model, optimizer = make()
    schedule = schedulers.ExponentialLR(optimizer, 0.9)
    with lk.watch(model, show=False) as run:
        assert run.parameter_groups[0].varying == frozenset()
        take_step(model, optimizer, schedule)
        assert run.parameter_groups[0].varying == {"lr"}
