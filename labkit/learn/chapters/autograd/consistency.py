"""Exercise 3 of chapter 02: a loss from which only one of two models learns."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake


def _layer(weights: list[list[float]]) -> nn.Linear:
    """Make a layer with these weights, whatever the random state."""
    layer = nn.Linear(len(weights[0]), len(weights), device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.tensor(weights))
        layer.bias.zero_()
    return layer


def _case(student: list[list[float]], teacher: list[list[float]], n: int) -> Case:
    generator = torch.Generator().manual_seed(n)
    x = torch.randn(n, len(student[0]), generator=generator)
    return Case(_layer(student), _layer(teacher), x)


def _observe(call: Call) -> dict[str, Any]:
    result = call.result
    if isinstance(result, Tensor) and result.requires_grad:
        result.sum().backward()  # type: ignore[no-untyped-call]
    student, teacher = call.arguments[:2]
    return {
        "the loss": result,
        "it is still a tensor:": isinstance(result, Tensor),
        "the student gets gradients:": _learns(student),
        "the teacher gets gradients:": _learns(teacher),
    }


def _learns(layer: nn.Linear) -> bool:
    return layer.weight.grad is not None and bool(layer.weight.grad.any())


def _difference(student: nn.Module, teacher: nn.Module, x: Tensor) -> Tensor:
    difference: Tensor = student(x) - teacher(x).detach()
    return difference


def _both(student: nn.Module, teacher: nn.Module, x: Tensor) -> Tensor:
    return nn.functional.mse_loss(student(x), teacher(x))


def _teacher_only(student: nn.Module, teacher: nn.Module, x: Tensor) -> Tensor:
    return nn.functional.mse_loss(student(x).detach(), teacher(x))


CONSISTENCY = Exercise(
    name="consistency",
    task=(
        "Write `consistency(student, teacher, x)`: the mean squared difference of their outputs, "
        "from which only the student learns."
    ),
    solution=lambda student, teacher, x: (_difference(student, teacher, x) ** 2).mean(),
    cases=(
        _case([[0.5, -1.0]], [[1.0, 0.25]], 3),
        _case([[1.0, 2.0, 0.5], [0.0, -1.0, 1.0]], [[0.5, 0.5, 0.5], [1.0, 0.0, 2.0]], 5),
        _case([[2.0]], [[-1.0]], 4),
    ),
    observe=_observe,
    praise=(
        "The value is the same with or without the cut; only who learns from it differs. Target "
        "networks, distillation and contrastive learning all rest on this line."
    ),
    mistakes=(
        Mistake(
            "teacher_frozen",
            "This switches off the teacher's gradients for good: `requires_grad_(False)` stays "
            "after the call, and whoever trains the teacher later wonders why it stands still. Cut "
            "its output in place of freezing its parameters.",
            changes="teacher",
            seen_in=lambda trial: trial.source.mentions("requires_grad_", "requires_grad"),
        ),
        Mistake(
            "teacher_in_eval_mode",
            "`eval()` changes how dropout and batch normalisation work, not who learns; and it "
            "stays after the call. Cut the teacher's output off in its place.",
            changes="teacher",
            seen_in=lambda trial: trial.source.calls("eval", "train"),
        ),
        Mistake(
            "own_backward",
            "The function calls `backward` itself. It is asked for the loss; whoever calls it "
            "decides when to go back through the graph.",
            changes="student",
            seen_in=lambda trial: trial.source.calls("backward"),
        ),
        Mistake(
            "both_learn",
            "The teacher gets gradients too: it would move towards its student, and the two meet "
            "at any answer at all.",
            like=_both,
        ),
        Mistake(
            "number",
            "A plain number came back: `item()` and `float()` take the value out of the graph, and "
            "nothing can be learned from it.",
            like=lambda student, teacher, x: _both(student, teacher, x).item(),
        ),
        Mistake(
            "nobody_learns",
            "Neither of them learns: the whole loss was computed without a graph. Only the "
            "teacher's output must be cut.",
            like=lambda student, teacher, x: _both(student, teacher, x).detach(),
        ),
        Mistake(
            "wrong_one",
            "The cut is at the student's output: the teacher learns from its student here.",
            like=_teacher_only,
        ),
        Mistake(
            "halved",
            "This is half of it. The task asks for the mean of the squares as it is.",
            like=lambda student, teacher, x: (_difference(student, teacher, x) ** 2).mean() / 2,
        ),
        Mistake(
            "averaged_over_rows_only",
            "The squares were added up, and divided by the number of *rows*. Each row may have "
            "several outputs: divide by how many numbers there are, as `mean()` does.",
            like=lambda student, teacher, x: (_difference(student, teacher, x) ** 2).sum() / len(x),
        ),
        Mistake(
            "class_of_the_loss",
            "`nn.MSELoss` is a class, and its brackets take settings: `nn.MSELoss()(a, b)`, or the "
            "function `nn.functional.mse_loss(a, b)`.",
            raises="Boolean value of Tensor",
            seen_in=lambda trial: trial.source.calls("MSELoss"),
        ),
        Mistake(
            "summed",
            "This is the sum; the task asks for the mean.",
            like=lambda student, teacher, x: (_difference(student, teacher, x) ** 2).sum(),
        ),
        Mistake(
            "root",
            "This is the root of the mean squared difference. The task asks for the mean itself.",
            like=lambda student, teacher, x: (_difference(student, teacher, x) ** 2).mean() ** 0.5,
        ),
        Mistake(
            "averaged_too_early",
            "The mean was taken first and squared then, so that differences above and below zero "
            "cancel. Square first.",
            like=lambda student, teacher, x: _difference(student, teacher, x).mean() ** 2,
        ),
        Mistake(
            "not_averaged",
            "One number for each output came back: `backward` would refuse it. Take their mean.",
            like=lambda student, teacher, x: _difference(student, teacher, x) ** 2,
        ),
        Mistake(
            "absolute",
            "These are absolute differences; the task asks for squares.",
            like=lambda student, teacher, x: _difference(student, teacher, x).abs().mean(),
        ),
        Mistake(
            "signed",
            "The differences were not squared: those above and those below zero cancel.",
            like=lambda student, teacher, x: _difference(student, teacher, x).mean(),
        ),
        Mistake(
            "models_subtracted",
            "Two models cannot be subtracted, only their outputs: call them with `x` first.",
            raises=r"unsupported operand type\(s\) for -: '(Linear|Module)'",
        ),
        Mistake(
            "model_detached",
            "A model has no `detach`: it is the tensor that comes *out* of it that is cut.",
            raises="'Linear' object has no attribute 'detach'",
        ),
    ),
    hints=(
        "Which of the two outputs must look like a constant to autograd?",
        (
            "`teacher(x).detach()` has the same values and no past. So has an output that was "
            "computed under `torch.no_grad()`."
        ),
        "Return `((student(x) - teacher(x).detach()) ** 2).mean()`.",
    ),
)
