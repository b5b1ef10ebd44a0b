"""Scripting, tracing, exporting, copying, pickling and swapping of a watched model."""

import copy
import io
import pickle

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import labkit as lk

from .models import Net, batch, train
from .truth import assert_agrees, points, record

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit.*deprecated:DeprecationWarning")


class Scriptable(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.relu(self.fc1(x)))


def fresh_class():
    """Return a new class, which is not in the scripting cache of torch."""
    return type("Fresh", (Scriptable,), {"forward": Scriptable.forward, "__module__": __name__})


@pytest.fixture(params=["before-training", "while-training", "between-runs"])
def watched(request):
    """A watched model before training, during training, and in a second run."""
    torch.manual_seed(0)
    model = fresh_class()()
    run = lk.watch(model, show=False, budget=1.0)
    if request.param != "before-training":
        train(model, steps=30)
    if request.param == "between-runs":
        run.close()
        run = lk.watch(model, show=False, budget=1.0)
    yield model
    train(model, steps=10)
    run.close()
    assert run.steps in (10, 40)
    assert len(points(run, "loss")) == run.steps


def scripted(model, x):
    torch.jit._recursive.concrete_type_store = torch.jit._recursive.ConcreteTypeStore()
    return torch.jit.script(model)


def traced(model, x):
    return torch.jit.trace(model, x)


def exported(model, x):
    return torch.export.export(model, (x,)).module()


def fx_traced(model, x):
    return torch.fx.symbolic_trace(model)


def deeply_copied(model, x):
    return copy.deepcopy(model)


@pytest.mark.parametrize(
    "make", [scripted, traced, exported, fx_traced, deeply_copied], ids=lambda make: make.__name__
)
def test_scripted_traced_exported_and_copied_models_return_the_same_output(make, watched):
    x, _ = batch()
    with torch.no_grad():
        expected = watched(x)
        assert torch.allclose(make(watched, x)(x), expected)


def script_module_class():
    class Net(torch.jit.ScriptModule):
        def __init__(self):
            super().__init__()
            self.fc1 = nn.Linear(6, 8)
            self.fc2 = nn.Linear(8, 3)

        @torch.jit.script_method
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc2(F.relu(self.fc1(x)))

    return Net()


SCRIPTED = {
    "script": lambda: torch.jit.script(Scriptable()),
    "trace": lambda: torch.jit.trace(Scriptable(), batch()[0]),
    "class": script_module_class,
    "part": lambda: nn.Sequential(torch.jit.script(Scriptable()), nn.Linear(3, 3)),
}


@pytest.mark.parametrize("make", SCRIPTED.values(), ids=SCRIPTED.keys())
def test_script_modules_are_recorded(make):
    kept = []

    def loop(model, truth):
        kept.append(model)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        x, y = batch()
        for _ in range(20):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            truth.add_loss(loss)
            loss.backward()
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)

    run, truth = record(loop, make)
    assert_agrees(run, truth)
    assert not run.notices
    for model in kept:
        for module in (model, vars(model).get("_actual_script_module", model)):
            assert "_compiled_call_impl" not in vars(module)


@pytest.mark.parametrize("make", SCRIPTED.values(), ids=SCRIPTED.keys())
def test_an_incident_in_a_script_module_has_a_step_but_no_replay(make):
    model = make()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x, y = batch()
    with lk.watch(model, show=False, budget=1.0) as run:
        for number in range(12):
            optimizer.zero_grad()
            F.cross_entropy(model(x * torch.inf if number == 9 else x), y).backward()
            optimizer.step()
    assert run.incident.step == 10
    assert not run.notices
    with pytest.raises(RuntimeError, match="cannot be run again"):
        run.incident.replay()


def test_watching_replaces_no_attribute_of_the_model_class():
    made = fresh_class()
    before = dict(vars(made)), dict(vars(nn.Linear))
    model = made()
    with lk.watch(model, show=False, budget=1.0):
        train(model, steps=30)
        assert (dict(vars(made)), dict(vars(nn.Linear))) == before
    assert "forward" not in vars(model)


@pytest.mark.parametrize("way", ["pickle", "torch.save", "deepcopy"])
def test_a_copy_of_a_watched_model_has_no_hooks_and_is_not_recorded(way):
    torch.manual_seed(0)
    model, (x, y) = Net(), batch()
    with lk.watch(model, show=False, budget=1.0) as run:
        train(model, steps=30)
        if way == "pickle":
            other = pickle.loads(pickle.dumps(model))
        elif way == "torch.save":
            kept = io.BytesIO()
            torch.save(model, kept)
            assert b"labkit" not in kept.getvalue().replace(b"tests", b"")
            kept.seek(0)
            other = torch.load(kept, weights_only=False)
        else:
            other = copy.deepcopy(model)
        before = run.steps
        train(other, steps=10)
        assert run.steps == before
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    assert run.steps == before + 1
    for module in other.modules():
        hooks = (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks)
        assert all(not each for each in hooks)


def test_a_watched_optimizer_can_be_pickled_and_its_state_reloaded():
    torch.manual_seed(0)
    model = Net()
    optimizer = torch.optim.Adam(model.parameters())
    with lk.watch(model, optimizer, show=False, budget=1.0) as run:
        train(model, steps=20, optimizer=optimizer)
        state = copy.deepcopy(optimizer.state_dict())
        pickle.loads(pickle.dumps(optimizer))
        optimizer.load_state_dict(state)
        train(model, steps=20, optimizer=optimizer)
    assert run.steps == 40
    assert len(points(run, "loss")) == 40


@pytest.mark.parametrize("moment", ["waiting", "running", "closed"])
@pytest.mark.parametrize("what", ["parameter", "module"])
def test_parameters_of_a_watched_model_can_be_swapped(what, moment):
    torch.manual_seed(0)
    model = Net()
    run = lk.watch(model, show=False, budget=1.0)
    if moment != "waiting":
        train(model, steps=30)
    if moment == "closed":
        run.close()
    if what == "parameter":
        model.zero_grad()
        torch.utils.swap_tensors(model.fc1.weight, nn.Parameter(torch.randn(8, 6)))
    else:
        model.zero_grad()
        torch.__future__.set_swap_module_params_on_conversion(True)
        try:
            model.to(torch.float64).to(torch.float32)
        finally:
            torch.__future__.set_swap_module_params_on_conversion(False)
    steps = run.steps
    train(model, steps=10)
    run.close()
    assert run.steps == steps + (0 if moment == "closed" else 10)


def test_a_parameter_can_be_swapped_between_backward_and_step():
    """A swap between backward and step, while labkit holds references to gradients."""
    torch.manual_seed(0)
    model, (x, y) = Net(), batch()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for number in range(30):
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            if number % 5 == 0:
                new = nn.Parameter(model.fc1.weight.detach() * 0.9)
                new.grad = model.fc1.weight.grad.clone()
                model.fc1.weight.grad = new.grad
                torch.utils.swap_tensors(model.fc1.weight, new)
            optimizer.step()
    assert run.steps == 30
    assert len(points(run, "loss")) == 30
