"""Names of tensors are read from the user's frames without changing them."""

import gc
import sys
import weakref

import pytest
import torch

import labkit as lk


def loss_of(w):
    return (w * 2).sum()


def capture(w):
    lk.graph.capture(loss_of(w))


def view(w):
    lk.graph(loss_of(w))


def record(w):
    with lk.graph.record():
        loss_of(w)


def step_through(w):
    lk.stepper(loss_of(w))


def step_through_code(w):
    lk.stepper.walk(lambda: loss_of(w))


EVERY = pytest.mark.parametrize("use", [capture, view, record, step_through, step_through_code])


@EVERY
def test_a_dictionary_from_locals_is_not_changed(use):
    lr, epochs = 0.1, 3
    config = locals()
    config["lr"] = 0.5
    w = torch.ones(3, requires_grad=True)
    before = dict(config)
    use(w)
    lk.graph.capture(loss_of(w))
    lk.stepper.walk(loss_of(w))
    assert config == before
    assert (lr, epochs) == (0.1, 3)


@EVERY
def test_a_dictionary_from_vars_is_not_changed(use):
    config = vars()
    w = torch.ones(3, requires_grad=True)
    before = set(config)
    use(w)
    lk.graph.capture(loss_of(w))
    assert set(config) - {"before"} == before - {"before"}


def locals_of_caller():
    return sys._getframe(1).f_locals


def test_f_locals_read_by_other_code_are_not_cleared():
    lr = 0.1
    config = locals_of_caller()
    w = torch.ones(3, requires_grad=True)
    lk.graph.capture(loss_of(w))
    assert config["lr"] == lr


def test_the_variables_of_a_class_body_are_kept():
    class Training:
        w = torch.ones(3, requires_grad=True)
        graph = lk.graph.capture((w * 2).sum())
        names = frozenset(locals())

    assert {"w", "graph"} <= Training.names
    assert "w" in [node.op for node in Training.graph.nodes]


def test_local_variables_name_the_leaves_and_are_not_referenced_afterwards():
    weight = torch.ones(3, requires_grad=True)
    made = lk.graph.capture(loss_of(weight))
    assert "weight" in [node.op for node in made.nodes]
    gone = weakref.ref(weight)
    del weight
    gc.collect()
    assert gone() is None
