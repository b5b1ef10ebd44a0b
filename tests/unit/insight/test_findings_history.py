"""When findings came and went is recorded, also if nobody reads the findings during the run."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk
from labkit.insight import Rule, RuleEvaluator, RuleMatch
from labkit.run import Finding, Run

from .faulty_loops import softmax_before_loss, with_dropout
from .loops import mlp, points

PLATEAU = Finding("plateau", "warning", "The loss does not fall.", (), (1, 200), "", ())


class Deep(nn.Module):
    """Layers through which the gradient vanishes, unless `skips` is set."""

    def __init__(self, depth=12, width=32):
        super().__init__()
        self.first = nn.Linear(10, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, 3)
        self.skips = False
        self.factor = 1.0

    def forward(self, x):
        x = self.first(x)
        for layer in self.layers:
            x = x * self.skips + torch.sigmoid(layer(x))
        return self.head(x)


def train(model, steps, change=lambda step, optimizer: None, **options):
    """Train with a plain loop; `change` takes the step and the optimizer before each step."""
    x, y = points()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0, **options) as run:
        for step in range(steps):
            change(step, optimizer)
            loss = F.cross_entropy(model(x), y)
            if model.factor != 1.0:  # the same value, and the gradient times the factor
                loss = loss.detach() * (1 - model.factor) + loss * model.factor
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def entries_of(run, rule):
    return [entry for entry in run.findings_history if entry.finding.rule == rule]


def test_a_finding_that_went_is_in_the_history_without_reading_the_findings():
    torch.manual_seed(0)
    model = with_dropout().eval()
    model.factor = 1.0

    def change(step, _):
        if step == 100:
            model.train()

    run = train(model, 600, change)
    assert run.findings == ()
    (entry,) = entries_of(run, "trained-in-evaluation-mode")
    assert 0 < entry.step < 100 < entry.ended_step
    assert entry.seconds > 0
    assert entry.reason == "no longer holds"
    assert not entry.holds


def test_a_finding_at_the_end_of_the_run_is_reported_and_its_entry_ends():
    torch.manual_seed(0)
    run = softmax_before_loss()
    (entry,) = entries_of(run, "softmax-before-loss")
    assert entry.finding in run.findings
    assert (entry.ended_step, entry.reason) == (run.steps, "run ended")


def test_an_entry_holds_during_the_run():
    torch.manual_seed(0)
    seen = []
    model = nn.Sequential(mlp(), nn.Softmax(1))
    x, y = points()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False) as run:
        for _ in range(60):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        assert "softmax-before-loss" in [finding.rule for finding in run.findings]
        seen += entries_of(run, "softmax-before-loss")
    (entry,) = seen
    assert (entry.holds, entry.ended_step, entry.reason) == (True, None, None)


@pytest.mark.parametrize("death", ["learning rate", "gradient"])
def test_vanished_gradients_stay_when_nothing_moves_any_more(death):
    torch.manual_seed(0)
    model = Deep()

    def change(step, optimizer):
        if step == 60:
            for group in optimizer.param_groups:
                group["lr"] = 0.0 if death == "learning rate" else group["lr"]
            model.factor = 0.0 if death == "gradient" else 1.0

    run = train(model, 400, change)
    (entry,) = entries_of(run, "vanishing-gradients")
    assert entry.step <= 64
    assert entry.reason == "run ended"
    assert "vanishing-gradients" in [finding.rule for finding in run.findings]


def test_vanished_gradients_are_withdrawn_when_the_model_learns():
    torch.manual_seed(0)
    model = Deep()

    def change(step, _):
        model.skips = step >= 60

    run = train(model, 400, change)
    (entry,) = entries_of(run, "vanishing-gradients")
    assert entry.step <= 64 < entry.ended_step
    assert entry.reason.startswith("no longer holds: grad_norm/")
    assert "vanishing-gradients" not in [finding.rule for finding in run.findings]


def test_a_finding_that_another_one_explains_goes_with_this_reason():
    torch.manual_seed(0)
    model = Deep()

    def change(step, _):
        model.factor = float("nan") if step >= 60 else 1.0

    run = train(model, 100, change)
    (entry,) = entries_of(run, "vanishing-gradients")
    assert entry.reason == "explained by loss-not-finite"


def test_a_finding_that_returns_soon_continues_its_entry():
    run = Run("demo")
    for step in range(100, 200, 20):
        run.findings_log.record([PLATEAU], {}, step, seconds=1.0)
        run.findings_log.record([], {"plateau": "no longer holds"}, step + 5, seconds=1.0)
    run.findings_log.record([PLATEAU], {}, step=300, seconds=2.0)
    first, second = run.findings_history
    assert (first.step, first.ended_step, second.step, second.holds) == (100, 185, 300, True)


def test_the_history_is_bounded_and_counts_what_it_dropped():
    run = Run("demo")
    for step in range(0, 100 * 300, 100):
        run.findings_log.record([PLATEAU], {}, step, seconds=1.0)
        run.findings_log.record([], {"plateau": "no longer holds"}, step + 1, seconds=1.0)
    assert len(run.findings_history) == 256
    assert run.findings_history[-1].step == 29_900
    assert run.findings_log.dropped == 44


def test_findings_and_entries_are_json_and_findings_can_be_read_back():
    torch.manual_seed(0)
    run = softmax_before_loss()
    for entry in run.findings_history:
        assert json.loads(json.dumps(entry.to_json()))["step"] == entry.step
    for finding in run.findings:
        data = json.loads(json.dumps(finding.to_json()))
        assert Finding.from_json({**data, "later": 1}) == finding


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (["plateau"], TypeError),
        ({"rule": "plateau"}, TypeError),
        ({"severity": "fatal"}, ValueError),
        ({"certainty": "sure"}, ValueError),
    ],
)
def test_other_data_than_those_of_a_finding_are_refused(data, error):
    if isinstance(data, dict) and "rule" not in data:
        data = {**Finding("plateau", "warning", "", (), (1, 2), "", ()).to_json(), **data}
    with pytest.raises(error):
        Finding.from_json(data)


def test_a_finding_says_how_certain_it_is():
    torch.manual_seed(0)
    run = softmax_before_loss()
    certainties = {finding.rule: finding.certainty for finding in run.findings}
    assert certainties["softmax-before-loss"] == "certain"


@pytest.mark.parametrize(
    ("losses", "kept"),
    [
        (lambda noise: 2.4 - 0.1 * (np.arange(300) > 10) + noise, True),
        (lambda noise: 2.4 - 0.0005 * np.arange(300) + noise, False),
        (lambda noise: 2.4 + 0.002 * np.arange(300) + noise, True),
    ],
    ids=["stuck after a drop", "falls slowly", "rises"],
)
def test_stopped_layers_are_withdrawn_when_the_loss_falls_by_more_than_its_noise(losses, kept):
    def match(evidence):
        return RuleMatch("Stopped.", (3, 8)) if evidence.steps <= 8 else None

    rule = Rule("stopped", "warning", "", (), match, about_stopped_layers=True)
    evaluator, run = RuleEvaluator([rule]), Run("demo")
    table = run.add_table("loss", "loss", ["loss"])
    noise = np.random.default_rng(0).normal(0, 0.05, 300)
    for step, loss in enumerate(losses(noise), start=1):
        table.append(step, loss)
        run.advance_to(step)
        if step == 8 or step % 20 == 0:
            found = evaluator.evaluate(run)
    assert [finding.rule for finding in found] == ["stopped"] * kept
    assert run.findings_history[0].holds is kept
