"""The plan of chapter 09: recurrence, gradients through time, clipping, gates, lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from labkit.learn.call_result import CallResult, try_out
from labkit.learn.chapters import Plan
from labkit.learn.chapters.rnn_predictions import PREDICTIONS
from labkit.learn.exercise import Exercise, Mistake


def _draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


_X, _H = _draw(2, 3, seed=1), _draw(2, 4, seed=2)
_W_X, _W_H, _B = _draw(4, 3, seed=3), _draw(4, 4, seed=4), _draw(4, seed=5)
_SUM = _X @ _W_X.T + _H @ _W_H.T + _B


def _gives(expected: Tensor) -> Callable[[CallResult], bool]:
    def look(attempt: CallResult) -> bool:
        result = attempt.result
        return (
            isinstance(result, Tensor)
            and result.shape == expected.shape
            and torch.allclose(result, expected, atol=1e-5)
        )

    return look


def _raises(words: str) -> Callable[[CallResult], bool]:
    return lambda attempt: words in str(attempt.error)


_STEP = Exercise(
    name="rnn_step",
    task=(
        "Write `rnn_step(x, h, w_x, w_h, b)`: the next state, tanh of input times `w_x` plus "
        "state times `w_h` plus `b`."
    ),
    evaluate=lambda function: try_out(function, _X, _H, _W_X, _W_H, _B),
    is_right=_gives(_SUM.tanh()),
    praise="This line is all of `nn.RNN`; the rest is a loop around it.",
    mistakes=(
        Mistake(
            "no_tanh",
            _gives(_SUM),
            "The tanh is missing: without it the state is a sum of all inputs, and can grow "
            "without bound.",
        ),
        Mistake(
            "state_forgotten",
            _gives((_X @ _W_X.T + _B).tanh()),
            "The state before plays no part, so nothing is remembered: this is a plain layer.",
        ),
        Mistake(
            "bias_forgotten",
            _gives((_X @ _W_X.T + _H @ _W_H.T).tanh()),
            "The bias is missing.",
        ),
        Mistake(
            "state_not_turned",
            _gives((_X @ _W_X.T + _H @ _W_H + _B).tanh()),
            "`w_h` is the wrong way round. PyTorch keeps weights as (outputs, inputs), so the "
            "state is multiplied by `w_h.T`; as `w_h` is square, nothing complains.",
        ),
        Mistake(
            "input_not_turned",
            _raises("mat1 and mat2"),
            "The shapes do not fit: `w_x` is (4, 3), outputs by inputs, so it is `x @ w_x.T`.",
        ),
        Mistake(
            "sigmoid",
            _gives(_SUM.sigmoid()),
            "This is a sigmoid: it gives 0 to 1, a state that is never negative. `nn.RNN` takes "
            "tanh.",
        ),
    ),
    hints=(
        "Three things are added up before the tanh. What are their shapes?",
        "`x @ w_x.T` is (2, 4), and so is `h @ w_h.T`; the bias is added to each row.",
        "Return `torch.tanh(x @ w_x.T + h @ w_h.T + b)`.",
    ),
)


_GRADIENTS = (_draw(3, 2, seed=6), _draw(5, seed=7))
_NORM = torch.cat([g.flatten() for g in _GRADIENTS]).norm()
_TINY = tuple(0.001 * g for g in _GRADIENTS)


@dataclass(frozen=True)
class _Clipped:
    """What a learner's `clip` made of large gradients and of small ones."""

    large: CallResult
    small: CallResult


def _evaluate_clip(function: Callable[..., Any]) -> _Clipped:
    return _Clipped(try_out(function, list(_GRADIENTS), 1.0), try_out(function, list(_TINY), 1.0))


def _is(attempt: CallResult, expected: tuple[Tensor, ...]) -> bool:
    result = attempt.result
    if not isinstance(result, (list, tuple)) or len(result) != len(expected):
        return False
    return all(
        isinstance(r, Tensor) and r.shape == e.shape and torch.allclose(r, e, atol=1e-5)
        for r, e in zip(result, expected, strict=True)
    )


_CLIP = Exercise(
    name="clip",
    task=(
        "Write `clip(gradients, most)`: a list of the gradients, all made smaller by one factor if "
        "their norm together is above `most`, else as they are."
    ),
    evaluate=_evaluate_clip,
    is_right=lambda seen: (
        _is(seen.large, tuple(g / _NORM for g in _GRADIENTS)) and _is(seen.small, _TINY)
    ),
    praise="The direction stays, the length is bounded: this is `clip_grad_norm_`.",
    mistakes=(
        Mistake(
            "each_alone",
            lambda seen: _is(seen.large, tuple(g / g.norm() for g in _GRADIENTS)),
            "Each gradient was clipped on its own, so the direction of the whole step has changed. "
            "Take one norm over all of them.",
        ),
        Mistake(
            "by_value",
            lambda seen: _is(seen.large, tuple(g.clamp(-1, 1) for g in _GRADIENTS)),
            "This cuts every number at `most`: another direction, and a norm that is larger still.",
        ),
        Mistake(
            "always",
            lambda seen: (
                _is(seen.large, tuple(g / _NORM for g in _GRADIENTS)) and not _is(seen.small, _TINY)
            ),
            "Small gradients were made larger: only those above `most` are to be changed.",
        ),
        Mistake(
            "norm_not_rooted",
            lambda seen: _is(seen.large, tuple(g / _NORM**2 for g in _GRADIENTS)),
            "This divides by the *square* of the norm: take the root of the sum of squares.",
        ),
        Mistake(
            "norms_added",
            lambda seen: _is(
                seen.large, tuple(g / sum(each.norm() for each in _GRADIENTS) for g in _GRADIENTS)
            ),
            "The norms of the parts were added up. Norms add like the sides of a right-angled "
            "triangle: as squares.",
        ),
    ),
    hints=(
        "What is the length of one long vector that holds all the numbers of all gradients?",
        "`torch.sqrt(sum((g**2).sum() for g in gradients))` is the norm together.",
        "`factor = min(1.0, most / norm)`, then return `[g * factor for g in gradients]`.",
    ),
)


_OUTPUTS, _LENGTHS = _draw(3, 5, 2, seed=8), torch.tensor([5, 2, 3])
_LAST = torch.stack([_OUTPUTS[0, 4], _OUTPUTS[1, 1], _OUTPUTS[2, 2]])


_LAST_STATES = Exercise(
    name="last_states",
    task=(
        "Write `last_states(outputs, lengths)`: of padded outputs (n, time, units), each "
        "sequence's state at its own last step, (n, units)."
    ),
    evaluate=lambda function: try_out(function, _OUTPUTS, _LENGTHS),
    is_right=_gives(_LAST),
    praise="The padding is there, and nobody reads it.",
    mistakes=(
        Mistake(
            "last_column",
            _gives(_OUTPUTS[:, -1]),
            "This reads the last column, which is padding for every sequence that is shorter.",
        ),
        Mistake(
            "one_too_late",
            _raises("out of bounds"),
            "A sequence of 5 steps has its last one at place 4: subtract 1 from the lengths.",
        ),
        Mistake(
            "every_pair",
            lambda attempt: isinstance(attempt.result, Tensor) and attempt.result.dim() == 3,
            "`outputs[:, lengths - 1]` takes *all* those steps of *every* sequence. Give the "
            "sequence's number too: `torch.arange(len(lengths))`.",
        ),
        Mistake(
            "averaged",
            _gives(_OUTPUTS.mean(1)),
            "This is the mean over all steps, the padding included.",
        ),
        Mistake(
            "first_column",
            _gives(_OUTPUTS[:, 0]),
            "This is the state after the first step, when nothing has been read yet.",
        ),
    ),
    hints=(
        "For one sequence it is `outputs[i, lengths[i] - 1]`. Now for all at once.",
        "Indexing with two tensors of the same length takes pairs: one row and one step each.",
        "Return `outputs[torch.arange(len(lengths)), lengths - 1]`.",
    ),
)


_C = _draw(2, 4, seed=9)
_F, _I, _G = (_draw(2, 4, seed=seed).sigmoid() for seed in (10, 11, 12))


_CELL = Exercise(
    name="new_cell",
    task=(
        "Write `new_cell(c, forget, write, candidate)`: the LSTM's next cell state, from the gates."
    ),
    evaluate=lambda function: try_out(function, _C, _F, _I, _G),
    is_right=_gives(_F * _C + _I * _G),
    praise="A sum, not a product: along it the gradient goes back in time without shrinking.",
    mistakes=(
        Mistake(
            "gates_swapped",
            _gives(_I * _C + _F * _G),
            "The gates are swapped: `forget` says how much of the *old* state stays.",
        ),
        Mistake(
            "forgets_what_stays",
            _gives((1 - _F) * _C + _I * _G),
            "The forget gate is 1 where the state is *kept*; its name says the opposite.",
        ),
        Mistake(
            "multiplied",
            _gives(_F * _C * _I * _G),
            "Old and new are added. A product would shrink at every step, as in a plain RNN.",
        ),
        Mistake(
            "one_gate",
            _gives(_F * _C + (1 - _F) * _G),
            "That is the GRU's way: one gate for both. The LSTM has a write gate of its own.",
        ),
        Mistake(
            "nothing_old",
            _gives(_I * _G),
            "Nothing of the old state is left, so nothing is remembered.",
        ),
    ),
    hints=(
        "Two parts: what stays of the old state, and what is written anew.",
        "What stays is `forget * c`; what is written is `write * candidate`.",
        "Return `forget * c + write * candidate`.",
    ),
)


PLAN = Plan(
    title="Recurrent networks",
    predictions=PREDICTIONS,
    exercises=(_STEP, _CLIP, _LAST_STATES, _CELL),
)
