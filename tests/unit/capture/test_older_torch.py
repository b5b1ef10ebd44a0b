"""What torch before 2.10 lacks leaves fields empty, and nothing fails."""

import labkit as lk

from .models import Net, batch, train
from .truth import assert_no_internal_error


def test_saved_tensors_are_not_read_where_torch_does_not_expose_their_hooks(monkeypatch):
    monkeypatch.setattr("labkit.capture.torch_compat.autograd._EXPOSES_SAVED_TENSOR_HOOKS", False)
    graph = lk.graph.capture(Net(), batch()[0])
    (relu,) = [node for node in graph.nodes if node.op == "relu"]
    assert relu.saved_bytes is None
    assert relu.shape == (16, 8)


def test_a_run_is_recorded_where_torch_does_not_expose_the_hooks_of_saved_tensors(monkeypatch):
    monkeypatch.setattr("labkit.capture.torch_compat.autograd._EXPOSES_SAVED_TENSOR_HOOKS", False)
    model = Net()
    with lk.watch(model, show=False) as run:
        train(model, steps=5)
    assert_no_internal_error(run)
    assert run.steps == 5
    assert run.graph is not None
