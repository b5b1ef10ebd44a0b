"""Findings of ignored rules are not reported, and remain in the history."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .loops import mlp, points

RULE = "softmax-before-loss"


def train(**options):
    """Train a model that ends with a softmax, which `RULE` reports."""
    torch.manual_seed(0)
    model, (x, y) = nn.Sequential(mlp(), nn.Softmax(1)), points()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, **options) as run:
        for _ in range(60):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return run


def rules_of(run):
    return [finding.rule for finding in run.findings]


def test_an_ignored_rule_is_not_reported_and_its_finding_is_in_the_history():
    run = train(ignore=[RULE])
    assert RULE not in rules_of(run)
    assert run.ignored == (RULE,)
    (entry,) = [entry for entry in run.findings_history if entry.finding.rule == RULE]
    assert entry.silenced


def test_a_rule_is_ignored_and_reported_again_after_the_run():
    run = train()
    assert RULE in rules_of(run)
    run.ignore(RULE)
    run.ignore(RULE)
    assert RULE not in rules_of(run)
    assert run.ignored == (RULE,)
    run.unignore(RULE)
    assert RULE in rules_of(run)
    assert not any(entry.silenced for entry in run.findings_history)
    run.unignore(RULE)


@pytest.mark.parametrize("ignore", [["plato"], ("plateau", "plato")])
def test_an_unknown_rule_is_refused_with_the_known_ones(ignore):
    model = nn.Linear(3, 1)
    with pytest.raises(ValueError, match=r"no rule named 'plato'; .*no-change.*plateau"):
        lk.watch(model, ignore=ignore, show=False)
    with lk.watch(model, show=False) as run:
        for change in (run.ignore, run.unignore):
            with pytest.raises(ValueError, match="plateau"):
                change("plato")


@pytest.mark.parametrize("ignore", ["plateau", 3, None, [3]])
def test_only_a_list_of_texts_is_accepted(ignore):
    with pytest.raises(TypeError, match=r"ignore=\['plateau'\]"):
        lk.watch(nn.Linear(3, 1), ignore=ignore, show=False)
