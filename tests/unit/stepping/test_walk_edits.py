"""Editing a leaf of a walk, and resetting it."""

# ruff: noqa: PLW0108 - the stepper runs the code of its lambda; a bound method would hold a result

import pytest
import torch

import labkit as lk


def test_editing_a_leaf_changes_the_walk_but_not_the_tensor():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    view = lk.stepper(lambda: (w**2).sum())
    (leaf,) = view.walk.leaves
    walk = view.edit(leaf.node, 1, 5.0)
    assert walk.leaves[0].value.numbers.tolist() == [[1.0, 5.0]]
    assert walk.grads[leaf.node].tolist() == [2.0, 10.0]
    assert view.edit(leaf.node, 0, 4.0).grads[leaf.node].tolist() == [8.0, 10.0]
    assert w.tolist() == [1.0, 2.0]
    assert w.grad is None
    assert view.reset().grads[leaf.node].tolist() == [2.0, 4.0]


def test_invalid_edits_are_refused():
    w = torch.ones(2, requires_grad=True)
    view = lk.stepper(lambda: w.sum())
    with pytest.raises(KeyError, match="there is no leaf"):
        view.edit("nothing", 0, 1.0)
    with pytest.raises(IndexError, match="no place 2"):
        view.edit(view.walk.leaves[0].node, 2, 1.0)
    with pytest.raises(ValueError, match="cannot be run again"):
        lk.stepper(w.sum()).edit("/w:0", 0, 1.0)


def test_an_edit_with_which_the_code_raises_is_dropped():
    w = torch.tensor([1.0, 2.0], requires_grad=True)

    def code():
        if w[0] < 0:
            raise ArithmeticError("too small")
        return w.sum()

    view = lk.stepper(code)
    with pytest.raises(ArithmeticError, match="too small"):
        view.edit("/w:0", 0, -1.0)
    assert view.edit("/w:0", 1, 5.0).leaves[0].value.numbers.tolist() == [[1.0, 5.0]]


def test_a_leaf_created_by_the_code_cannot_be_edited():
    view = lk.stepper(lambda: torch.ones(2, requires_grad=True).sum())
    (leaf,) = view.walk.leaves
    assert not leaf.editable
    with pytest.raises(ValueError, match="made anew"):
        view.edit(leaf.node, 0, 1.0)


def test_an_edit_is_refused_where_the_name_of_the_leaf_was_used_again():
    w = torch.tensor([1.0, 2.0], requires_grad=True)
    view = lk.stepper(lambda: (w**2).sum())
    (leaf,) = view.walk.leaves
    w = torch.tensor([3.0, 4.0], requires_grad=True)
    with pytest.raises(ValueError, match="'w' is another tensor now"):
        view.edit(leaf.node, 0, 5.0)
