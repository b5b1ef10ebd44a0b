"""Exercise 2 of chapter 09: clip gradients by their norm together."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake, Trial

_Gradients = list[Tensor]
_Clip = Callable[[_Gradients, float], Any]


def _case(shapes: list[tuple[int, ...]], most: float, scale: float = 1.0) -> Case:
    generator = torch.Generator().manual_seed(len(shapes))
    return Case([scale * torch.randn(*shape, generator=generator) for shape in shapes], most)


def _norm(gradients: _Gradients) -> Tensor:
    squares: list[Tensor] = [(gradient**2).sum() for gradient in gradients]
    return torch.stack(squares).sum().sqrt()


def _joined(gradients: _Gradients) -> Tensor:
    return torch.cat([gradient.flatten() for gradient in gradients])


def _times(factor_of: Callable[[_Gradients, float], Any]) -> _Clip:
    """Return the function that multiplies all gradients by one factor."""

    def clip(gradients: _Gradients, most: float) -> _Gradients:
        factor = factor_of(gradients, most)
        return [gradient * factor for gradient in gradients]

    return clip


def _at_most(norm_of: Callable[[_Gradients], Any]) -> _Clip:
    """Return the function that clips by this norm."""
    return _times(lambda gradients, most: min(1.0, float(most / norm_of(gradients))))


def _each_alone(gradients: _Gradients, most: float) -> _Gradients:
    return [gradient * min(1.0, most / float(gradient.norm())) for gradient in gradients]


def _to_one(gradients: _Gradients, most: float) -> float:
    norm = float(_norm(gradients))
    return 1 / norm if norm > most else 1.0


def _assigns_its_loop_variable(trial: Trial) -> bool:
    """Whether a loop gives a new value to its own variable, as in ``for g in x: g = 2 * g``."""
    tree = trial.source.tree
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == loop.target.id
        for loop in ast.walk(tree or ast.Module([], []))
        if isinstance(loop, ast.For) and isinstance(loop.target, ast.Name)
        for statement in loop.body
        for node in ast.walk(statement)
    )


def _are_norms_or_unchanged(trial: Trial) -> bool:
    return all(
        isinstance(call.result, Tensor) or trial.same(call.result, call.case.build()[0])
        for call in trial.calls
    )


CLIP_GRADIENTS = Exercise(
    name="clip_gradients",
    task=(
        "Write `clip_gradients(gradients, most)`: return the gradients as a list. If the norm of "
        "all of them together is above `most`, make them all smaller by one factor, so that it "
        "becomes `most`."
    ),
    solution=_at_most(_norm),
    cases=(
        _case([(3, 2), (5,)], 1.0),
        _case([(3, 2), (5,)], 1.0, scale=0.001),
        _case([(4,), (2, 2), (1, 3)], 0.5),
        _case([(6,)], 2.5, scale=2.0),
    ),
    praise="The direction stays, the length is bounded: this is `clip_grad_norm_`.",
    mistakes=(
        Mistake(
            "in_place",
            "The gradients that were given have changed. `clip_grad_norm_` does that, as the `_` "
            "at its end says; here new ones are returned.",
            changes="gradients",
        ),
        Mistake(
            "each_alone",
            "Each gradient was clipped on its own, so the direction of the whole step has changed. "
            "Take one norm over all of them.",
            like=_each_alone,
        ),
        Mistake(
            "by_value",
            "This cuts every number at `most`: another direction, and a norm that may still be "
            "larger.",
            like=(
                lambda gradients, most: [gradient.clamp(-most, most) for gradient in gradients],
                lambda gradients, most: [gradient.clamp(max=most) for gradient in gradients],
            ),
        ),
        Mistake(
            "always",
            "Small gradients were made larger. Change only those whose norm is above `most`.",
            like=(
                _times(lambda gradients, most: most / _norm(gradients)),
                _times(lambda gradients, most: 1 / _norm(gradients)),
            ),
        ),
        Mistake(
            "norm_not_rooted",
            "This divides by the *square* of the norm: take the root of the sum of squares.",
            like=_at_most(lambda gradients: _norm(gradients) ** 2),
        ),
        Mistake(
            "norms_added",
            "The norms of the parts were added up. Norms add like the sides of a right-angled "
            "triangle: as squares.",
            like=_at_most(lambda gradients: sum(gradient.norm() for gradient in gradients)),
        ),
        Mistake(
            "largest_norm",
            "This takes the largest of the norms. That of all of them together is larger still.",
            like=_at_most(lambda gradients: max(gradient.norm() for gradient in gradients)),
        ),
        Mistake(
            "largest_number",
            "This takes the largest number as the norm. The norm is the length: the root of the "
            "sum of all squares.",
            like=_at_most(lambda gradients: max(gradient.abs().max() for gradient in gradients)),
        ),
        Mistake(
            "sizes_added",
            "The sizes of the numbers were added up. The norm is the root of the sum of their "
            "*squares*.",
            like=_at_most(lambda gradients: sum(gradient.abs().sum() for gradient in gradients)),
        ),
        Mistake(
            "squares_averaged",
            "The squares were averaged. The norm is the root of their *sum*: the more numbers, the "
            "longer the gradient.",
            like=(
                _at_most(lambda gradients: sum((g**2).mean() for g in gradients) ** 0.5),
                _at_most(lambda gradients: (_joined(gradients) ** 2).mean() ** 0.5),
            ),
        ),
        Mistake(
            "norm_of_the_first",
            "This takes the norm of the first gradient alone. All of them count.",
            like=_at_most(lambda gradients: gradients[0].norm()),
        ),
        Mistake(
            "clipped_to_one",
            "This brings every norm that is too large to 1. It should become `most`.",
            like=(
                _times(_to_one),
                _times(lambda gradients, most: min(1.0, float(1 / _norm(gradients)))),
            ),
        ),
        Mistake(
            "the_wrong_ones",
            "Small gradients became longer, and long ones stayed. The factor must be *at most* 1: "
            "take `min`.",
            like=_times(lambda gradients, most: max(1.0, float(most / _norm(gradients)))),
        ),
        Mistake(
            "factor_upside_down",
            "The factor is the wrong way up: the longer the gradient, the smaller it has to be.",
            like=(
                _times(lambda gradients, most: min(1.0, float(_norm(gradients) / most))),
                _times(lambda gradients, most: max(1.0, float(_norm(gradients) / most))),
            ),
        ),
        Mistake(
            "thrown_away",
            "Where the norm is too large, every gradient becomes 0, and nothing is learned from "
            "that step. Make them shorter, and keep their direction.",
            like=_times(lambda gradients, most: float(_norm(gradients) <= most)),
        ),
        Mistake(
            "loop_variable",
            "The gradients come back as they were. In a loop, `g = g * factor` gives the name `g` "
            "to a new tensor; the list still holds the old ones. Build a new list.",
            like=lambda gradients, most: gradients,
            seen_in=_assigns_its_loop_variable,
        ),
        Mistake(
            "clipped_by_torch",
            "`clip_grad_norm_` takes parameters, shortens their `.grad`, and returns the norm. "
            "Here you write what is inside it.",
            seen_in=lambda trial: (
                trial.source.mentions("clip_grad_norm_") and _are_norms_or_unchanged(trial)
            ),
        ),
        Mistake(
            "unchanged",
            "The gradients come back as they were, however long they are.",
            like=lambda gradients, most: gradients,
        ),
        Mistake(
            "first_returned",
            "Only the first gradient came back. (Is the `return` inside the loop?)",
            like=(
                lambda gradients, most: _at_most(_norm)(gradients, most)[:1],
                lambda gradients, most: _at_most(_norm)(gradients, most)[0],
            ),
        ),
        Mistake(
            "one_tensor",
            "A single tensor came back. The task asks for a list, with the gradients in their own "
            "shapes.",
            seen_in=lambda trial: all(isinstance(result, Tensor) for result in trial.results),
        ),
        Mistake(
            "list_as_a_tensor",
            "`gradients` is a list of tensors, and a list has no norm. Go through its tensors one "
            "by one.",
            raises=r"'list' object has no attribute|must be Tensor, not list|got \(list",
        ),
        Mistake(
            "different_shapes",
            "Gradients have different shapes, so they cannot be stacked or added up as they are. "
            "Flatten each one, or add up the *numbers* `(g**2).sum()`.",
            raises="stack expects each tensor to be equal size|size of tensor a .* must match|"
            "Tensors must have same number of dimensions|Sizes of tensors must match",
        ),
    ),
    hints=(
        "What is the length of one long vector that holds all the numbers of all gradients?",
        "`torch.sqrt(sum((g**2).sum() for g in gradients))` is the norm together.",
        "`factor = min(1.0, most / norm)`, then return `[g * factor for g in gradients]`.",
    ),
)
