"""An extra pass leaves inputs, objects, hooks, flags and settings as they were."""

import collections
import dataclasses
import random
import threading

import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk

from .unusual_code import Wrapped

pytestmark = pytest.mark.filterwarnings("ignore")


def inputs():
    return torch.linspace(-1, 1, 12).reshape(4, 3).clone()


class Calling(nn.Module):
    """A layer, and a function that is called with the module and an input."""

    def __init__(self, act, **attributes):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 3)
        self.act = act
        for name, value in attributes.items():
            if isinstance(value, torch.Tensor):
                self.register_buffer(name, value)
            else:
                setattr(self, name, value)

    def forward(self, x, **keywords):
        self.act(self, x, **keywords)
        return self.layer(x)


LOOKS = {
    "graph": lk.graph,
    "capture": lk.graph.capture,
    "stepper": lambda model, *args, **kwargs: lk.stepper.walk(lambda: model(*args, **kwargs).sum()),
}


@pytest.fixture(params=LOOKS)
def look(request):
    return LOOKS[request.param]


@pytest.mark.parametrize(
    "act",
    [
        lambda m, x: x.add_(1),
        lambda m, x: x.requires_grad_(),
        lambda m, x: x.add_(m.layer.bias),
        lambda m, x: setattr(x, "data", x.detach() * 2),
        lambda m, x: x.numpy().fill(3),
        lambda m, x: (x.mul_(0), 1 / 0),
    ],
    ids=["values", "flag", "history", "memory", "numpy", "failure"],
)
def test_an_input_is_as_before(act, look):
    x = inputs()
    try:
        look(Calling(act), x)
    except ZeroDivisionError as error:
        del error
    assert torch.equal(x, inputs())
    assert (x.requires_grad, x.grad_fn, x.grad) == (False, None, None)


def test_gradients_of_an_input_and_of_parameters_are_as_before(look):
    def backward_inside(model, x):
        model.layer(x).sum().backward()

    model, x = Calling(backward_inside), inputs().requires_grad_()
    model.layer(x).sum().backward()
    tensors = [x, *model.parameters()]
    before = [(id(each.grad), each.grad.clone()) for each in tensors]
    look(model, x)
    assert all(
        id(each.grad) == key and torch.equal(each.grad, values)
        for each, (key, values) in zip(tensors, before, strict=True)
    )


class Cache:
    def __init__(self):
        self.layers = [Layer()]


class Layer:
    keys = None

    def update(self, x):
        self.keys = x if self.keys is None else torch.cat([self.keys, x])


@dataclasses.dataclass(slots=True)
class Statistics:
    count: int = 0
    seen: list[int] = dataclasses.field(default_factory=list)


class Named(list):
    pass


def test_objects_in_inputs_and_modules_are_as_before(look):
    def act(model, x, cache):
        cache.layers[0].update(x)
        cache.layers.append(Layer())
        model.statistics.count += 1
        model.statistics.seen.append(1)
        model.names.append("a")
        model.counter["a"] += 1
        model.nested["a"]["b"].append(1)
        model.array += 1
        model.optimizer.step()

    model = Calling(
        act,
        statistics=Statistics(),
        names=Named(),
        counter=collections.Counter(),
        nested={"a": {"b": []}},
        array=np.zeros(3),
    )
    model.optimizer = torch.optim.Adam(model.parameters())
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    cache = Cache()
    look(model, inputs(), cache=cache)
    assert (len(cache.layers), cache.layers[0].keys) == (1, None)
    assert model.statistics == Statistics()
    assert (model.names, model.counter, model.nested) == ([], {}, {"a": {"b": []}})
    assert (model.array == 0).all()
    assert not model.optimizer.state


def test_containers_in_an_input_of_a_model_are_as_before():
    def act(model, x):
        model.given["x"].pop()
        model.given["new"] = 1

    batch = {"x": [1, 2]}
    for look in (lk.graph, lk.graph.capture):
        look(
            Calling(lambda m, x, batch: (batch["x"].pop(), batch.update(y=1))),
            inputs(),
            batch=batch,
        )
        assert batch == {"x": [1, 2]}


def test_what_the_code_of_a_stepper_collects_is_kept():
    w, collected = torch.ones(3, requires_grad=True), []

    def loss():
        collected.append(1)
        return (w * 2).sum()

    lk.stepper.walk(loss)
    assert collected == [1]


def test_an_object_that_threads_share_is_not_changed(look):
    class Shared:
        def __init__(self):
            self.lock, self.count = threading.Lock(), 0

    shared = Shared()
    look(Calling(lambda m, x: setattr(m.shared, "count", 1), shared=shared), inputs())
    assert shared.count == 1


def test_hooks_and_flags_of_parameters_are_as_before(look):
    def act(model, x):
        model.layer.weight.register_hook(lambda gradient: gradient * 2)
        model.layer.bias.requires_grad_(False)
        model.second.weight.register_post_accumulate_grad_hook(print)

    model = Calling(act, second=nn.Linear(3, 3))
    look(model, inputs())
    assert all(parameter.requires_grad for parameter in model.parameters())
    model.act = lambda *_: None
    model(inputs()).sum().backward()
    expected = inputs().sum(0).expand(3, 3)
    assert torch.equal(model.layer.weight.grad, expected)
    assert not model.second.weight._post_accumulate_grad_hooks


BUFFERS = {
    "compressed": lambda: torch.eye(3).to_sparse_csr(),
    "nested": lambda: torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
    "jagged": lambda: torch.nested.nested_tensor([torch.ones(2)], layout=torch.jagged),
    "class with tensors": lambda: Wrapped(torch.ones(3)),
    "signed zero": lambda: torch.zeros(3),
    "large": lambda: torch.ones(600_000),
}


def values(buffer):
    if isinstance(buffer, Wrapped):
        return buffer.inner.tolist()
    if buffer.is_sparse_csr or buffer.is_nested:
        return buffer.values().tolist()
    return str(buffer[:3])


@pytest.mark.parametrize("name", BUFFERS)
def test_buffers_of_every_layout_are_as_before(name, look):
    def act(model, x):
        if name == "class with tensors":
            model.buffer.inner.mul_(2)
        elif name == "large":
            model.buffer.numpy()[:3] = 7
        elif name == "jagged":
            model.buffer.values().mul_(2)
        else:
            model.buffer.mul_(-2)

    model = Calling(act, buffer=BUFFERS[name]())
    look(model, inputs())
    assert values(model.buffer) == values(BUFFERS[name]())


class Scripted(nn.Module):
    count: int
    total: torch.Tensor
    seen: list[int]

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.count, self.total = 0, torch.zeros(1)
        self.seen = torch.jit.annotate(list[int], [])
        self.register_buffer("buffer", torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.count += 1
        self.total = self.total + 1
        self.buffer = self.buffer + 1
        self.seen.append(1)
        return self.layer(x)


def test_attributes_of_a_script_module_are_as_before(look):
    model = torch.jit.script(Scripted())
    look(model, inputs())
    found = (model.count, model.total.item(), model.buffer.item(), model.seen)
    assert found == (0, 0.0, 0.0, [])


def test_settings_of_torch_are_as_before():
    def act(model, x):
        torch.set_default_dtype(torch.float64)
        torch.use_deterministic_algorithms(True, warn_only=True)
        torch.autograd.set_detect_anomaly(True)

    for look in LOOKS.values():
        look(Calling(act), inputs())
        assert torch.get_default_dtype() is torch.float32
        assert not torch.are_deterministic_algorithms_enabled()
        assert not torch.is_anomaly_enabled()


def test_hidden_modules_generators_and_variables_of_a_stepper_are_as_before():
    norm, w = nn.BatchNorm1d(3), torch.ones(3, requires_grad=True)
    model = Calling(lambda m, x: m.hidden[0].forward(x), hidden=[norm])
    model.generators = [{"python": random.Random(0)}]
    state = model.generators[0]["python"].getstate()
    lk.graph.capture(model, inputs())
    assert norm.num_batches_tracked == 0

    def loss():
        with torch.no_grad():
            w.add_(1)
        return (norm.forward(inputs()) * w).sum() * model.generators[0]["python"].random()

    lk.stepper.walk(loss)
    assert norm.num_batches_tracked == 0
    assert torch.equal(w, torch.ones(3))
    assert model.generators[0]["python"].getstate() == state


def test_a_pass_within_a_transform_does_not_touch_the_parameters():
    model, x = nn.Sequential(nn.Linear(3, 3), nn.Tanh()), inputs()[0]

    def loss(row):
        lk.graph.capture(model, row)
        lk.graph(model, row)
        return model(row).sum()

    memory = [parameter.data_ptr() for parameter in model.parameters()]
    gradient = torch.func.grad(loss)(x)
    assert torch.equal(gradient, torch.func.grad(lambda row: model(row).sum())(x))
    assert [parameter.data_ptr() for parameter in model.parameters()] == memory
