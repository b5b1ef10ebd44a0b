"""The replacement of `torch.autograd.backward`: its arguments, and its removal."""

import torch
import torch.nn.functional as F

import labkit as lk

from .models import Net, batch, train


def test_closing_runs_in_any_order_restores_backward():
    original = torch.autograd.backward
    first, second = Net(), Net()
    one, two = lk.watch(first, show=False), lk.watch(second, show=False)
    train(second, steps=3)
    one.close()
    train(second, steps=3)
    train(first, steps=2)
    two.close()
    assert torch.autograd.backward is original
    assert (one.steps, two.steps) == (0, 6)


def test_backward_wrapped_by_other_code_still_works_after_closing(monkeypatch):
    calls = []
    model = Net()
    run = lk.watch(model, show=False)
    ours = torch.autograd.backward

    def theirs(*args, **kwargs):
        calls.append(kwargs)
        ours(*args, **kwargs)

    monkeypatch.setattr(torch.autograd, "backward", theirs)
    train(model, steps=2)
    run.close()
    train(model, steps=3)
    assert (run.steps, len(calls)) == (2, 5)
    assert torch.autograd.backward is theirs


def test_backward_accepts_all_keyword_arguments_of_torch():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    wished = torch.tensor([2.0, 0.5])
    with lk.watch(model, show=False) as run:
        for _ in range(20):
            optimizer.zero_grad()
            losses = F.cross_entropy(model(x), y, reduction="none")[:2]
            torch.autograd.backward(tensors=losses, grad_tensors=wished, inputs=[model.fc1.weight])
            optimizer.step()
    again = F.cross_entropy(model(x), y, reduction="none")[:2]
    (expected,) = torch.autograd.grad(again, model.fc1.weight, wished)
    assert torch.equal(model.fc1.weight.grad, expected)
    assert model.fc2.weight.grad is None
    assert run.steps == 20
