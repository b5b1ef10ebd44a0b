"""Exercise 3 of chapter 03: the training loop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake

_Optimizer = Callable[..., torch.optim.Optimizer]
_SGD: _Optimizer = torch.optim.SGD


def _layer(weights: list[float]) -> nn.Linear:
    """Make the same untrained layer each time, whatever the random state."""
    layer = nn.Linear(len(weights), 1, device="meta").to_empty(device="cpu")
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([weights]))
        layer.bias.zero_()
    return layer


def _case(weights: list[float], n_samples: int, steps: int, lr: float) -> Case:
    generator = torch.Generator().manual_seed(n_samples)
    x = torch.randn(n_samples, len(weights), generator=generator)
    y = x @ torch.arange(1.0, len(weights) + 1)[:, None] + 0.5
    return Case(_layer(weights), x, y, steps, lr)


def _train(
    model: nn.Module,
    x: Tensor,
    y: Tensor,
    steps: int,
    lr: float,
    *,
    clear: bool = True,
    loss_of: Callable[..., Tensor] = nn.functional.mse_loss,
    optimizer_of: _Optimizer = _SGD,
) -> None:
    """Train as the task says, or with the slip that is asked for."""
    optimizer = optimizer_of(model.parameters(), lr=lr)
    for _ in range(steps):
        if clear:
            optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _solution(model: nn.Module, x: Tensor, y: Tensor, steps: int, lr: float) -> None:
    _train(model, x, y, steps, lr)


def _other_steps(more: int) -> Callable[..., None]:
    return lambda model, x, y, steps, lr: _train(model, x, y, steps + more, lr)


def _negative(prediction: Tensor, target: Tensor) -> Tensor:
    return -nn.functional.mse_loss(prediction, target)


def _half(prediction: Tensor, target: Tensor) -> Tensor:
    return nn.functional.mse_loss(prediction, target) / 2


def _each_sample(model: nn.Module, x: Tensor, y: Tensor, steps: int, lr: float) -> None:
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    for _ in range(steps):
        for one, target in zip(x, y, strict=True):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(one), target)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


def _every_pair(prediction: Tensor, target: Tensor) -> Tensor:
    return ((prediction - target.reshape(1, -1)) ** 2).mean()


def _weight_only(model: nn.Module, x: Tensor, y: Tensor, steps: int, lr: float) -> None:
    weights = [each for name, each in model.named_parameters() if name != "bias"]
    optimizer = torch.optim.SGD(weights, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _same_gradient(model: nn.Module, x: Tensor, y: Tensor, steps: int, lr: float) -> None:
    _train(model, x, y, 1, lr * steps)


def _observe(call: Call) -> dict[str, Any]:
    model = call.arguments[0]
    weights = [parameter.detach().reshape(-1) for parameter in model.parameters()]
    return {"after the training, the vector of weights and bias": torch.cat(weights)}


TRAIN = Exercise(
    name="train",
    task=(
        "Write `train(model, x, y, steps, lr)`: that many steps of plain SGD on the mean squared "
        "error, with all samples in every step. The model is trained in place."
    ),
    solution=_solution,
    cases=(
        _case([0.2, 0.1], n_samples=12, steps=8, lr=0.05),
        _case([-0.5], n_samples=5, steps=3, lr=0.1),
        _case([0.3, -0.4, 0.6], n_samples=20, steps=12, lr=0.02),
    ),
    observe=_observe,
    may_change=("model",),
    praise="Forward, clear, backward, step: the four beats of every training loop in this course.",
    mistakes=(
        Mistake(
            "accumulates",
            "`zero_grad` is missing: `backward` adds to `.grad`, so each step was made with the "
            "sum of all gradients so far. The loss swings, and may blow up. (Without its round "
            "brackets, a method is not called.)",
            like=partial(_train, clear=False),
        ),
        Mistake(
            "unchanged",
            "The weights are those from before. Either `step` or `backward` is missing, or "
            "`zero_grad` stands between them and wipes out what `backward` found, or another model "
            "was trained: a copy, a new one. (Without its round brackets, a method is not called.)",
            like=lambda model, x, y, steps, lr: None,
        ),
        Mistake(
            "one_step",
            "Exactly one step was made: is part of the loop's body not indented, or is there a "
            "`return` in it?",
            like=lambda model, x, y, steps, lr: _train(model, x, y, 1, lr),
        ),
        Mistake(
            "one_too_few",
            "One step too few: this happens when `step` comes before `backward` in the loop, or "
            "with `range(1, steps)`.",
            like=_other_steps(-1),
        ),
        Mistake(
            "one_too_many",
            "One step too many: `range(steps + 1)` counts from 0 up to and including `steps`.",
            like=_other_steps(1),
        ),
        Mistake(
            "same_gradient",
            "Every step goes the same way as the first: the loss was computed once. Compute it "
            "inside the loop, from the weights of the moment.",
            like=_same_gradient,
        ),
        Mistake(
            "loss_computed_once",
            "The graph of a loss is used up by its `backward`, and the second one found none. Are "
            "the prediction and the loss computed before the loop? Both belong inside it.",
            raises="backward through the graph a second time",
        ),
        Mistake(
            "broadcast",
            "(n, 1) and (n,) met in the loss: every prediction was compared with every target, and "
            "the model learns the mean. `model(x)` and `y` fit together as they are.",
            like=partial(_train, loss_of=_every_pair),
        ),
        Mistake(
            "weight_only",
            "The bias has not moved. It is a parameter like the weights: "
            "`model.parameters()` holds both.",
            like=_weight_only,
        ),
        Mistake(
            "summed",
            "The loss was summed over the samples: the gradient is as many times longer as there "
            "are samples, and so is each step.",
            like=partial(_train, loss_of=nn.MSELoss(reduction="sum")),
        ),
        Mistake(
            "halved",
            "The loss is half of the mean squared error, so each step is half as long. (If you "
            "wrote `/ 2` to get rid of a 2 in the derivative: autograd needs no such help.)",
            like=partial(_train, loss_of=_half),
        ),
        Mistake(
            "rooted",
            "The loss is the *root* of the mean squared error. Its minimum is at the same place, "
            "but its gradient is another, so the walk takes other steps.",
            like=partial(_train, loss_of=lambda p, y: nn.functional.mse_loss(p, y).sqrt()),
        ),
        Mistake(
            "absolute",
            "This trains on the mean *absolute* error. Its gradient does not shrink near the "
            "minimum, so the walk takes another path.",
            like=partial(_train, loss_of=nn.functional.l1_loss),
        ),
        Mistake(
            "uphill",
            "This walks uphill: the loss has the wrong sign.",
            like=partial(_train, loss_of=_negative),
        ),
        Mistake(
            "adam",
            "This is Adam: a good optimizer, but not plain SGD. Chapter 07 lets them race.",
            like=(
                partial(_train, optimizer_of=torch.optim.Adam),
                partial(_train, optimizer_of=torch.optim.AdamW),
            ),
        ),
        Mistake(
            "momentum",
            "This is SGD with momentum: each step also goes on along the steps before. The task "
            "asks for plain SGD.",
            like=(
                partial(_train, optimizer_of=partial(torch.optim.SGD, momentum=0.9)),
                partial(_train, optimizer_of=partial(torch.optim.SGD, momentum=0.9, nesterov=True)),
            ),
        ),
        Mistake(
            "sample_by_sample",
            "A step was made for each sample. The task asks for all samples in every step: hand "
            "the whole of `x` to the model.",
            like=_each_sample,
        ),
        Mistake(
            "own_rate",
            "The `lr` that your function is given plays no part in it: is another rate written "
            "into it, or was the optimizer made without one?",
            seen_in=lambda trial: trial.source.does_without("lr"),
        ),
        Mistake(
            "own_number_of_steps",
            "The `steps` that your function is given play no part in it: is a number of its own "
            "written into it?",
            seen_in=lambda trial: trial.source.does_without("steps"),
        ),
        Mistake(
            "backward_on_the_optimizer",
            "`backward` belongs to the loss: `loss.backward()`. The optimizer has `zero_grad` and "
            "`step`.",
            raises=r"AttributeError.*'SGD' object has no attribute 'backward'",
        ),
        Mistake(
            "loss_is_a_number",
            "The loss is a plain number by then, without a graph behind it. Call `item()` only for "
            "printing or collecting, on another name.",
            raises="'float' object has no attribute 'backward'",
        ),
        Mistake(
            "no_graph",
            "`backward` found no graph to go back through: was the prediction made under "
            "`torch.no_grad()`, or cut off by `detach()`, or were the weights frozen by "
            "`requires_grad`?",
            raises="does not require grad and does not have a grad_fn",
        ),
        Mistake(
            "class_not_called",
            "`nn.MSELoss` is a class: its brackets make the loss function, and that one is called "
            "with the tensors, as in `nn.MSELoss()(..., ...)`.",
            raises="Boolean value of Tensor",
        ),
        Mistake(
            "parameters_without_brackets",
            "`model.parameters` is the method itself; the optimizer needs what it returns: "
            "`model.parameters()`.",
            raises="'method' object is not iterable|argument given to the optimizer.*method",
        ),
        Mistake(
            "model_not_called",
            "`F.mse_loss` needs the model's *predictions*: it got something else. Call the model: "
            "`model(x)`.",
            raises="'Linear' object has no attribute 'size'|must be Tensor, not Linear",
        ),
    ),
    hints=(
        "Make the optimizer once, before the loop. Which four things happen in each step?",
        (
            "Loss from `F.mse_loss(model(x), y)`; then `zero_grad()`, `backward()`, `step()`, in "
            "this order."
        ),
        (
            "`optimizer = torch.optim.SGD(model.parameters(), lr=lr)`, and in the loop: "
            "`loss = F.mse_loss(model(x), y)`; `optimizer.zero_grad()`; `loss.backward()`; "
            "`optimizer.step()`."
        ),
    ),
)
