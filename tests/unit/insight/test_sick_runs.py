"""Each rule names its sickness in a real run of at most 200 steps."""

import dataclasses
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import labkit as lk
from labkit.insight import RuleEvaluator
from labkit.insight.rules import RULES

from .loops import STEPS, Recurrent, classify, mlp, points, regress, watched


def loss_not_finite():
    class Ratio(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(10, 4)
            self.outer = nn.Linear(4, 3)

        def forward(self, x):
            hidden = self.inner(x)
            return self.outer(hidden / x[:, :1])

    x, y = points()
    model = Ratio()
    poisoned = x.clone()
    poisoned[5] = 0.0
    return watched(
        model, lambda step: F.cross_entropy(model(poisoned if step == 60 else x), y), lr=1e-3
    )


def plateau():
    x, _ = points(1024)
    model = mlp(activation=nn.Tanh)
    return watched(model, lambda step: F.mse_loss(model(0.1 * x), torch.randn(1024, 3)), lr=0.01)


def overfitting():
    x, y = points(24, 30)
    held_x, held_y = points(200, 30)
    y[:8] = torch.randint(3, (8,))
    model = mlp(width=128, inputs=30)

    def validate(run, step):
        if step % 10 == 9:
            with torch.no_grad():
                run.log(val_loss=F.cross_entropy(model(held_x), held_y))

    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    return watched(model, classify(model, x, y), optimizer=optimizer, after=validate)


def gradients_not_cleared():
    model = mlp()
    return watched(model, classify(model, *points()), lr=1e-3, clear=False)


def exploding_gradients():
    # Each layer multiplies what it gets, and the gradient that comes back, by about four.
    model = mlp(outputs=1, depth=16)
    for layer in model:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight)
    x, _ = points()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    return watched(model, regress(model, x, x[:, :1]), optimizer=optimizer)


def vanishing_gradients():
    model = mlp(activation=nn.Sigmoid, depth=12)
    return watched(model, classify(model, *points()))


def vanishing_in_time():
    x = torch.randn(32, 60, 1)
    model = Recurrent(nn.RNN)
    return watched(model, classify(model, x, (x[:, 0, 0] > 0).long()), lr=0.01)


def no_gradient():
    class Detached(nn.Module):
        def __init__(self):
            super().__init__()
            self.used = nn.Linear(10, 3)
            self.cut = nn.Linear(10, 3)

        def forward(self, x):
            return self.used(x) + self.cut(x).detach()

    model = Detached()
    return watched(model, classify(model, *points()))


def not_in_optimizer():
    model = mlp()
    optimizer = torch.optim.SGD(model[0].parameters(), lr=0.1)
    return watched(model, classify(model, *points()), optimizer=optimizer)


def dead_units():
    model = mlp()
    nn.init.constant_(model[2].bias, -50.0)
    return watched(model, classify(model, *points()))


def saturated_units():
    model = mlp(activation=nn.Tanh)
    nn.init.normal_(model[0].weight, std=8.0)
    return watched(model, classify(model, *points()), lr=1e-3)


def one_class():
    x, _ = points()
    y = (torch.arange(64) % 4 == 0).long()  # one in four, whatever the input
    model = mlp(outputs=2, activation=nn.Tanh)
    return watched(model, classify(model, 1e-2 * x, y), lr=0.05)


def learning_rate_too_high():
    model = mlp(outputs=1)
    x, _ = points()
    return watched(model, regress(model, x, 2 * x[:, :1]), lr=2.0)


def learning_rate_too_low():
    model = mlp()
    return watched(model, classify(model, *points()), lr=1e-6)


def no_change():
    model = mlp()
    return watched(model, classify(model, *points()), lr=0.0)


def weight_decay_too_strong():
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, weight_decay=0.5)
    return watched(model, classify(model, *points()), optimizer=optimizer)


def labels_out_of_range():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    run = lk.watch(model, show=False)
    with pytest.raises(IndexError), run:
        for step in range(STEPS):
            loss = F.cross_entropy(model(x), y + (step == 40))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def softmax_before_loss():
    model = nn.Sequential(mlp(), nn.Softmax(dim=1))
    return watched(model, classify(model, *points()))


def input_not_scaled():
    x, y = points()
    model = mlp()
    return watched(model, classify(model, 127 + 60 * x, y), lr=1e-4)


def with_dropout():
    return nn.Sequential(nn.Linear(10, 32), nn.Dropout(0.3), nn.ReLU(), nn.Linear(32, 3))


def trained_in_evaluation_mode():
    model = with_dropout().eval()
    return watched(model, classify(model, *points()))


def evaluated_in_training_mode():
    x, y = points()
    model = with_dropout()

    def evaluate(run, step):
        if step % 50 == 49:
            with torch.no_grad():
                run.log(accuracy=(model(x).argmax(1) == y).float().mean())

    return watched(model, classify(model, x, y), after=evaluate)


def slow_loading():
    class Slow(Dataset):
        def __len__(self):
            return 640

        def __getitem__(self, index):
            x = torch.randn(10)
            for _ in range(40):
                torch.linalg.svdvals(torch.outer(x, x))
            return x, index % 3

    model = mlp()
    batches = iter(DataLoader(Slow(), batch_size=16))

    def loss(step):
        x, y = next(batches)
        return F.cross_entropy(model(x), y)

    return watched(model, loss, steps=40)


def updates_skipped():
    x, y = points()
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler("cpu")
    with lk.watch(model, show=False) as run:
        for step in range(STEPS):
            output = model(x)
            distance = (output - output.detach()).pow(2).sum()
            loss = F.cross_entropy(output, y)
            if step >= 60:
                loss = loss + distance.sqrt()  # 0, with a gradient of infinity
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
    return run


SICK = {
    "loss-not-finite": loss_not_finite,
    "plateau": plateau,
    "overfitting": overfitting,
    "gradients-not-cleared": gradients_not_cleared,
    "exploding-gradients": exploding_gradients,
    "vanishing-gradients": vanishing_gradients,
    "vanishing-in-time": vanishing_in_time,
    "no-gradient": no_gradient,
    "not-in-optimizer": not_in_optimizer,
    "dead-units": dead_units,
    "saturated-units": saturated_units,
    "one-class": one_class,
    "learning-rate-too-high": learning_rate_too_high,
    "learning-rate-too-low": learning_rate_too_low,
    "no-change": no_change,
    "weight-decay-too-strong": weight_decay_too_strong,
    "labels-out-of-range": labels_out_of_range,
    "softmax-before-loss": softmax_before_loss,
    "input-not-scaled": input_not_scaled,
    "trained-in-evaluation-mode": trained_in_evaluation_mode,
    "evaluated-in-training-mode": evaluated_in_training_mode,
    "slow-loading": slow_loading,
    "updates-skipped": updates_skipped,
}
WHERE = {
    "no-gradient": "cut.weight",
    "not-in-optimizer": "2.weight",
    "dead-units": "3",
    "saturated-units": "1",
    "vanishing-gradients": "0.weight",
    "vanishing-in-time": "recurrent",
    "trained-in-evaluation-mode": "1",
    "softmax-before-loss": "1",
}


def test_every_rule_has_a_sick_run():
    assert {rule.id for rule in RULES} == {*SICK, "device-ping-pong"}


@pytest.mark.parametrize("rule", SICK)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_sick_run_is_named_within_200_steps(rule, seed):
    torch.manual_seed(seed)
    run = SICK[rule]()
    assert run.steps <= STEPS
    found = {finding.rule: finding for finding in run.findings}
    assert rule in found, list(found)
    finding = found[rule]
    assert finding.message.endswith(".")
    assert finding.cause
    assert finding.advice
    assert 0 < finding.steps[0] <= finding.steps[1]
    if rule in WHERE:
        assert finding.where[0] == WHERE[rule]
    for name in finding.series:
        assert len(run.series(name)[0]) > 0
    assert run.notices == ()


def test_a_finding_is_withdrawn_when_it_no_longer_holds():
    torch.manual_seed(0)
    x, y = points()
    model = with_dropout().eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = []
    with lk.watch(model, show=False, budget=1.0) as run:
        for step in range(400):
            if step == 40:
                model.train()
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step in (39, 399):
                seen.append([finding.rule for finding in run.findings])
    assert seen == [["trained-in-evaluation-mode"], []]


def test_the_first_operation_that_is_not_finite_is_named_with_its_module_and_line():
    torch.manual_seed(0)
    run = loss_not_finite()
    (finding,) = [each for each in run.findings if each.rule == "loss-not-finite"]
    assert finding.steps[0] == 61
    assert "div in the model" in finding.message
    assert "divided by" in finding.message
    assert run.graph is not None
    assert finding.node in {node.id for node in run.graph.nodes}
    file, _, line = finding.line.rpartition(":")
    assert file.endswith("test_sick_runs.py")
    assert "hidden / x" in Path(file).read_text().splitlines()[int(line) - 1]


def test_a_rule_that_fails_is_told_once_and_silences_no_other():
    def broken(evidence):
        raise ZeroDivisionError("broken rule")

    faulty = dataclasses.replace(RULES[0], id="broken", match=broken)
    torch.manual_seed(0)
    run = softmax_before_loss()
    examiner = RuleEvaluator([faulty, *RULES])
    assert "softmax-before-loss" in [finding.rule for finding in examiner.evaluate(run)]
    assert [notice.part for notice in run.notices] == ["findings"]


def test_tensors_that_go_between_devices_are_seen_on_the_graph():
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")

    class Torn(nn.Module):
        def __init__(self):
            super().__init__()
            self.near = nn.Linear(10, 32)
            self.far = nn.Linear(32, 32).cuda()
            self.last = nn.Linear(32, 3)

        def forward(self, x):
            return self.last(self.far(self.near(x).cuda()).cpu())

    model = Torn()
    run = watched(model, classify(model, *points()))
    assert "device-ping-pong" in [finding.rule for finding in run.findings]


def test_validation_over_another_loader_in_training_mode_is_seen():
    torch.manual_seed(0)
    x, y = points()
    model = with_dropout()
    train = DataLoader(TensorDataset(x, y), batch_size=16, shuffle=True)
    held_out = DataLoader(TensorDataset(x, y), batch_size=64)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            for inputs, labels in train:
                loss = F.cross_entropy(model(inputs), labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            with torch.no_grad():
                for inputs, _ in held_out:
                    model(inputs)
    assert "evaluated-in-training-mode" in [finding.rule for finding in run.findings]
