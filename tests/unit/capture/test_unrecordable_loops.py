"""Loops that can be recorded in part or not at all: a notice says so, with advice."""

import re

import pytest
import torch
import torch.nn.functional as F
from torch import distributed, nn
from torch.distributed.device_mesh import init_device_mesh

import labkit as lk

from .models import Net, batch
from .truth import points

try:
    from torch.distributed.fsdp import fully_shard
except ImportError:  # before torch 2.6
    from torch.distributed._composable.fsdp import fully_shard

STEPS = 40
WHAT_TO_DO = re.compile(r"run\.log|backward|optimizer=|lk\.watch|torch\.optim")


def assert_notice_with_advice(run):
    """Check that a notice gives advice."""
    texts = [notice.text for notice in run.notices]
    assert texts, "no notice at all"
    assert any(WHAT_TO_DO.search(text) for text in texts), texts


def functional_state(model):
    values = {name: value.detach().clone() for name, value in model.named_parameters()}
    x, y = batch()

    def loss_of(values):
        return F.cross_entropy(torch.func.functional_call(model, values, (x,)), y)

    return values, loss_of


def by_func_grad(model):
    values, loss_of = functional_state(model)
    for _ in range(STEPS):
        gradients = torch.func.grad(loss_of)(values)
        values = {name: values[name] - 0.1 * gradients[name] for name in values}


def by_autograd_grad(model):
    x, y = batch()
    parameters = list(model.parameters())
    for _ in range(STEPS):
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter.sub_(gradient, alpha=0.1)


def by_own_tensors(model):
    x, y = batch()
    weight = torch.zeros(3, 6, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.cross_entropy(x @ weight.T, y).backward()
        optimizer.step()


def by_copies(model):
    """Train copies of the parameters through functional_call."""
    values, loss_of = functional_state(model)
    values = {name: value.requires_grad_() for name, value in values.items()}
    optimizer = torch.optim.SGD(values.values(), lr=0.1)
    for _ in range(STEPS):
        optimizer.zero_grad()
        loss_of(values).backward()
        optimizer.step()


@pytest.mark.parametrize(
    "loop", [by_func_grad, by_autograd_grad, by_own_tensors, by_copies], ids=lambda f: f.__name__
)
def test_a_loop_that_does_not_train_the_model_gives_a_notice(loop):
    model = Net()
    with lk.watch(model, show=False, budget=1.0) as run:
        loop(model)
    assert run.steps in (0, STEPS)
    assert_notice_with_advice(run)


def test_an_unused_run_has_no_notices():
    with lk.watch(Net(), show=False) as run:
        pass
    assert run.notices == ()


def test_a_plain_loop_has_no_notices():
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(STEPS):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
    assert run.notices == ()


class OwnOptimizer:
    """An optimizer that is not a torch Optimizer, as in fastai: reads `.grad`, sets `.data`."""

    def __init__(self, parameters, lr):
        self.parameters, self.lr = list(parameters), lr

    def step(self):
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.data.add_(parameter.grad.data, alpha=-self.lr)

    def zero_grad(self):
        for parameter in self.parameters:
            if parameter.grad is not None:
                parameter.grad.detach_()
                parameter.grad.zero_()


def test_a_custom_optimizer_class_has_losses_and_a_notice():
    torch.manual_seed(0)
    model, (x, y) = Net(), batch()
    optimizer = OwnOptimizer(model.parameters(), lr=0.1)
    losses = {}
    with lk.watch(model, show=False, budget=1.0) as run:
        for number in range(1, STEPS + 1):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            losses[number] = loss.item()
    assert run.steps == STEPS
    assert points(run, "loss") == pytest.approx(losses, rel=1e-5)
    assert not [name for name in run.names() if name.startswith("lr/")]
    assert_notice_with_advice(run)


class StatelessOptimizer:
    """An optimizer as in Keras: takes gradients as arguments and assigns variables."""

    def apply(self, gradients, variables):
        for gradient, variable in zip(gradients, variables, strict=True):
            variable.data = variable.data - 0.1 * gradient


def test_an_optimizer_that_assigns_variables_has_losses():
    torch.manual_seed(0)
    model, (x, y) = Net(), batch()
    variables, optimizer = list(model.parameters()), StatelessOptimizer()
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(STEPS):
            model.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.apply([each.grad for each in variables], variables)
    assert run.steps == STEPS
    assert len(points(run, "loss")) == STEPS


def test_a_frozen_model_gives_a_notice():
    """All watched parameters are frozen: the loop trains an unwatched head."""
    body, head, (x, y) = Net().requires_grad_(False), nn.Linear(3, 3), batch()
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)
    with lk.watch(body, show=False, budget=1.0) as run:
        for _ in range(STEPS):
            optimizer.zero_grad()
            F.cross_entropy(head(body(x)), y).backward()
            optimizer.step()
    assert run.steps == 0
    assert_notice_with_advice(run)


def test_the_notice_appears_before_the_run_is_closed():
    """The user sees during the run why nothing is recorded."""
    model = Net()
    run = lk.watch(model, show=False, budget=1.0)
    for _ in range(50):
        by_own_tensors(model)
    notices = run.notices
    run.close()
    assert notices


@pytest.fixture
def one_process():
    """Initialize a process group of this process only."""
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("to_none", [True, False])
@pytest.mark.usefixtures("one_process")
def test_sharded_parameters_of_one_process_are_recorded_as_any_other(parts, to_none):
    """The only process holds all of an FSDP2 parameter."""
    model, (x, y), losses, norms = Net(), batch(), {}, {}
    fully_shard(model.fc1, mesh=init_device_mesh("cpu", (1,)))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for step in range(1, STEPS + 1):
            losses[step] = 0.0
            for rows in torch.arange(len(x)).chunk(parts):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                losses[step] += loss.item()
            norms[step] = model.fc1.weight.grad.full_tensor().norm().item()
            optimizer.step()
            optimizer.zero_grad(set_to_none=to_none)
    assert points(run, "loss") == pytest.approx(losses, rel=1e-5)
    assert points(run, "lr/0") == pytest.approx(dict.fromkeys(losses, 0.1))
    assert run.notices == ()
    assert points(run, "grad_norm/fc2.weight")
    found = points(run, "grad_norm/fc1.weight")
    assert len(found) > 10
    assert found == pytest.approx({step: norms[step] for step in found}, rel=1e-5)
    assert run.series("weight_norm/fc1.weight")[0][-1] == STEPS
    assert points(run, "update_ratio/fc1.weight")
    named = {name for node in run.graph.nodes for name in node.parameters}
    assert named == {name for name, _ in model.named_parameters()}
    assert run.observations.unregistered == ()
