"""Frozen modules in loops with several losses, scalers, uncleared gradients, or own freezing."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch


def actor_critic():
    torch.manual_seed(0)
    return nn.ModuleDict({"actor": nn.Linear(6, 3), "critic": nn.Linear(6, 1)})


def losses(model):
    x, y = batch()
    return F.cross_entropy(model["actor"](x), y), model["critic"](x).pow(2).mean()


@pytest.mark.parametrize("module", ["actor", "critic"])
@pytest.mark.parametrize("number_of_optimizers", [1, 2])
def test_a_part_with_a_loss_of_its_own_is_frozen_while_the_others_train(
    module, number_of_optimizers
):
    model = actor_critic()
    parts = [model] if number_of_optimizers == 1 else list(model.values())
    optimizers = [torch.optim.Adam(part.parameters(), lr=0.1) for part in parts]
    with lk.watch(model, show=False) as run:
        for number in range(20):
            if number == 5:
                (event,) = run.freeze(module)
                frozen = model[module].weight.detach().clone()
            if number == 15:
                assert torch.equal(model[module].weight, frozen)
                run.undo(event)
            for optimizer in optimizers:
                optimizer.zero_grad()
            for loss in losses(model):
                loss.backward()
            for optimizer in optimizers:
                optimizer.step()
        assert not torch.equal(model[module].weight, frozen)
        assert run.findings == ()
    assert run.steps == 20
    (notice,) = run.notices
    assert "nothing is left to train has no effect" in notice.text


def test_a_loop_in_the_background_may_begin_with_a_pass_that_trains_nothing():
    model = actor_critic()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def step():
        for loss in reversed(losses(model)):
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    with lk.watch(model, show=False) as run:
        step()
        run.freeze("critic")
        lk.background(step).result()
    assert run.steps == 2


def test_the_rest_of_a_pass_from_several_losses_is_trained():
    model = actor_critic()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for number in range(4):
            if number == 2:
                run.freeze("critic")
                before = model["actor"].weight.detach().clone()
            first, second = losses(model)
            optimizer.zero_grad()
            torch.autograd.backward([second, first], [torch.tensor(2.0), torch.tensor(1.0)])
            optimizer.step()
    assert run.steps == 4
    assert not torch.equal(model["actor"].weight, before)


def test_the_users_errors_in_backward_are_raised():
    model = actor_critic()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        sum(losses(model)).backward()
        optimizer.step()
        (event,) = run.freeze("critic")
        with torch.no_grad(), pytest.raises(RuntimeError, match="does not require grad"):
            sum(losses(model)).backward()
        with pytest.raises(RuntimeError, match="scalar outputs"):
            model["actor"](batch()[0]).backward()
        with pytest.raises(TypeError):
            torch.autograd.backward(3)
        run.undo(event)
        with pytest.raises(RuntimeError, match="does not require grad"):
            sum(losses(model)).detach().backward()
    assert run.notices == ()


def test_an_optimizer_of_a_gradient_scaler_has_gradients_left():
    torch.manual_seed(0)
    model, scaler = Net(), torch.amp.GradScaler("cpu")
    optimizers = [torch.optim.SGD(part.parameters(), lr=0.1) for part in (model.fc1, model.fc2)]
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for number in range(6):
            if number == 3:
                with pytest.raises(
                    ValueError, match="no gradient would be left for one of the opt"
                ):
                    run.freeze("fc1")
            for optimizer in optimizers:
                optimizer.zero_grad()
            scaler.scale(F.cross_entropy(model(x), y)).backward()
            for optimizer in optimizers:
                scaler.step(optimizer)
            scaler.update()
    assert run.steps == 6


def test_a_module_that_the_loop_freezes_itself_is_not_frozen_already():
    generator, critic = nn.Linear(4, 4), nn.Linear(4, 1)
    optimizers = [torch.optim.SGD(each.parameters(), lr=0.1) for each in (critic, generator)]
    x = torch.randn(8, 4)
    with lk.watch({"G": generator, "D": critic}, show=False) as run:
        for _ in range(3):
            for optimizer in optimizers:
                critic.requires_grad_(optimizer is optimizers[0])
                optimizer.zero_grad()
                critic(generator(x)).mean().backward()
                optimizer.step()
        with pytest.raises(RuntimeError, match="the loop seems to set requires_grad itself"):
            run.freeze("D")


def test_a_notice_says_that_the_loop_thaws_a_frozen_module():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for number in range(4):
            if number == 2:
                run.freeze("fc1")
            model.requires_grad_()
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    (notice,) = run.notices
    assert "were frozen during the run (fc1.weight and 1 more)" in notice.text


@pytest.mark.parametrize("clears", ["to None", "to zero", "never"])
@pytest.mark.parametrize("place", ["before clearing", "after clearing"])
def test_the_weights_are_those_of_an_unchanged_loop_if_a_change_is_taken_back_at_once(
    clears, place
):
    def train(change):
        torch.manual_seed(0)
        model = Net()
        model.rare = nn.Linear(2, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
        model.rare(torch.ones(1, 2)).sum().backward()
        x, y = batch()
        with lk.watch(model, optimizer, show=False) as run:
            for number in range(8):
                if number == 4 and place == "before clearing":
                    change(run)
                if clears != "never":
                    optimizer.zero_grad(set_to_none=clears == "to None")
                if number == 4 and place == "after clearing":
                    change(run)
                F.cross_entropy(model(x), y).backward()
                optimizer.step()
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    def freeze_and_undo(run):
        for module in ("rare", "fc1"):
            (event,) = run.freeze(module)
            run.undo(event)
        events = [run.freeze(module)[0] for module in ("fc2", "rare")]
        for event in [*events, *run.adjust(lr=1.0, momentum=0.0)]:
            run.undo(event)

    assert torch.equal(train(lambda run: None), train(freeze_and_undo))


def test_gradients_that_are_cleared_while_frozen_do_not_return():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False) as run:
        for clears_to_none in (False, True):
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
            (event,) = run.freeze("fc1")
            optimizer.zero_grad(set_to_none=clears_to_none)
            run.undo(event)
            gradient = model.fc1.weight.grad
            assert gradient is None if clears_to_none else not gradient.any()
