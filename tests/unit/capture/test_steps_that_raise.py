"""Steps that raise or call `super().step()`: later steps are recorded correctly."""

import gc
import threading
import weakref

import pytest
import torch
import torch.nn.functional as F

import labkit as lk

from .models import Net, batch
from .truth import assert_agrees, record


def sgd(model, rate=0.05):
    return torch.optim.SGD(model.parameters(), lr=rate)


def loss_of(model):
    x, y = batch()
    return F.cross_entropy(model(x), y)


def step(model, optimizer, truth):
    optimizer.zero_grad()
    loss = loss_of(model)
    loss.backward()
    truth.add_loss(loss)
    truth.before_step(model, optimizer)
    optimizer.step()
    truth.after_step(model)


def raise_in_step(model, optimizer):
    """Run a backward pass and raise in the step after it."""

    def refuse(*_):
        raise ZeroDivisionError

    optimizer.zero_grad()
    loss_of(model).backward()
    handle = optimizer.register_step_pre_hook(refuse)
    with pytest.raises(ZeroDivisionError):
        optimizer.step()
    handle.remove()


def raise_in_closure(model, optimizer):
    """Raise in the closure of a step, after its backward pass."""

    def closure():
        optimizer.zero_grad()
        loss_of(model).backward()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        optimizer.step(closure)


@pytest.mark.parametrize("fail", [raise_in_step, raise_in_closure])
@pytest.mark.parametrize("makes_another", [False, True])
@pytest.mark.parametrize("after", [3, 60])
def test_steps_after_one_that_raised_are_recorded(fail, makes_another, after):
    def loop(model, truth):
        optimizer = sgd(model)
        for _ in range(after):
            step(model, optimizer, truth)
        fail(model, optimizer)
        if makes_another:
            optimizer = sgd(model, 0.01)
        for _ in range(60):
            step(model, optimizer, truth)

    assert_agrees(*record(loop))


def test_steps_after_one_that_raised_on_a_finished_thread_are_recorded():
    def loop(model, truth):
        optimizer = sgd(model)

        def train():
            for _ in range(60):
                step(model, optimizer, truth)
            raise_in_step(model, optimizer)

        thread = threading.Thread(target=train)
        thread.start()
        thread.join()
        for _ in range(60):
            step(model, optimizer, truth)

    assert_agrees(*record(loop))


def test_a_step_that_raised_keeps_no_reference_to_its_optimizer():
    model = Net()
    with lk.watch(model, show=False):
        optimizer = sgd(model)
        raise_in_step(model, optimizer)
        gone = weakref.ref(optimizer)
        del optimizer
        gc.collect()
        assert gone() is None


class Clipping(torch.optim.SGD):
    """A custom optimizer whose `step` calls `super().step()`."""

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], 1.0)
        return super().step(closure)


def test_an_overridden_step_that_calls_super_is_one_step():
    torch.optim.SGD(Net().parameters(), lr=0.1)  # torch adds hooks to the parent's step

    def loop(model, truth):
        optimizer = Clipping(model.parameters(), lr=0.05)
        for _ in range(100):
            step(model, optimizer, truth)

    assert_agrees(*record(loop), norms=False)
