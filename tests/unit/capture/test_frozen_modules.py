"""Modules that are frozen and thawed during training."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch


def make(optimizer=torch.optim.SGD, **options):
    torch.manual_seed(0)
    model = Net()
    return model, optimizer(model.parameters(), lr=0.1, weight_decay=0.1, **options)


def take_step(model, optimizer):
    x, y = batch()
    optimizer.zero_grad()
    F.cross_entropy(model(x), y).backward()
    optimizer.step()


def copied(module):
    return [parameter.detach().clone() for parameter in module.parameters()]


def is_unmoved(module, before):
    return all(torch.equal(p, q) for p, q in zip(module.parameters(), before, strict=True))


@pytest.mark.parametrize(
    ("optimizer", "options"),
    [(torch.optim.SGD, {"momentum": 0.9}), (torch.optim.AdamW, {}), (torch.optim.Adam, {})],
)
def test_neither_momentum_nor_weight_decay_moves_a_frozen_module(optimizer, options):
    model, optimizer = make(optimizer, **options)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(5):
            take_step(model, optimizer)
        (event,) = run.freeze("fc1")
        frozen, trained = copied(model.fc1), copied(model.fc2)
        for _ in range(5):
            take_step(model, optimizer)
        assert is_unmoved(model.fc1, frozen)
        assert not is_unmoved(model.fc2, trained)
        assert run.model.frozen == ("fc1.weight", "fc1.bias")
        assert run.model.trainable == sum(p.numel() for p in model.fc2.parameters())
        run.thaw("fc1")
        for _ in range(3):
            take_step(model, optimizer)
        assert not is_unmoved(model.fc1, frozen)
        assert run.model.frozen == ()
    assert event.step == 5
    assert event.text == "fc1 frozen: 2 parameters, 56 values"
    assert run.steps == 13
    assert run.series("loss")[0].tolist() == list(range(1, 14))
    assert run.notices == ()


def test_what_the_user_has_frozen_remains_frozen():
    model, optimizer = make()
    model.fc1.bias.requires_grad_(requires_grad=False)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        with pytest.raises(ValueError, match="labkit has frozen no parameter of 'fc1'"):
            run.thaw("fc1")
        run.freeze("fc1")
        take_step(model, optimizer)
        run.thaw("fc1")
        assert [p.requires_grad for p in model.fc1.parameters()] == [True, False]
        take_step(model, optimizer)


def test_nothing_left_to_train_is_refused():
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.freeze("fc1")
        with pytest.raises(ValueError, match="'fc2' is not frozen: no parameter of the model that"):
            run.freeze("fc2")
        assert len(run.events) == 1
        take_step(model, optimizer)


def test_parameters_without_a_gradient_do_not_count_as_left():
    class WithUnused(Net):
        def __init__(self):
            super().__init__()
            self.unused = nn.Linear(2, 2)

    torch.manual_seed(0)
    model = WithUnused()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.freeze("fc1")
        take_step(model, optimizer)
        with pytest.raises(ValueError, match="'fc2' is not frozen"):
            run.freeze("fc2")


def test_parts_are_thawed_and_changes_taken_back_in_any_order():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8)), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def frozen():
        return "".join(".x"[not p.requires_grad] for p in model.parameters())

    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.freeze("0")
        assert frozen() == "xxxx.."
        run.thaw("0.0")
        assert frozen() == "..xx.."
        run.undo(run.events[1])
        assert frozen() == "xxxx.."
        run.thaw("0.1")
        run.undo(run.events[0])
        assert frozen() == "......"
        run.freeze("0.0")
        run.freeze("0")
        run.undo(run.events[3])  # the newer one is in force
        assert frozen() == "xxxx.."
        run.undo(run.events[4])
        assert frozen() == "......"
        with pytest.raises(ValueError, match="taken back at step 1 already"):
            run.undo(run.events[4])
        take_step(model, optimizer)


def test_shared_parameters_are_named():
    model, optimizer = make()
    model.fc3 = nn.Linear(8, 3)
    model.fc3.weight = model.fc2.weight
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        (event,) = run.freeze("fc2")
    assert event.text == "fc2 frozen: 2 parameters, 27 values; shared with fc3.weight"


def test_running_statistics_go_on():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.Linear(8, 3))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.freeze("1")
        before = copy.deepcopy(model[1].state_dict())
        take_step(model, optimizer)
    assert torch.equal(model[1].weight, before["weight"])
    assert not torch.equal(model[1].running_mean, before["running_mean"])


def test_lbfgs_is_refused():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2)
    x, y = batch()

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with lk.watch(model, show=False) as run:
        optimizer.step(closure)
        with pytest.raises(RuntimeError, match="LBFGS moves all parameters"):
            run.freeze("fc1")


def test_modules_are_thawed_when_the_run_ends():
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        run.freeze("fc1")
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("path", ["fc9", "", "fc1.weight"])
def test_unknown_paths_raise_at_once(path):
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        take_step(model, optimizer)
        with pytest.raises(ValueError, match=r"no module .* there is: 'fc1', 'fc2'"):
            run.freeze(path)
    with pytest.raises(RuntimeError, match="has ended"):
        run.freeze("fc1")


def test_the_optimizer_of_a_frozen_part_goes_on_stepping():
    torch.manual_seed(0)
    model = Net()
    first = torch.optim.SGD(model.fc1.parameters(), lr=0.1)
    second = torch.optim.SGD(model.fc2.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for number in range(12):
            if number == 4:
                run.freeze("fc1")
            if number == 8:
                run.thaw("fc1")
            first.zero_grad()
            second.zero_grad()
            F.cross_entropy(model(x), y).backward()
            first.step()
            second.step()
    assert run.steps == 12
    assert len(run.series("loss")[0]) == 12
    assert run.notices == ()


def test_a_frozen_module_is_no_finding():
    model, optimizer = make()
    with lk.watch(model, show=False, budget=1.0) as run:
        for number in range(300):
            if number == 40:
                run.freeze("fc1")
            x, y = batch()
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        assert run.findings == ()


def test_a_larger_budget_reads_more():
    model, optimizer = make()
    with lk.watch(model, show=False, budget=0.01) as run:
        for _ in range(3):
            take_step(model, optimizer)
        run.budget = 0.5
        (event,) = run.events
        assert (event.kind, event.before, event.after, run.budget) == ("budget", 0.01, 0.5, 0.5)
        assert run.state().budget == 0.5
        run.budget = 0.2
        run.undo(run.events[0])
        assert run.budget == 0.2
        run.undo(run.events[1])
        assert run.budget == 0.01
        with pytest.raises(ValueError, match="above 0 and up to 1"):
            run.budget = 0


def test_the_next_step_captures_the_graph_with_what_is_frozen():
    model, optimizer = make()
    with lk.watch(model, show=False) as run:
        for _ in range(60):
            take_step(model, optimizer)
        run.freeze("fc2")
        take_step(model, optimizer)
        assert run.graph.step == 61
        frozen = {module.path: module.frozen for module in run.graph.modules}
        assert (frozen["fc1"], frozen["fc2"]) == (0, 27)
        run.thaw("fc2")
        take_step(model, optimizer)
        assert {module.frozen for module in run.graph.modules} == {0}
