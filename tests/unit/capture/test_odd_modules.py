"""Whatever a module gives out: the loop runs as without labkit, and the other modules are read."""

import copy
import warnings

import pytest
import torch
from torch import nn

import labkit as lk

from .odd_modules import ODD, Labelled


def trained(model, *, watched):
    """Train for some steps; return gradients, weights, outputs' marks, and the run."""
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
    """Let torch warn of its prototypes while the user's own code uses them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(prototype|nested|quantize|deprecated).*")
        yield


@pytest.mark.parametrize("name", ODD)
def test_the_loop_is_as_without_labkit_and_the_other_modules_are_read(name, quiet):
    torch.manual_seed(0)
    model = ODD[name]()
    twin = copy.deepcopy(model)
    if "give" in type(twin).__dict__:
        twin.odd.give = twin.give
    Labelled.calls = 0
    expected = trained(twin, watched=False)
    calls, Labelled.calls = Labelled.calls, 0
    marks, weights, run = trained(model, watched=True)
    assert Labelled.calls == calls
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
def test_what_can_be_read_of_an_odd_module_is_read(name, quiet):
    torch.manual_seed(0)
    _, _, run = trained(ODD[name](), watched=True)
    assert len(run.series("act_mean/odd")[1]) >= 2
    assert run.notices == ()


def test_one_notice_names_all_modules_that_cannot_be_read():
    class Mapped(dict):
        def values(self):
            raise RuntimeError("no values")

    class Odd(nn.Module):
        def forward(self, x):
            return Mapped(x=x)

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


def test_an_output_can_be_saved_and_carries_no_hook_after_the_step(tmp_path):
    model = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with lk.watch(model, show=False):
        output = model(torch.randn(3, 4))
        torch.save(output, tmp_path / "output.pt")  # torch would warn of a hook, and tests raise
        output.pow(2).mean().backward()
        optimizer.step()
    assert not output._backward_hooks


class Jagged(nn.Module):
    """Works on sequences of different lengths, whose tensors have a size that is no number."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 1)

    def forward(self, x):
        nested = torch.nested.nested_tensor([x[:2], x[2:]], layout=torch.jagged)
        return torch.cat(self.fc(nested).unbind())


def test_the_graph_of_jagged_tensors_has_all_but_their_shapes(quiet):
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
