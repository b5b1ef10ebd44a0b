"""What a boundary picture says agrees with the model, the loss and autograd."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from labkit.learn import boundary_picture
from labkit.learn.boundary.contour import boundary_segments
from labkit.learn.boundary.drawing import ARROW, arrows_on_page
from labkit.learn.boundary.state import SIDE, read_plane, read_state

X = torch.tensor([[0.0, 0.0], [1.0, 0.0], [2.0, 1.0], [3.0, 2.0]])
Y = torch.tensor([1, 0, 0, 1])


def squared(logits, labels):
    return (logits.sigmoid() - labels) ** 2


def linear(w, b):
    model = nn.Linear(2, 1)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([w]))
        model.bias.fill_(b)
    return model


def test_logits_losses_and_pulls_are_those_of_the_model_and_the_loss():
    model = linear([2.0, -1.0], -1.0)
    logits = model(X)[:, 0].detach().requires_grad_()
    for loss in (None, squared):
        if loss is None:
            each = functional.binary_cross_entropy_with_logits(logits, Y.float(), reduction="none")
        else:
            each = loss(logits, Y.float())
        (gradient,) = torch.autograd.grad(each.sum(), logits)
        state = read_state(model, read_plane(X, Y), loss)
        np.testing.assert_allclose(state.logits, logits.detach(), rtol=1e-6)
        np.testing.assert_allclose(state.losses, each.detach(), rtol=1e-6)
        np.testing.assert_allclose(state.pulls, -gradient, rtol=1e-6)


def test_two_logits_are_read_as_their_difference():
    """The losses are those of the cross-entropy of two classes."""
    model = nn.Linear(2, 2)
    state = read_state(model, read_plane(X, Y))
    each = functional.cross_entropy(model(X), Y, reduction="none").detach()
    np.testing.assert_allclose(state.losses, each, rtol=1e-5)


def test_a_sample_pushes_the_boundary_so_that_it_comes_to_its_own_side():
    model = linear([1.0, 0.0], -1.5)  # class 1 is at the right
    plane = read_plane(X, Y)
    arrows = arrows_on_page(plane, read_state(model, plane))
    assert arrows[0, 0] < 0  # a 1 at the left: the boundary has to go further left
    assert arrows[2, 0] > 0  # a 0 at the right
    assert np.abs(arrows[:, 1]).max() < 1e-6  # perpendicular to the boundary
    assert np.linalg.norm(arrows, axis=1).max() < ARROW


def test_reading_a_model_changes_nothing_in_it():
    model = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        read_state(model, read_plane(X, Y))
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert [part.training for part in model.modules()] == [True, True, False, True]


def test_a_model_that_says_the_same_everywhere_has_no_boundary_and_no_arrows():
    plane = read_plane(X, Y)
    state = read_state(lambda points: torch.ones(len(points)), plane)
    assert boundary_segments(state.grid) == []
    assert not arrows_on_page(plane, state).any()


def test_a_straight_boundary_is_drawn_where_it_is():
    plane = read_plane(X, Y)
    state = read_state(linear([1.0, 0.0], -1.5), plane)
    across = (1.5 - plane.x[0]) / (plane.x[1] - plane.x[0])
    segments = boundary_segments(state.grid)
    assert len(segments) == SIDE - 1
    assert {round(x, 5) for segment in segments for x, _ in segment} == {round(across, 5)}


def test_a_saddle_has_two_lines_in_one_cell():
    assert len(boundary_segments(np.array([[1.0, -1.0], [-1.0, 1.0]]))) == 2


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (torch.zeros(4, 3), Y, r"shape \(n, 2\).*got \(4, 3\)"),
        (X, torch.tensor([0, 1, 2, 3]), "labels of 0 and 1 are taken; got 0, 1, 2, 3"),
        (X, Y[:2], "4 samples and y has 2 labels"),
    ],
)
def test_other_samples_are_refused(x, y, words):
    with pytest.raises(ValueError, match=words):
        boundary_picture(lambda points: points.sum(dim=1), x, y)


def test_a_model_or_a_loss_that_gives_something_else_is_refused():
    with pytest.raises(ValueError, match=r"one logit for each point.*returned \(4, 3\)"):
        boundary_picture(nn.Linear(2, 3), X, Y)
    with pytest.raises(ValueError, match='reduction="none"'):
        boundary_picture(nn.Linear(2, 1), X, Y, loss=nn.BCEWithLogitsLoss())


def test_a_bare_picture_is_the_plane_alone():
    whole = boundary_picture(linear([1.0, 0.0], 0.0), X, Y)
    bare = boundary_picture(linear([1.0, 0.0], 0.0), X, Y, bare=True)
    assert "<text" in whole.svg
    assert "<text" not in bare.svg
    assert 'width="480" height="340" viewBox="0 0 480.0 340.0"' in bare.svg
