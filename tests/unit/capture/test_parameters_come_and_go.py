"""Groups and parameters that are added, replaced, moved or removed while a run goes on."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch
from .truth import (
    Truth,
    assert_agrees,
    assert_all,
    assert_goes_on,
    assert_losses,
    assert_no_fault,
    assert_norms,
    assert_steps,
    points,
    record,
)

HALF = 20


def sgd(model, lr=0.05):
    return torch.optim.SGD(model.parameters(), lr=lr)


def train(model, truth, optimizer, steps=HALF):
    x, y = batch()
    for _ in range(steps):
        x = x.to(next(model.parameters()).dtype)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        truth.loss(loss)
        truth.used(model, optimizer)
        optimizer.step()
        truth.stepped(model)


def test_an_added_group_has_its_rate_and_its_norms():
    """As when layers are thawed in the middle."""

    def loop(model, truth):
        model.fc1.requires_grad_(False)
        optimizer = sgd(model.fc2)
        train(model, truth, optimizer)
        model.fc1.requires_grad_(True)
        optimizer.add_param_group({"params": model.fc1.parameters(), "lr": 0.001})
        train(model, truth, optimizer)

    assert_goes_on(*record(loop))


def test_a_group_added_to_a_clipped_run():
    def loop(model, truth):
        optimizer = sgd(model.fc2)
        x, y = batch()
        for number in range(2 * HALF):
            if number == HALF:
                optimizer.add_param_group({"params": model.fc1.parameters(), "lr": 0.001})
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.loss(loss)
            truth.unclipped(model)
            nn.utils.clip_grad_norm_(model.parameters(), 0.1)
            truth.used(model, optimizer)
            optimizer.step()
            truth.stepped(model)

    run, truth = record(loop)
    for kind in ("grad_norm", "grad_norm_unclipped", "update_ratio"):
        # Before its group is there, labkit may leave fc1 out.
        for name in [name for name in truth.norms[kind] if "fc1" in name]:
            later = {s: v for s, v in truth.norms[kind][name].items() if s > HALF}
            found = points(run, name)
            assert all(found[s] == pytest.approx(later[s], rel=2e-3) for s in found if s > HALF)
            if kind == "grad_norm":
                assert max(found, default=0) > 1.5 * HALF
            del truth.norms[kind][name]
    assert_agrees(run, truth)


def test_a_group_of_another_models_parameters_changes_only_the_rates():
    extra = nn.Linear(2, 2)

    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        optimizer.add_param_group({"params": extra.parameters(), "lr": 0.001})
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_goes_on(run, truth, rates=False)
    assert points(run, "lr/0") == pytest.approx(truth.rates["lr/0"])
    added = points(run, "lr/1")
    assert added in ({}, pytest.approx(truth.rates["lr/1"]))


@pytest.mark.parametrize("how", ["list", "slice", "loaded"])
def test_groups_that_are_replaced(how):
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        if how == "loaded":
            state = optimizer.state_dict()
            state["param_groups"][0]["lr"] = 0.001
            optimizer.load_state_dict(state)
        else:
            new = [
                {**optimizer.param_groups[0], "params": list(part.parameters()), "lr": rate}
                for part, rate in ((model.fc1, 0.001), (model.fc2, 0.002))
            ]
            if how == "list":
                optimizer.param_groups = new
            else:
                optimizer.param_groups[:] = new
        train(model, truth, optimizer)

    assert_goes_on(*record(loop))


def test_a_group_that_is_removed():
    def loop(model, truth):
        optimizer = torch.optim.SGD(
            [{"params": model.fc1.parameters()}, {"params": model.fc2.parameters(), "lr": 0.01}],
            lr=0.05,
        )
        train(model, truth, optimizer)
        del optimizer.param_groups[1]
        train(model, truth, optimizer)

    run, truth = record(loop)
    # The second layer does not move any more, and whether its norms go on is left open.
    for kind in ("grad_norm", "update_ratio"):
        for name in [name for name in truth.norms[kind] if "fc2" in name]:
            found, seen = points(run, name), truth.norms[kind].pop(name)
            assert all(found[s] == pytest.approx(seen[s], rel=2e-3, abs=1e-7) for s in found)
    assert_agrees(run, truth)


def test_a_rate_that_is_added_by_name():
    def loop(model, truth):
        optimizer = torch.optim.SGD(
            [
                {"params": model.fc1.parameters(), "name": "body"},
                {"params": model.fc2.parameters(), "name": "head", "lr": 0.01},
            ],
            lr=0.05,
        )
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert points(run, "lr/body") == pytest.approx(truth.rates["lr/0"])
    assert points(run, "lr/head") == pytest.approx(truth.rates["lr/1"])
    assert_agrees(run, truth, rates=False)


def replace_module(model):
    model.fc2 = nn.Linear(8, 3)


def replace_parameter(model):
    model.fc1.weight = nn.Parameter(torch.randn(8, 6) * 0.1)


def replace_all(model):
    model.fc1, model.fc2 = nn.Linear(6, 8), nn.Linear(8, 3)


def to_empty(model):
    model.to_empty(device="cpu")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.1)


def assign_state(model):
    state = {name: value.clone() * 0.5 for name, value in model.state_dict().items()}
    model.load_state_dict(state, assign=True)


CHANGES = [replace_module, replace_parameter, replace_all, to_empty, assign_state]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_parameters_replaced_in_the_middle_with_a_new_optimizer(change):
    def loop(model, truth):
        train(model, truth, sgd(model))
        change(model)
        train(model, truth, sgd(model))

    assert_goes_on(*record(loop))


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_parameters_replaced_before_the_first_step(change):
    def loop(model, truth):
        change(model)
        train(model, truth, sgd(model), steps=2 * HALF)

    assert_agrees(*record(loop))


def test_parameters_replaced_under_the_same_optimizer():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        replace_all(model)
        optimizer.param_groups[0]["params"] = list(model.parameters())
        train(model, truth, optimizer)

    assert_goes_on(*record(loop))


def test_a_layer_that_grows():
    """A wider head with a new shape, as in class-incremental learning."""

    def loop(model, truth):
        train(model, truth, sgd(model))
        old = model.fc2
        model.fc2 = nn.Linear(8, 5)
        with torch.no_grad():
            model.fc2.weight[:3] = old.weight
        train(model, truth, sgd(model))

    assert_goes_on(*record(loop))


def test_a_module_that_is_added_under_a_new_name():
    class Growing(Net):
        def __init__(self):
            super().__init__()
            self.extra = None

        def forward(self, x):
            return super().forward(x) + (0 if self.extra is None else self.extra(x))

    def loop(model, truth):
        train(model, truth, sgd(model))
        model.extra = nn.Linear(6, 3)
        train(model, truth, sgd(model))

    assert_goes_on(*record(loop, make=Growing))


def test_a_model_made_on_the_meta_device():
    with torch.device("meta"):
        model = Net()
    truth = Truth()
    with lk.watch(model, show=False, budget=1.0) as run:
        to_empty(model)
        train(model, truth, sgd(model), steps=2 * HALF)
    assert_agrees(run, truth)


@pytest.mark.parametrize("swapped", [False, True], ids=["in-place", "swap-tensors"])
def test_a_model_that_changes_its_type(swapped):
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        torch.__future__.set_swap_module_params_on_conversion(swapped)
        try:
            model.to(torch.float64)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
        train(model, truth, optimizer)

    assert_goes_on(*record(loop))


def test_tensors_that_are_swapped():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        optimizer.zero_grad()
        other = nn.Parameter(torch.randn(8, 6) * 0.1)
        torch.utils.swap_tensors(model.fc1.weight, other)
        train(model, truth, optimizer)

    assert_goes_on(*record(loop))


def test_weights_that_are_set_to_others_data():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        for parameter in model.parameters():
            parameter.data = parameter.data.clone() * 0.5
        train(model, truth, optimizer)

    assert_agrees(*record(loop))


def test_a_parameter_that_is_frozen_and_thawed():
    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer)
        model.fc1.requires_grad_(False)
        train(model, truth, optimizer)
        model.fc1.requires_grad_(True)
        train(model, truth, optimizer)

    assert_agrees(*record(loop))


def test_what_cannot_be_found_any_more_is_told():
    """Neither the passes nor the optimizer know the model: nothing can be recorded."""
    model, other, x = Net(), Net(), batch()[0]
    optimizer = torch.optim.SGD(other.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            optimizer.zero_grad()
            other(x).pow(2).mean().backward()
            optimizer.step()
    assert run.steps == 0
    assert run.notices


def test_replacing_everything_keeps_counting_and_losses():
    """Every ten steps a new model body: many replacements in one run."""

    def loop(model, truth):
        for _ in range(5):
            replace_all(model)
            train(model, truth, sgd(model), steps=10)

    run, truth = record(loop)
    assert_all(
        [
            lambda: assert_steps(run, 50),
            lambda: assert_no_fault(run),
            lambda: assert_losses(run, truth),
            lambda: assert_norms(run, truth, "grad_norm"),
        ]
    )


def assert_early_steps_stay(run, truth, gone, until):
    """Check that the norms of the first steps are there, under names that are gone by now."""
    for name in gone:
        found = points(run, f"grad_norm/{name}")
        assert found.keys() >= set(range(1, 9)), f"{name} lost its points: {sorted(found)}"
        assert max(found) <= until


class Shrinking(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 6)
        self.fc2 = nn.Linear(6, 3)

    def forward(self, x):
        return self.fc2(torch.tanh(self.fc1(x)))


@pytest.mark.parametrize("known", [False, True], ids=["same-optimizer", "new-optimizer"])
def test_what_was_read_stays_when_a_layer_is_removed(known):
    """Nobody asks for the series in between, so that norms wait to be written."""

    def loop(model, truth):
        optimizer = sgd(model)
        train(model, truth, optimizer, steps=12)
        model.fc1 = nn.Identity()
        if known:
            optimizer = sgd(model)
        else:
            optimizer.param_groups[0]["params"] = list(model.parameters())
        train(model, truth, optimizer, steps=12)

    run, truth = record(loop, make=Shrinking)
    assert run.notices == ()
    assert_early_steps_stay(run, truth, ["fc1.weight", "fc1.bias"], until=12)
    assert_goes_on(run, truth)


class Tables(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ModuleList(nn.Linear(6, 6) for _ in range(4))
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        for table in self.tables:
            x = torch.tanh(table(x)) * 1.5
        return self.head(x)


def take_out(model, optimizer):
    """Remove the second table: those behind it move up."""
    gone = {id(parameter) for parameter in model.tables[1].parameters()}
    del model.tables[1]
    for group in optimizer.param_groups:
        group["params"] = [p for p in group["params"] if id(p) not in gone]


def swap(model, _):
    model.tables[0], model.tables[2] = model.tables[2], model.tables[0]


def turn_round(model, _):
    model.tables = nn.ModuleList(reversed(model.tables))


@pytest.mark.parametrize("after_pass", [False, True], ids=["between-steps", "after-the-pass"])
@pytest.mark.parametrize("change", [take_out, swap, turn_round], ids=lambda change: change.__name__)
@pytest.mark.parametrize("at", [6, 14, 40])
def test_modules_that_get_other_names_have_no_point_under_those_of_before(at, change, after_pass):
    """Every norm is that of the parameter of this name, at the step of the change, too."""
    means = {}

    def loop(model, truth):
        optimizer, (x, y) = sgd(model), batch()

        def note(module, _, output):
            path = next(path for path, each in model.named_modules() if each is module)
            means[f"act_mean/{path}", truth.steps + 1] = output.detach().mean().item()

        hooks = [table.register_forward_hook(note) for table in model.tables]
        for step in range(1, at + 20):
            if step == at and not after_pass:
                change(model, optimizer)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            if step == at and after_pass:
                change(model, optimizer)
            truth.loss(loss)
            truth.used(model, optimizer)
            optimizer.step()
            truth.stepped(model)
        for hook in hooks:
            hook.remove()

    run, truth = record(loop, make=Tables)
    assert_goes_on(run, truth)
    for name in [name for name in run.names() if name.startswith("act_mean/tables.")]:
        found = points(run, name)
        assert found == pytest.approx({step: means[name, step] for step in found}, rel=1e-4)
    leaves = {
        node.scope.partition("#")[0]
        for node in run.graph.nodes
        if node.kind == "op" and node.scope.startswith("tables")
    }
    assert leaves >= {"tables.0", "tables.1", "tables.2"}


@pytest.mark.parametrize("optimizer_first", [True, False])
def test_lazy_modules_that_get_their_parameters_after_the_watch_opens(optimizer_first):
    def make():
        model = Net()
        model.fc1, model.fc2 = nn.LazyLinear(8), nn.LazyLinear(3)
        return model

    def loop(model, truth):
        optimizer = sgd(model) if optimizer_first else None
        with torch.no_grad():
            model(batch()[0])
        train(model, truth, optimizer or sgd(model))

    assert_goes_on(*record(loop, make))


def test_a_model_that_is_thawed_after_the_watch_opens():
    def loop(model, truth):
        model.requires_grad_(True)
        train(model, truth, sgd(model))

    assert_goes_on(*record(loop, lambda: Net().requires_grad_(False)))


def thaw_in_a_new_optimizer(model, first, second, optimizer):
    freeze_and_thaw(first, second)
    return sgd(second)


def thaw_in_a_new_optimizer_beside_what_goes_on(model, first, second, optimizer):
    second.requires_grad_(True)
    return sgd(second)


def thaw_in_a_new_group(model, first, second, optimizer):
    freeze_and_thaw(first, second)
    optimizer.add_param_group({"params": second.parameters()})
    return optimizer


def thaw_in_the_same_group(model, first, second, optimizer):
    freeze_and_thaw(first, second)
    optimizer.param_groups[0]["params"].extend(second.parameters())
    return optimizer


def freeze_and_thaw(first, second):
    first.requires_grad_(False)
    second.requires_grad_(True)


def train_elsewhere():
    """Train other models long enough for passes not to be searched for the watched one."""
    other = Net()
    train(other, Truth(), sgd(other), steps=12)


def all_losses(run):
    recorded = [points(run, name) for name in run.names() if name.partition("/")[0] == "loss"]
    return sorted(value for each in recorded for value in each.values())


@pytest.mark.parametrize("between", [lambda: None, train_elsewhere], ids=["at-once", "later"])
@pytest.mark.parametrize("steps", [1, 40])
@pytest.mark.parametrize(
    "change",
    [
        thaw_in_a_new_optimizer,
        thaw_in_a_new_optimizer_beside_what_goes_on,
        thaw_in_a_new_group,
        thaw_in_the_same_group,
    ],
)
def test_a_part_that_is_trained_first_after_a_while_has_every_loss(change, steps, between):
    """As in greedy training layer by layer: no pass before reached what is trained now."""

    def loop(model, truth):
        model.fc2.requires_grad_(False)
        optimizer = sgd(model.fc1)
        train(model, truth, optimizer, steps)
        between()
        optimizer = change(model, model.fc1, model.fc2, optimizer)
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_no_fault(run)
    assert all_losses(run) == pytest.approx(sorted(truth.losses.values()), rel=1e-5)


def test_the_loss_of_a_new_optimizer_of_a_part_whose_gradients_were_never_used():
    """Passes of all steps before have added up in the gradients of the part between."""

    def make():
        return nn.Sequential(nn.Linear(6, 8), nn.Linear(8, 8), nn.Linear(8, 3))

    def loop(model, truth):
        train(model, truth, sgd(model[0]))
        train(model, truth, sgd(model[2]))

    run, truth = record(loop, make)
    assert all_losses(run) == pytest.approx(sorted(truth.losses.values()), rel=1e-5)


@pytest.mark.parametrize("new_optimizer", [True, False])
def test_a_model_that_is_replaced_after_several_others_were_trained(new_optimizer):
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(5):
            train(model, truth, optimizer, steps=1)
            other = Net()
            train(other, Truth(), sgd(other), steps=2)
        model.fc1, model.fc2 = nn.Linear(6, 8), nn.Linear(8, 3)
        if new_optimizer:
            optimizer = sgd(model)
        else:
            optimizer.param_groups[0]["params"] = list(model.parameters())
        train(model, truth, optimizer)

    run, truth = record(loop)
    assert_steps(run, 25)
    assert_losses(run, truth)
