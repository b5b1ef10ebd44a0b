"""Each rule finds its defect in a real run of at most 200 steps."""

import dataclasses
import time
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset

import labkit as lk
from labkit.insight import RuleEvaluator
from labkit.insight.rules import RULES

from .faulty_loops import FAULTY, loss_not_finite, softmax_before_loss, with_dropout
from .loops import STEPS, classify, mlp, points, watched
from .sick import SICK

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


def test_every_rule_has_a_faulty_run():
    sick = {run.rule for run in SICK if run.rule is not None}
    assert {rule.id for rule in RULES} == {*FAULTY, *sick, "device-ping-pong"}


@pytest.mark.parametrize("rule", FAULTY)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_defect_of_a_faulty_run_is_found_within_200_steps(rule, seed):
    torch.manual_seed(seed)
    run = FAULTY[rule]()
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


def test_the_first_non_finite_operation_is_named_with_module_and_line():
    torch.manual_seed(0)
    run = loss_not_finite()
    (finding,) = [each for each in run.findings if each.rule == "loss-not-finite"]
    assert finding.steps[0] == 61
    assert "div in the model" in finding.message
    assert "divided by" in finding.message
    assert run.graph is not None
    assert finding.node in {node.id for node in run.graph.nodes}
    file, _, line = finding.line.rpartition(":")
    assert file.endswith("faulty_loops.py")
    assert "hidden / x" in Path(file).read_text().splitlines()[int(line) - 1]


def test_a_failing_rule_gives_one_notice_and_does_not_stop_other_rules():
    def broken(evidence):
        raise ZeroDivisionError("broken rule")

    faulty = dataclasses.replace(RULES[0], id="broken", match=broken)
    torch.manual_seed(0)
    run = softmax_before_loss()
    evaluator = RuleEvaluator([faulty, *RULES])
    assert "softmax-before-loss" in [finding.rule for finding in evaluator.evaluate(run)]
    assert [notice.part for notice in run.notices] == ["findings"]


def test_transfers_between_devices_are_found_in_the_graph():
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


def test_single_stalls_are_not_slow_loading():
    class Stalling(Dataset):
        def __len__(self):
            return 40

        def __getitem__(self, index):
            if index % 8 == 0:
                time.sleep(0.08)
            return torch.zeros(10), 0

    torch.manual_seed(0)
    model = mlp()
    batches = iter(DataLoader(Stalling()))

    def loss(step):
        x, y = next(batches)
        return F.cross_entropy(model(x), y)

    run = watched(model, loss, steps=40)
    assert run.observations.loading_ns > run.cost_totals.loop_ns / 2
    assert "slow-loading" not in [finding.rule for finding in run.findings]


def test_validation_in_training_mode_is_found():
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
