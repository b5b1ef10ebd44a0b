"""Modules with unusual outputs: training is unchanged, and the other modules are sampled."""

import copy
import warnings

import pytest
import torch
from torch import nn

import labkit as lk

from .unusual_modules import UNUSUAL, CountingTensor


def trained(model, *, watched):
    """Train for six steps; return marks of outputs and gradients, the weights, and the run."""
    torch.manual_seed(1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    x = torch.randn(6, 4)
    marks = []
    run = lk.watch(model, show=False, budget=1.0) if watched else None
    for _ in range(6):
        optimizer.zero_grad()
        output = model(x)
        marks.append((output._version, output.grad_fn.name(), output.dtype))
        output.pow(2).mean().backward()
        marks.append([p.grad.clone() for p in model.parameters() if p.grad is not None])
        optimizer.step()
    if run is not None:
        run.close()
    return marks, [p.detach().clone() for p in model.parameters()], run


@pytest.fixture
def quiet():
    """Ignore warnings of torch about the prototype features that the models use."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(prototype|nested|quantize|deprecated).*")
        yield


@pytest.mark.parametrize("name", UNUSUAL)
def test_the_loop_is_unchanged_and_other_modules_are_sampled(name, quiet):
    torch.manual_seed(0)
    model = UNUSUAL[name]()
    twin = copy.deepcopy(model)
    if "compute" in type(twin).__dict__:
        twin.odd.compute = twin.compute
    CountingTensor.calls = 0
    expected = trained(twin, watched=False)
    calls, CountingTensor.calls = CountingTensor.calls, 0
    marks, weights, run = trained(model, watched=True)
    assert CountingTensor.calls == calls
    for ours, theirs in zip(marks, expected[0], strict=True):
        if isinstance(ours, list):
            assert all(map(torch.equal, ours, theirs))
        else:
            assert ours == theirs
    assert all(map(torch.equal, weights, expected[1]))
    assert len(run.series("act_mean/fc")[1]) >= 2
    assert len(run.series("act_grad/fc")[1]) >= 2
    assert len([n for n in run.notices if n.part == "activations"]) <= 1
    assert len(model.odd._forward_hooks) == 0


@pytest.mark.parametrize(
    "name",
    ["state_as_list", "cell_state_as_list", "keyword_only", "subclass", "named", "data", "half"],
)
def test_readable_outputs_of_unusual_modules_are_sampled(name, quiet):
    torch.manual_seed(0)
    _, _, run = trained(UNUSUAL[name](), watched=True)
    assert len(run.series("act_mean/odd")[1]) >= 2
    assert run.notices == ()


def test_one_notice_names_all_unreadable_modules():
    class UnreadableMapping(dict):
        def values(self):
            raise RuntimeError("no values")

    class Odd(nn.Module):
        def forward(self, x):
            return UnreadableMapping(x=x)

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.second, self.fc = Odd(), Odd(), nn.Linear(4, 2)

        def forward(self, x):
            return self.fc(self.second(self.first(x)["x"])["x"])

    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(8):
            optimizer.zero_grad()
            model(torch.randn(3, 4)).pow(2).mean().backward()
            optimizer.step()
    (notice,) = run.notices
    assert "first, second" in notice.text
    assert "RuntimeError: no values" in notice.text
    assert len(run.series("act_mean/fc")[1]) >= 2


def test_an_output_can_be_saved_and_has_no_hook_after_the_step(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False):
        output = model(torch.randn(3, 4))
        # torch warns about a hook on the output, and warnings are errors here.
        torch.save(output, tmp_path / "output.pt")
        output.pow(2).mean().backward()
        optimizer.step()
    assert not output._backward_hooks


class Jagged(nn.Module):
    """Computes on sequences of different lengths: jagged tensors have a symbolic size."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 1)

    def forward(self, x):
        nested = torch.nested.nested_tensor([x[:2], x[2:]], layout=torch.jagged)
        return torch.cat(self.fc(nested).unbind())


def test_nodes_of_jagged_tensors_have_no_shape(quiet):
    torch.manual_seed(0)
    model = Jagged()
    _, weights, run = trained(model, watched=True)
    torch.manual_seed(0)
    _, plain, _ = trained(Jagged(), watched=False)
    assert all(map(torch.equal, weights, plain))
    assert not run.notices
    assert len(run.graphs) == 1
    shapes = {node.op: node.shape for node in run.graph.nodes}
    assert shapes["linear"] is None
    assert shapes["cat"] == (6, 1)
