"""Targets that the stepper refuses, each with an explanation."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

import labkit as lk


@pytest.mark.parametrize(
    ("target", "error", "words"),
    [
        (3, TypeError, "takes a loss"),
        (nn.Linear(2, 2), TypeError, "takes a loss"),
        (lambda: 3.0, TypeError, "must return the loss"),
        (torch.ones(2, requires_grad=True).exp(), ValueError, "one number"),
        (lambda: torch.ones(2, requires_grad=True).exp(), ValueError, "one number"),
    ],
)
def test_an_invalid_target_is_refused_with_advice(target, error, words):
    with pytest.raises(error, match=words):
        lk.stepper.walk(target)


def test_a_freed_graph_raises_and_a_missing_graph_has_a_reason():
    w = torch.ones(1, requires_grad=True)
    loss = (w**2).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="used up"):
        lk.stepper.walk(loss)
    assert "no history" in lk.stepper.walk(torch.tensor(1.0)).reason
    assert "itself a leaf" in lk.stepper.walk(torch.tensor(1.0, requires_grad=True)).reason


def test_code_that_calls_backward_is_refused():
    w = torch.tensor(3.0, requires_grad=True)

    def code():
        loss = w**2
        loss.backward()
        return loss

    with pytest.raises(RuntimeError, match="leave backward to the stepper"):
        lk.stepper.walk(code)


def test_a_reentrant_checkpoint_is_refused_with_advice():
    w = torch.tensor(3.0, requires_grad=True)
    code = lambda: checkpoint(torch.sin, w, use_reentrant=True) * 2  # noqa: E731
    with pytest.raises(RuntimeError, match="Use use_reentrant=False"):
        lk.stepper.walk(code)
