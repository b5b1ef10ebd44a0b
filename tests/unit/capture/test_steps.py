"""What counts as a step, and the loss recorded for it."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk

from .models import Net, batch, train


def test_every_step_has_its_loss_and_learning_rate():
    model = Net()
    with lk.watch(model, show=False) as run:
        losses = train(model, steps=50)
    steps, values = run.series("loss")
    assert steps.tolist() == list(range(1, 51))
    np.testing.assert_allclose(values, losses, rtol=1e-6)
    assert run.series("lr/0")[1].tolist() == [pytest.approx(0.1)] * 50
    assert run.steps == 50


def test_accumulated_passes_are_one_step_with_the_summed_loss():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    sums = []
    with lk.watch(model, show=False) as run:
        for _ in range(6):
            optimizer.zero_grad()
            total = 0.0
            for part in range(4):
                loss = F.cross_entropy(model(x[part::4]), y[part::4]) / 4
                loss.backward()
                total += loss.item()
            optimizer.step()
            sums.append(total)
    steps, values = run.series("loss")
    assert steps.tolist() == [1, 2, 3, 4, 5, 6]
    np.testing.assert_allclose(values, sums, rtol=1e-5)


def test_an_optimizer_created_inside_the_block_is_found():
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=4, optimizer=torch.optim.Adam(model.parameters()))
    assert run.steps == 4
    assert "lr/0" in run.names()


def test_training_of_an_unwatched_model_is_not_recorded():
    model, other, (x, y) = Net(), Net(), batch()
    mine = torch.optim.SGD(model.parameters(), lr=0.1)
    theirs = torch.optim.SGD(other.parameters(), lr=0.1)
    expected = []
    with lk.watch(model, show=False) as run:
        for step in range(12):
            optimizer, net = (mine, model) if step % 3 == 0 else (theirs, other)
            optimizer.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.1)
            optimizer.step()
            if net is model:
                expected.append(loss.item())
    assert run.steps == 4
    np.testing.assert_allclose(run.series("loss")[1], expected, rtol=1e-6)


def test_an_unwatched_backward_pass_before_a_step_is_not_added():
    model, other, (x, y) = Net(), Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    expected = []
    with lk.watch(model, show=False) as run:
        for _ in range(10):
            optimizer.zero_grad(set_to_none=False)
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            F.cross_entropy(other(x), y).backward()
            optimizer.step()
            expected.append(loss.item())
    np.testing.assert_allclose(run.series("loss")[1], expected, rtol=1e-6)


def test_two_models_have_separate_losses():
    generator, critic = nn.Linear(2, 2), nn.Linear(2, 1)
    of_generator = torch.optim.SGD(generator.parameters(), lr=0.01)
    of_critic = torch.optim.SGD(critic.parameters(), lr=0.01)
    recorded = {"G": [], "D": []}
    with lk.watch({"G": generator, "D": critic}, show=False, budget=1.0) as run:
        for _ in range(8):
            fake = generator(torch.randn(4, 2))
            of_critic.zero_grad()
            loss_d = critic(fake.detach()).mean() - critic(torch.randn(4, 2)).mean()
            loss_d.backward()
            of_critic.step()
            of_generator.zero_grad()
            loss_g = -critic(fake).mean()
            loss_g.backward()
            of_generator.step()
            recorded["D"].append(loss_d.item())
            recorded["G"].append(loss_g.item())
    for label, losses in recorded.items():
        steps, values = run.series(f"loss/{label}")
        assert steps.tolist() == list(range(1, 9))
        np.testing.assert_allclose(values, losses, rtol=1e-5)
    assert "grad_norm/G.weight" in run.names()
    assert run.steps == 8


def test_a_closure_is_one_step_with_its_first_loss():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=5)
    first = []

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with lk.watch(model, show=False) as run:
        first.extend(optimizer.step(closure).item() for _ in range(3))
    steps, values = run.series("loss")
    assert steps.tolist() == [1, 2, 3]
    np.testing.assert_allclose(values, first, rtol=1e-5)
    assert len(run.series("grad_norm/fc1.weight")[0]) >= 1


def test_each_backward_pass_with_a_manual_update_is_a_step():
    model, (x, y) = Net(), batch()
    losses = []
    with lk.watch(model, show=False) as run:
        for _ in range(7):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.sub_(0.1 * parameter.grad)
                    parameter.grad = None
            losses.append(loss.item())
    assert run.steps == 7
    np.testing.assert_allclose(run.series("loss")[1], losses, rtol=1e-6)


def test_a_scaled_loss_is_unscaled_and_a_skipped_step_is_not_counted():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
    taken, norms = [], []
    with lk.watch(model, show=False, budget=1.0) as run:
        for step in range(6):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y) * (float("inf") if step == 3 else 1.0)
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
            if step != 3:
                taken.append(loss.item())
                norms.append(model.fc1.weight.grad.norm().item())
    assert run.steps == 5
    np.testing.assert_allclose(run.series("loss")[1], taken, rtol=1e-5)
    steps, values = run.series("grad_norm/fc1.weight")
    np.testing.assert_allclose(values, [norms[step - 1] for step in steps], rtol=1e-5)


def test_a_step_without_a_loss_is_counted():
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        train(model, steps=4, optimizer=optimizer)
        optimizer.step()
    assert run.steps == 5
    assert run.series("loss")[0].tolist() == [1, 2, 3, 4]


def test_loss_fn_selects_the_recorded_loss():
    model, (x, y) = Net(), batch()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    losses = []
    with lk.watch(model, loss_fn=criterion, show=False) as run:
        for _ in range(5):
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            (loss + 10 * model.fc1.weight.pow(2).sum()).backward()
            optimizer.step()
            losses.append(loss.item())
    np.testing.assert_allclose(run.series("loss")[1], losses, rtol=1e-6)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_non_finite_loss_is_recorded_unchanged(bad):
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with lk.watch(model, show=False) as run:
        for step in range(4):
            optimizer.zero_grad()
            (F.cross_entropy(model(x), y) * (bad if step == 2 else 1.0)).backward()
            optimizer.step()
    steps, values = run.series("loss")
    assert steps[~np.isfinite(values)].tolist() == [3, 4]
    np.testing.assert_equal(values[2], np.float32(bad))


def test_epochs_are_counted_for_the_training_loader_only():
    model = Net()
    x, y = batch(32)
    training = DataLoader(TensorDataset(x, y), batch_size=8)
    validation = DataLoader(TensorDataset(x, y), batch_size=16)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(3):
            for number, (inputs, labels) in enumerate(training):
                optimizer.zero_grad()
                F.cross_entropy(model(inputs), labels).backward()
                optimizer.step()
                if number == 1:
                    assert sum(1 for _ in validation) == 2
    assert (run.epoch, run.steps_per_epoch, run.steps) == (3, 4, 12)


def test_a_new_optimizer_continues_the_series():
    model = Net()
    with lk.watch(model, show=False, budget=1.0) as run:
        train(model, steps=5, optimizer=torch.optim.SGD(model.fc2.parameters(), lr=0.1))
        train(model, steps=5, optimizer=torch.optim.Adam(model.parameters()))
    assert run.steps == 10
    assert run.series("loss")[0].tolist() == list(range(1, 11))
    assert "grad_norm/fc1.weight" in run.names()


def test_adding_a_parameter_group_keeps_all_losses():
    model, extra, (x, y) = Net(), nn.Linear(3, 3), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for step in range(60):
            if step == 30:
                optimizer.add_param_group({"params": extra.parameters(), "lr": 0.01})
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert run.series("loss")[0].tolist() == list(range(1, 61))
    assert run.series("lr/0")[0].tolist() == list(range(1, 61))
    assert run.series("lr/1")[0][~np.isnan(run.series("lr/1")[1])].tolist() == list(range(31, 61))


def test_a_closure_passed_by_keyword_is_one_step():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        return loss

    with lk.watch(model, show=False) as run:
        losses = [optimizer.step(closure=closure).item() for _ in range(40)]
    steps, values = run.series("loss")
    assert steps.tolist() == list(range(1, 41))
    np.testing.assert_allclose(values, losses, rtol=1e-6)
