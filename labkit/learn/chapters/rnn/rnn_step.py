"""Exercise 1 of chapter 09: one step of a recurrent cell."""

from __future__ import annotations

import ast
from collections.abc import Callable

import torch
from torch import Tensor

from labkit.learn.checks import Case, Exercise, Mistake

_Step = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]


def _case(n: int, inputs: int, units: int) -> Case:
    generator = torch.Generator().manual_seed(n)

    def draw(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    return Case(
        draw(n, inputs), draw(n, units), draw(units, inputs), draw(units, units), draw(units)
    )


def _of_the_sum(activation: Callable[[Tensor], Tensor]) -> _Step:
    return lambda x, h, w_x, w_h, b: activation(x @ w_x.T + h @ w_h.T + b)


RNN_STEP = Exercise(
    name="rnn_step",
    task=(
        "Write `rnn_step(x, h, w_x, w_h, b)`: the next state, tanh of input times `w_x` plus state "
        "times `w_h` plus `b`."
    ),
    solution=_of_the_sum(torch.tanh),
    cases=(
        _case(2, inputs=3, units=4),
        _case(5, inputs=2, units=3),
        # As many inputs as units: a matrix that is the wrong way round raises no error.
        _case(3, inputs=4, units=4),
    ),
    praise="This line is all of `nn.RNN`; the rest is a loop around it.",
    mistakes=(
        Mistake(
            "no_tanh",
            "The tanh is missing: without it the state is a sum of all inputs, and can grow "
            "without bound.",
            like=_of_the_sum(lambda total: total),
        ),
        Mistake(
            "state_forgotten",
            "The previous state plays no part, so nothing is remembered: this is a plain layer.",
            like=lambda x, h, w_x, w_h, b: (x @ w_x.T + b).tanh(),
        ),
        Mistake(
            "input_forgotten",
            "The input plays no part: the state goes on by itself, whatever is read.",
            like=lambda x, h, w_x, w_h, b: (h @ w_h.T + b).tanh(),
        ),
        Mistake(
            "bias_forgotten",
            "The bias is missing.",
            like=lambda x, h, w_x, w_h, b: (x @ w_x.T + h @ w_h.T).tanh(),
        ),
        Mistake(
            "bias_twice",
            "The bias was added twice. (`nn.RNN` has two of them, and both would be `b`; the task "
            "has one.)",
            like=lambda x, h, w_x, w_h, b: (x @ w_x.T + h @ w_h.T + 2 * b).tanh(),
        ),
        Mistake(
            "state_not_transposed",
            "`w_h` is the wrong way round. PyTorch stores weights as (outputs, inputs), so the "
            "state is multiplied by `w_h.T`; as `w_h` is square, nothing complains.",
            like=lambda x, h, w_x, w_h, b: (x @ w_x.T + h @ w_h + b).tanh(),
        ),
        Mistake(
            "multiplied_by_elements",
            "`*` multiplies element by element. The product of two matrices is `@`.",
            raises="size of tensor a .* must match",
            seen_in=lambda trial: trial.source.has(ast.Mult) or trial.source.mentions("mul"),
        ),
        Mistake(
            "shapes_do_not_fit",
            "The shapes do not fit: `w_x` is (units, inputs), so it is `x @ w_x.T`, with `x` "
            "first. The same holds for `h` and `w_h`.",
            raises="mat1 and mat2",
            # All sizes of the first case differ, so a product that is the wrong way round fails.
            seen_in=lambda trial: trial.calls[0].error is not None,
        ),
        Mistake(
            "tanh_of_one_number",
            "`math.tanh` takes a single number. For all numbers of a tensor there is `torch.tanh`.",
            raises="be converted to Python scalars",
        ),
        Mistake(
            "tanh_layer",
            "`nn.Tanh` is a layer: it is built first and called afterwards. The function is "
            "`torch.tanh`.",
            raises=r"Tanh\.__init__\(\) takes",
        ),
        Mistake(
            "sigmoid",
            "This is a sigmoid: it gives 0 to 1, a state that is never negative. `nn.RNN` takes "
            "tanh.",
            like=_of_the_sum(torch.sigmoid),
        ),
        Mistake(
            "relu",
            "This is a ReLU. `nn.RNN` can use one (`nonlinearity`), but then nothing bounds the "
            "state; the task asks for tanh.",
            like=_of_the_sum(torch.relu),
        ),
        Mistake(
            "tanh_too_early",
            "The tanh was taken of parts, which were added afterwards. Add everything first: one "
            "tanh around the whole sum.",
            like=(
                lambda x, h, w_x, w_h, b: (x @ w_x.T).tanh() + (h @ w_h.T).tanh() + b,
                lambda x, h, w_x, w_h, b: (x @ w_x.T).tanh() + (h @ w_h.T).tanh() + b.tanh(),
                lambda x, h, w_x, w_h, b: (x @ w_x.T).tanh() + h @ w_h.T + b,
                lambda x, h, w_x, w_h, b: x @ w_x.T + (h @ w_h.T).tanh() + b,
                lambda x, h, w_x, w_h, b: x @ w_x.T + (h @ w_h.T + b).tanh(),
                lambda x, h, w_x, w_h, b: (x @ w_x.T + h @ w_h.T).tanh() + b,
            ),
        ),
        Mistake(
            "tanh_twice",
            "There is one tanh too many: it is taken once, of the whole sum.",
            like=lambda x, h, w_x, w_h, b: (x @ w_x.T + h @ w_h.T + b).tanh().tanh(),
        ),
        Mistake(
            "parts_multiplied",
            "What comes from the input and what comes from the state are *added*.",
            like=lambda x, h, w_x, w_h, b: ((x @ w_x.T) * (h @ w_h.T) + b).tanh(),
        ),
        Mistake(
            "bias_multiplied",
            "The sum was multiplied by the bias. A bias is added.",
            like=lambda x, h, w_x, w_h, b: ((x @ w_x.T + h @ w_h.T) * b).tanh(),
        ),
        Mistake(
            "subtracted",
            "One of the three parts was subtracted. All of them are added: a weight or a bias has "
            "a sign of its own.",
            like=(
                lambda x, h, w_x, w_h, b: (x @ w_x.T + h @ w_h.T - b).tanh(),
                lambda x, h, w_x, w_h, b: (x @ w_x.T - h @ w_h.T + b).tanh(),
            ),
        ),
        Mistake(
            "softmax",
            "This is a softmax: its numbers compete, and add up to 1. A state is no list of "
            "probabilities; the task asks for tanh.",
            like=_of_the_sum(lambda total: total.softmax(dim=-1)),
        ),
        Mistake(
            "own_weights",
            "`nn.RNNCell` draws weights of its own, at random. The task gives the weights.",
            seen_in=lambda trial: (
                trial.source.mentions("RNNCell", "RNN")
                and "w_h" in trial.source.ignored_arguments()
            ),
        ),
        Mistake(
            "old_state_added",
            "The old state was added to the new one. Another kind of network does that; a plain "
            "RNN keeps of its state only what `w_h` carries over.",
            like=lambda x, h, w_x, w_h, b: h + (x @ w_x.T + h @ w_h.T + b).tanh(),
        ),
    ),
    hints=(
        "Three things are added up before the tanh. What are their shapes?",
        "`x @ w_x.T` is (n, units), and so is `h @ w_h.T`; the bias is added to each row.",
        "Return `torch.tanh(x @ w_x.T + h @ w_h.T + b)`.",
    ),
)
