"""Hyperparameters that are changed during training, with several kinds of optimizers and loops."""

import threading

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit.capture import hooks

from .models import Net, batch
from .test_wrapper_optimizers import Delegating, Lookahead

OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "SGD foreach": lambda p: torch.optim.SGD(p, lr=0.1, foreach=True),
    "SGD fused": lambda p: torch.optim.SGD(p, lr=0.1, fused=True),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
    "AdamW fused": lambda p: torch.optim.AdamW(p, lr=0.1, fused=True),
    "Adam with a tensor": lambda p: torch.optim.Adam(p, lr=torch.tensor(0.1), fused=True),
    "RMSprop": lambda p: torch.optim.RMSprop(p, lr=0.1, momentum=0.5),
    "Adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1),
    "Adafactor": lambda p: torch.optim.Adafactor(p, lr=0.1),
    "NAdam": lambda p: torch.optim.NAdam(p, lr=0.1),
}


def take_step(model, *optimizers):
    x, y = batch()
    for optimizer in optimizers:
        optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    for optimizer in optimizers:
        optimizer.step()


def seeded():
    torch.manual_seed(0)
    return Net()


def flat(model):
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def rates(run, name="lr/0"):
    return run.series(name)[1].tolist()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_step_is_that_of_an_optimizer_with_these_values(name):
    def train(change):
        model = seeded()
        optimizer = OPTIMIZERS[name](model.parameters())
        with lk.watch(model, show=False) as run:
            for step in range(20):
                if step == 8:
                    change(run, optimizer)
                take_step(model, optimizer)
        return run, optimizer, flat(model)

    def set_values(_, optimizer):
        group = optimizer.param_groups[0]
        group["weight_decay"] = 0.05
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(0.02)
        else:
            group["lr"] = 0.02
        if "betas" in group:
            group["betas"] = (0.8, 0.95)

    def adjust(run, optimizer):
        betas = (0.8, 0.95) if "betas" in optimizer.param_groups[0] else None
        run.adjust(lr=0.02, weight_decay=0.05, betas=betas, schedule="hold")

    run, optimizer, adjusted = train(adjust)
    assert torch.equal(adjusted, train(set_values)[2])
    assert rates(run) == pytest.approx([0.1] * 8 + [0.02] * 12)
    assert float(optimizer.param_groups[0]["lr"]) == pytest.approx(0.1)
    assert run.notices == ()


def test_a_tensor_remains_the_same_object_and_is_scaled():
    model, rate = seeded(), torch.tensor(0.1)
    optimizer = torch.optim.Adam(model.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    with lk.watch(model, show=False) as run:
        for step in range(10):
            if step == 5:
                run.adjust(lr=0.01)
                factor = 0.01 / float(rate)
            take_step(model, optimizer)
            schedule.step()
            assert optimizer.param_groups[0]["lr"] is rate
    own = [0.1 * 0.9**step for step in range(10)]
    assert rates(run) == pytest.approx([*own[:5], *[factor * each for each in own[5:]]])
    assert float(rate) == pytest.approx(0.1 * 0.9**10)


def test_groups_have_the_names_of_their_series():
    model = seeded()
    optimizer = torch.optim.SGD(
        [
            {"params": model.fc1.parameters(), "name": "body", "lr": 0.1},
            {"params": model.fc2.parameters(), "name": "head", "lr": 0.2},
        ]
    )
    with lk.watch(model, show=False) as run:
        assert [group.name for group in run.parameter_groups] == ["body", "head"]
        take_step(model, optimizer)
        (event,) = run.adjust("lr/head", lr=0.02)
        take_step(model, optimizer)
        assert (event.step, event.kind, event.where) == (1, "lr", "head")
        assert event.text == "learning rate of group head: 0.2 → 0.02"
        assert len(run.adjust(lr=0.3, momentum=0.9)) == 4
        take_step(model, optimizer)
        with pytest.raises(ValueError, match="no parameter group 'tail'; there is: 'body' with lr"):
            run.adjust("tail", lr=0.1)
        with pytest.raises(ValueError, match="have no betas"):
            run.adjust(betas=(0.9, 0.9))
    assert rates(run, "lr/body") == pytest.approx([0.1, 0.1, 0.3])
    assert rates(run, "lr/head") == pytest.approx([0.2, 0.02, 0.3])


def test_a_group_that_is_added_later_has_its_own_values():
    model = seeded()
    optimizer = torch.optim.SGD(model.fc1.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        optimizer.add_param_group({"params": model.fc2.parameters(), "lr": 0.2})
        take_step(model, optimizer)
        take_step(model, optimizer)
        run.adjust("1", lr=0.05)
        take_step(model, optimizer)
    assert rates(run, "lr/0") == pytest.approx([0.1, 0.01, 0.01, 0.01])
    assert rates(run, "lr/1")[-3:] == pytest.approx([0.2, 0.2, 0.05])


def test_each_of_several_optimizers_is_changed_by_its_own_name():
    model = seeded()
    first = torch.optim.SGD(model.fc1.parameters(), lr=0.1)
    second = torch.optim.Adam(model.fc2.parameters(), lr=0.2)
    with lk.watch(model, show=False) as run:
        for _ in range(3):
            take_step(model, first, second)
        run.adjust("optimizer1.0", lr=0.01)
        for _ in range(3):
            take_step(model, first, second)
        assert [group.name for group in run.parameter_groups] == ["0", "optimizer1.0"]
        assert run.parameter_groups[1].values["betas"] == (0.9, 0.999)
    assert rates(run) == pytest.approx([0.1] * 6)
    assert rates(run, "lr/optimizer1.0") == pytest.approx([0.2] * 3 + [0.01] * 3)


def test_the_steps_of_a_closure_use_the_changed_rate():
    model = seeded()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=3)
    seen = []

    def closure():
        x, y = batch()
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        seen.append(optimizer.param_groups[0]["lr"])
        return loss

    with lk.watch(model, show=False) as run:
        optimizer.step(closure)
        run.adjust(lr=0.1)
        optimizer.step(closure)
        assert optimizer.param_groups[0]["lr"] == 0.5
    assert seen[-1] == 0.1
    assert rates(run) == pytest.approx([0.5, 0.1])


def test_optimizers_that_step_inside_backward_use_the_changed_rate():
    model = seeded()
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in model.parameters()}

    def step(parameter):
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(step)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for number in range(6):
            if number == 3:
                run.adjust(lr=0.01)
            F.cross_entropy(model(x), y).backward()
    for group in range(4):
        assert rates(run, f"lr/{group}") == pytest.approx([0.1] * 3 + [0.01] * 3)


def test_the_step_of_a_subclass_is_changed_once():
    class Own(torch.optim.SGD):
        def step(self, closure=None):
            return super().step(closure)

    model = seeded()
    optimizer = Own(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.adjust(lr=0.01)
        take_step(model, optimizer)
        take_step(model, optimizer)
        assert optimizer.param_groups[0]["lr"] == 0.1
    assert rates(run) == pytest.approx([0.1, 0.01, 0.01])


@pytest.mark.parametrize("wrap", [Delegating, Lookahead])
def test_a_wrapped_optimizer_is_changed_once(wrap):
    model = seeded()
    base = torch.optim.SGD(model.parameters(), lr=0.1)
    optimizer = wrap(base)
    with lk.watch(model, show=False) as run:
        for _ in range(3):
            take_step(model, optimizer)
        run.adjust(lr=0.01)
        for _ in range(3):
            take_step(model, optimizer)
        run.adjust(lr=0.02)
        take_step(model, optimizer)
        assert base.param_groups[0]["lr"] == 0.1
    assert rates(run) == pytest.approx([0.1] * 3 + [0.01] * 3 + [0.02])


def test_a_gradient_scaler_steps_with_the_changed_rate():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for number in range(6):
            if number == 3:
                run.adjust(lr=0.01)
            optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(x), y)).backward()
            scaler.step(optimizer)
            scaler.update()
    assert rates(run) == pytest.approx([0.1] * 3 + [0.01] * 3)


def test_two_runs_change_one_optimizer_and_end_in_any_order():
    first, second = seeded(), seeded()
    optimizer = torch.optim.SGD([*first.parameters(), *second.parameters()], lr=0.1)
    x, y = batch()

    def step():
        optimizer.zero_grad()
        F.cross_entropy(first(x) + second(x), y).backward()
        optimizer.step()
        return optimizer.param_groups[0]["lr"]

    runs = [lk.watch(model, show=False) for model in (first, second)]
    step()
    runs[0].adjust(lr=0.05)
    runs[1].adjust(lr=0.01)  # the newest is in force
    assert step() == 0.1
    runs[1].close()
    assert step() == 0.1
    runs[0].close()
    assert rates(runs[0]) == pytest.approx([0.1, 0.01, 0.05])
    assert rates(runs[1]) == pytest.approx([0.1, 0.01])


@pytest.mark.filterwarnings("ignore")  # warnings of torch during compilation
def test_a_compiled_step_is_refused():
    torch._dynamo.reset()
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = torch.compile(optimizer.step, backend="eager")
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for _ in range(6):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            step()
        with pytest.raises(RuntimeError, match="compiled"):
            run.adjust(lr=0.01)
    assert run.events == ()


def test_updates_by_hand_have_no_groups():
    model = seeded()
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for _ in range(4):
            F.cross_entropy(model(x), y).backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.sub_(0.1 * parameter.grad)
                    parameter.grad = None
        with pytest.raises(RuntimeError, match="made by hand"):
            run.adjust(lr=0.01)
        with pytest.raises(RuntimeError, match="updated by hand"):
            run.freeze("fc1")


@pytest.mark.filterwarnings("ignore")  # of torch about sparse tensors
def test_values_that_would_make_a_step_raise_are_refused():
    model = nn.Sequential(nn.Embedding(8, 4, sparse=True), nn.Linear(4, 1))
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        model(torch.arange(4)).sum().backward()
        optimizer.step()
        with pytest.raises(ValueError, match="sparse gradients"):
            run.adjust(weight_decay=0.1)
    model = seeded()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        with pytest.raises(ValueError, match="no momentum buffers"):
            run.adjust(lr=0.2, momentum=0.9)
        take_step(model, optimizer)
    assert run.events == ()
    assert rates(run) == pytest.approx([0.1, 0.1])  # nothing of the refused call


def test_a_change_within_a_step_is_applied_at_its_end():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        assert run.adjust(lr=0.01) == ()
        assert run.events == ()
        optimizer.step()
        (event,) = run.events
        assert event.step == 2
        take_step(model, optimizer)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        run.freeze("fc1")
        run.freeze("fc2")  # refused at the step's end
        optimizer.step()
    assert rates(run) == pytest.approx([0.1, 0.1, 0.01, 0.01])
    assert [event.kind for event in run.events] == ["lr", "freeze"]
    assert "nothing would be left" not in run.notices[0].text
    assert "'fc2' is not frozen" in run.notices[0].text


def test_another_thread_changes_a_running_and_a_paused_loop():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    results, ready = [], threading.Event()

    def change():
        ready.wait()
        results.append(run.adjust(lr=0.01))
        run.pause()
        results.append(run.adjust(lr=0.02))
        results.append(run.undo(run.events[0]))
        run.stop()

    person = threading.Thread(target=change)
    person.start()
    with run, pytest.raises(lk.Stopped):
        while True:
            take_step(model, optimizer)
            ready.set()
    person.join()
    assert [event.after for events in results for event in events] == [0.01, 0.02, 0.01]
    assert results[2][0].taken_back == results[1][0].step
    assert {0.01, 0.1} >= {round(rate, 6) for rate in rates(run)}


def test_a_person_changes_a_run_whose_thread_has_ended():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    thread = threading.Thread(target=lambda: take_step(model, optimizer))
    thread.start()
    thread.join()
    (event,) = run.adjust(lr=0.01)
    take_step(model, optimizer)
    run.close()
    assert event.step == 1
    assert rates(run) == pytest.approx([0.1, 0.01])


@pytest.mark.filterwarnings("ignore")  # warnings of torch during compilation
def test_a_notice_says_that_a_change_before_the_first_step_has_no_effect():
    torch._dynamo.reset()
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    step = torch.compile(optimizer.step, backend="eager")
    x, y = batch()
    with lk.watch(model, show=False) as run:
        run.adjust(lr=0.01)
        for _ in range(6):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            step()
        assert run.parameter_groups
    assert any("have no effect: the step" in notice.text for notice in run.notices)


def test_a_loop_that_changes_the_rate_in_each_step_has_a_bounded_history():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for number in range(1100):
            if number < 1080:
                run.adjust(lr=0.1 / (1 + number))
            if number % 100 == 0:
                take_step(model, optimizer)
        assert len(run.events) == 1000
        assert run.event_log.dropped == 80
        assert len(hooks.bracket_of(optimizer).events) <= 1001
        for event in reversed(run.events):
            run.undo(event)
        take_step(model, optimizer)
    assert rates(run)[-1] == pytest.approx(0.1)


def test_a_change_between_cells_is_applied_at_once_though_a_step_was_interrupted():
    model = seeded()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        F.cross_entropy(model(x), y).backward()
        run.code_ended("the cell was interrupted")
        assert run.status == "idle"
        assert len(run.adjust(lr=0.01)) == 1
        take_step(model, optimizer)
    assert rates(run) == pytest.approx([0.1, 0.01])
