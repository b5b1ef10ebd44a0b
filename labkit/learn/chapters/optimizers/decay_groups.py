"""Exercise 4 of chapter 07: parameter groups with and without weight decay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake, Trial

_UNSET = 0.777
"""The decay of a group that does not name its own."""
_Groups = list[dict[str, Any]]


def _models() -> tuple[nn.Module, ...]:
    """Make the models of the cases, without drawing from the random numbers of the kernel."""
    with torch.random.fork_rng(devices=[]):
        flat = nn.Sequential(nn.Linear(1, 6), nn.ReLU(), nn.Linear(6, 2))
        convolution = nn.Sequential(
            nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)
        )
        inner = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Tanh())
        nested = nn.Sequential(inner, nn.Sequential(nn.Linear(4, 2, bias=False)))
    return flat, convolution, nested


_FLAT, _CONVOLUTION, _NESTED = _models()


def _split(decays: Callable[[str, Tensor], bool]) -> Callable[[nn.Module, float], _Groups]:
    """Return a function that makes both groups by a rule on name and parameter."""

    def groups(model: nn.Module, weight_decay: float) -> _Groups:
        named = list(model.named_parameters())
        with_decay = [parameter for name, parameter in named if decays(name, parameter)]
        without = [parameter for name, parameter in named if not decays(name, parameter)]
        return [
            {"params": with_decay, "weight_decay": weight_decay},
            {"params": without, "weight_decay": 0.0},
        ]

    return groups


def _is_matrix(_: str, parameter: Tensor) -> bool:
    return parameter.dim() > 1


_right = _split(_is_matrix)


def _solution(model: nn.Module, weight_decay: float) -> _Groups:
    return _right(model, weight_decay)


def _without_biases(model: nn.Module, weight_decay: float) -> _Groups:
    return _right(model, weight_decay)[:1]


def _of_first_level(model: nn.Module, weight_decay: float) -> _Groups:
    """Take the parameters of the direct children alone."""
    own = [p for child in model.children() for p in child.parameters(recurse=False)]
    return [
        {"params": [p for p in own if p.dim() > 1], "weight_decay": weight_decay},
        {"params": [p for p in own if p.dim() <= 1], "weight_decay": 0.0},
    ]


def _linear_layers_only(model: nn.Module, weight_decay: float) -> _Groups:
    chosen = {id(m.weight) for m in model.modules() if isinstance(m, nn.Linear)}
    return _split(lambda _, parameter: id(parameter) in chosen)(model, weight_decay)


def _observe(call: Call) -> dict[str, Any]:
    """Return the decay of each parameter in an optimizer that is made with the groups."""
    model = call.arguments[0]
    optimizer = torch.optim.AdamW(call.result, lr=0.1, weight_decay=_UNSET)
    decay_of = {
        id(parameter): float(group["weight_decay"])
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    return {
        f"the weight decay of `{name}`": decay_of.get(id(parameter))
        for name, parameter in model.named_parameters()
    }


def _some_lack_a_value(trial: Trial) -> bool:
    return any(_UNSET in call.seen.values() for call in trial.calls)


def _all_lack_a_value(trial: Trial) -> bool:
    """Whether no group sets the decay, and each has another key than those of an optimizer."""
    known = torch.optim.AdamW([torch.zeros(1)]).param_groups[0].keys()
    return all(set(call.seen.values()) == {_UNSET} for call in trial.calls) and all(
        group.keys() - known for result in trial.results for group in result
    )


def _some_are_missing(trial: Trial) -> bool:
    return any(None in call.seen.values() for call in trial.calls)


DECAY_GROUPS = Exercise(
    name="decay_groups",
    task=(
        "Write `decay_groups(model, weight_decay)`: a list of two parameter groups for an "
        "optimizer. Parameters with two or more dimensions get `weight_decay`; biases and the "
        "vectors of normalisation layers get 0."
    ),
    solution=_solution,
    cases=(
        Case(_FLAT, 0.1, shown="a model of two linear layers and `weight_decay = 0.1`"),
        Case(
            _CONVOLUTION,
            0.05,
            shown="a model with a convolution and batch normalisation and `weight_decay = 0.05`",
        ),
        Case(
            _NESTED,
            0.01,
            shown="a model of nested parts with layer normalisation and `weight_decay = 0.01`",
        ),
    ),
    observe=_observe,
    praise=(
        "Every parameter is in exactly one group, and what sets a scale or an offset is left "
        "alone. Most training scripts of large models have these lines."
    ),
    mistakes=(
        Mistake(
            "by_the_name_bias",
            "The biases are spared, but the weights of the normalisation layers are decayed: they "
            "are vectors that set a scale, and 0 is no better a value for it than any other. Ask "
            "for the number of dimensions instead of the name.",
            like=_split(lambda name, _: "bias" not in name),
        ),
        Mistake(
            "all_decayed",
            "Every parameter is decayed, biases and scales as well. Which ones should be spared?",
            like=_split(lambda *_: True),
        ),
        Mistake(
            "none_decayed",
            "No parameter is decayed. `p.dim()` tells matrices from vectors: a matrix has 2.",
            like=_split(lambda *_: False),
        ),
        Mistake(
            "swapped",
            "The groups are swapped: vectors are decayed, and matrices are not.",
            like=_split(lambda _, parameter: parameter.dim() <= 1),
        ),
        Mistake(
            "only_four_dimensions",
            "Matrices of linear layers have two dimensions and should be decayed as well: "
            "`p.dim() > 1`, or `>= 2`.",
            like=_split(lambda _, parameter: parameter.dim() > 2),
        ),
        Mistake(
            "linear_layers_only",
            "The kernels of the convolution are not decayed. They are weights too, of four "
            "dimensions; asking for the number of dimensions finds them in any layer.",
            like=_linear_layers_only,
        ),
        Mistake(
            "first_level_only",
            "Parameters of nested parts are missing: the optimizer would never move them. "
            "`model.parameters()` finds all, at any depth.",
            like=_of_first_level,
        ),
        Mistake(
            "vectors_left_out",
            "The vectors are in no group, so the optimizer would never move them. A decay of 0 is "
            "not the same as no training. (And if there is a second list: `model.parameters()` is "
            "a generator, which can be walked through once. Call it again for each list.)",
            like=_without_biases,
        ),
        Mistake(
            "copies",
            "The groups hold copies (`clone`, `detach`, `data`), and the optimizer would move "
            "those. It needs the parameters themselves, as `model.parameters()` gives them.",
            seen_in=lambda trial: all(set(call.seen.values()) == {None} for call in trial.calls),
        ),
        Mistake(
            "copied",
            "The groups hold copies of the parameters (`clone`), and the optimizer would move "
            "those. It needs the parameters themselves, as `model.parameters()` gives them.",
            raises="non-leaf Tensor",
        ),
        Mistake(
            "one_dictionary",
            "One dictionary came back. An optimizer takes a *list* of them, one for each group.",
            seen_in=lambda trial: all(isinstance(result, dict) for result in trial.results),
            raises="",
        ),
        Mistake(
            "an_optimizer",
            "An optimizer came back. The task asks for the groups alone: whoever calls you makes "
            "the optimizer with them.",
            seen_in=lambda trial: all(
                isinstance(result, torch.optim.Optimizer) for result in trial.results
            ),
            raises="",
        ),
        Mistake(
            "plain_lists",
            'The two lists are there. A group is a dictionary: `{"params": ..., "weight_decay": '
            "...}`.",
            raises="one of the params is list",
            seen_in=lambda trial: any(
                not isinstance(group, dict) for result in trial.results for group in result or ()
            ),
        ),
        Mistake(
            "lists_in_a_list",
            'Under `"params"` there is a list of lists. It takes the parameters one by one.',
            raises="one of the params is (list|tuple)",
        ),
        Mistake(
            "layers_not_parameters",
            "The groups hold layers. An optimizer takes their parameters: `model.parameters()` "
            "finds those of all layers.",
            raises=r"one of the params is torch\.nn\.modules",
        ),
        Mistake(
            "pairs",
            "`named_parameters()` gives pairs of a name and a parameter: `for name, p in ...`. "
            "Without the names, `parameters()` is enough.",
            raises="'tuple' object has no attribute '(dim|ndim|shape)'",
        ),
        Mistake(
            "no_decay_is_zero",
            "A decay of `None` is no number. Without decay it is 0.0.",
            raises="real number, not 'NoneType'|'NoneType' and '(float|int)'",
            seen_in=lambda trial: any(
                group["weight_decay"] is None for result in trial.results for group in result or ()
            ),
        ),
        Mistake(
            "in_compares_values",
            "`in` compares the *numbers* of tensors with `==`, not which tensor it is. Ask each "
            "parameter for its own `dim()` once more.",
            raises="must match the size of tensor|Boolean value of Tensor",
        ),
        Mistake(
            "other_key",
            'The optimizer looks for `"weight_decay"`, and here that number has another key. '
            "PyTorch accepts any key in a group, without a word.",
            seen_in=_all_lack_a_value,
        ),
        Mistake(
            "decay_not_set",
            "A group has no `weight_decay` of its own, so it takes the optimizer's, which is not 0 "
            'for AdamW. Write `"weight_decay": 0.0` into the second group.',
            seen_in=_some_lack_a_value,
        ),
        Mistake(
            "some_missing",
            "Some parameters are in no group: the optimizer would never move them.",
            seen_in=_some_are_missing,
        ),
        Mistake(
            "in_both",
            "A parameter is in both groups, and PyTorch refuses that: it would be moved twice.",
            raises="appear in more than one parameter group",
        ),
        Mistake(
            "names_in_place_of_tensors",
            "The groups hold names. An optimizer takes the parameters themselves.",
            raises="can only .* Tensors, but one of the params is str",
        ),
        Mistake(
            "method_not_called",
            "`model.parameters` is the method itself; call it: `model.parameters()`.",
            raises="'method' object is not iterable",
        ),
        Mistake(
            "params_key",
            'The key of the parameters is `"params"`.',
            raises="KeyError.*params",
        ),
    ),
    hints=(
        (
            "`p.dim()` is 2 for the matrix of a linear layer, 4 for the kernels of a convolution, "
            "1 for a bias or a scale."
        ),
        (
            "Collect two lists from `model.parameters()`; a group is a dictionary with `params` "
            "and `weight_decay`."
        ),
        (
            "`matrices = [p for p in model.parameters() if p.dim() >= 2]`, the others likewise, "
            'and `return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, '
            '"weight_decay": 0.0}]`.'
        ),
    ),
)
