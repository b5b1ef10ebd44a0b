"""A walk runs the backward pass once, and leaves a graph that exists before as it was."""

import pytest
import torch
from torch import nn

import labkit as lk
from labkit.capture.walkthrough import Walker

pytestmark = pytest.mark.filterwarnings("ignore")


class Counted(torch.autograd.Function):
    calls = 0

    @staticmethod
    def forward(ctx, x):
        ctx.mark_non_differentiable(positive := x > 0)
        return x * 2, positive

    @staticmethod
    def backward(ctx, gradient, _):
        Counted.calls += 1
        return gradient * 2


@pytest.fixture
def w():
    Counted.calls = 0
    return torch.ones(3, requires_grad=True)


@pytest.mark.parametrize("form", ["code", "loss"])
@pytest.mark.parametrize("already", [False, True])
def test_accumulating_runs_backward_and_hooks_once(form, already, w):
    seen = []
    w.register_hook(lambda gradient: seen.append(1))
    w.register_post_accumulate_grad_hook(lambda _: seen.append(2))
    w.grad = torch.ones(3) if already else None

    def loss():
        return Counted.apply(w)[0].sum()

    walk = Walker(loss if form == "code" else loss()).walk(accumulate=True)
    assert (Counted.calls, seen) == (1, [1, 2])
    assert w.grad.tolist() == walk.grads["/w:0"].tolist() == [3.0 if already else 2.0] * 3
    before = walk.events[-1].before
    assert before.reason if not already else before.numbers.tolist() == [[1.0, 1.0, 1.0]]


def test_a_loss_that_the_code_only_returns_can_be_differentiated_afterwards(w):
    hidden = (w * 2).exp()
    loss = hidden.sum()
    lk.stepper.walk(lambda: loss)
    lk.stepper.walk(lambda: torch.sum(hidden * 2))
    loss.backward()
    assert w.grad is not None


def test_a_graph_with_donated_buffers_is_walked_or_refused_with_advice():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x):
            return self.norm(x).sin().tanh()

    model, x = Net(), torch.randn(4, 3)
    model.compile(backend="aot_eager")
    model(x).sum().backward()
    expected = [parameter.grad for parameter in model.parameters()]
    state = [buffer.clone() for buffer in model.buffers()]
    walk = lk.stepper.walk(lambda: torch.sum(model(x)))
    assert "compiledfunction" in [node.op for node in walk.graph.nodes]
    found = [torch.from_numpy(each) for each in walk.grads.values()]
    assert all(torch.equal(2 * a, b) for a, b in zip(expected, found, strict=True))
    assert all(map(torch.equal, model.buffers(), state))
    loss = model(x).sum()
    with pytest.raises(RuntimeError, match=r"torch\.compile .* lk\.stepper\(lambda"):
        lk.stepper.walk(loss)
    loss.backward()


def test_a_result_without_gradient_is_not_said_to_be_inside_torch(w):
    walk = lk.stepper.walk(lambda: torch.sum(Counted.apply(w)[0]))
    positive = walk.events[0].outputs[1].value
    assert "no gradient" in positive.reason


def test_modes_of_the_user_see_only_the_operations_of_the_code(w):
    names = set()

    class Counting(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func, types, args=(), kwargs=None):
            names.add(func.__name__)
            return func(*args, **(kwargs or {}))

    with Counting():
        lk.stepper.walk(lambda: torch.sum(w * 2))
        lk.graph.capture(nn.Identity(), w * 2)
    assert not {"detach", "clone", "to", "allclose", "data_ptr"} & names
