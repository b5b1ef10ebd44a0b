"""Exercise 1 of chapter 06: a network of any sizes."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from labkit.learn.checks import Call, Case, Exercise, Mistake, Trial

_N_IMAGES = 3
_SHAPES = "the list of its parameters' shapes, each sorted,"
_FROZEN = "parameters with `requires_grad = False`:"


def _layers(
    sizes: Sequence[int],
    *,
    activation: Callable[[], nn.Module] | None = nn.ReLU,
    bias: bool = True,
    flatten: bool = True,
) -> list[nn.Module]:
    """Return the layers of the network, without an activation after the last one."""
    layers: list[nn.Module] = [nn.Flatten()] if flatten else []
    for n_in, n_out in pairwise(sizes):
        layers.append(nn.Linear(n_in, n_out, bias=bias))
        if activation is not None:
            layers.append(activation())
    return layers if activation is None else layers[:-1]


def _solution(sizes: Sequence[int]) -> nn.Module:
    return nn.Sequential(*_layers(sizes))


def _variant(**options: Any) -> Callable[[Sequence[int]], nn.Module]:
    return lambda sizes: nn.Sequential(*_layers(sizes, **options))


def _with_end(end: Callable[[], nn.Module]) -> Callable[[Sequence[int]], nn.Module]:
    return lambda sizes: nn.Sequential(*_layers(sizes), end())


def _turned_around(sizes: Sequence[int]) -> nn.Module:
    layers = [nn.Linear(n_out, n_in) for n_in, n_out in pairwise(sizes)]
    return nn.Sequential(nn.Flatten(), *layers)


def _activation_only_once(sizes: Sequence[int], *, at_the_end: bool) -> nn.Module:
    """Put one ReLU into the network: after the first layer, or after the last one."""
    layers = _layers(sizes, activation=None)
    layers.insert(len(layers) if at_the_end else 2, nn.ReLU())
    return nn.Sequential(*layers)


def _fixed(sizes: Sequence[int]) -> nn.Module:
    return _solution((784, 128, 64, 10))


def _activation_in_front(sizes: Sequence[int]) -> nn.Module:
    layers = _layers(sizes)
    return nn.Sequential(layers[0], nn.ReLU(), *layers[1:])


def _observe(call: Call) -> dict[str, Any]:
    net = call.result
    if not isinstance(net, nn.Module):
        return {"the kind of result": type(net).__name__}
    (sizes,) = call.arguments
    images = _numbers((_N_IMAGES, 1, math.isqrt(sizes[0]), math.isqrt(sizes[0])))
    is_frozen = any(not parameter.requires_grad for parameter in net.parameters())
    with torch.no_grad():
        net(images)  # A lazy layer has no shape before.
        shapes = sorted(tuple(sorted(parameter.shape)) for parameter in net.parameters())
        for parameter in net.parameters():
            parameter.copy_(_numbers(parameter.shape))
        logits = net(images)
    return {
        "the kind of result": "a module",
        _SHAPES: shapes,
        "the tensor of logits": logits,
        _FROZEN: is_frozen,
    }


def _numbers(shape: Sequence[int]) -> Tensor:
    """Return the same small numbers for each shape, so that networks can be compared.

    A matrix gets those of its transpose, so that it does not matter which way round it is kept.
    """
    generator = torch.Generator().manual_seed(sum(shape))
    numbers = 0.3 * torch.randn(tuple(sorted(shape)), generator=generator)
    return numbers if list(shape) == sorted(shape) else numbers.permute(*_falling_order(shape))


def _falling_order(shape: Sequence[int]) -> list[int]:
    """Return the order in which sorted dimensions have to come for this shape."""
    order = sorted(range(len(shape)), key=lambda dim: shape[dim])
    return [order.index(dim) for dim in range(len(shape))]


def _seen(trial: Trial) -> list[dict[str, Any]]:
    return [call.seen for call in trial.calls if isinstance(call.seen, dict)]


def _fewer_layers(trial: Trial) -> bool:
    expected = [len(each[_SHAPES]) for each in trial.expected]
    found = [len(each[_SHAPES]) for each in _seen(trial) if _SHAPES in each]
    return len(found) == len(expected) and (
        all(few <= many for few, many in zip(found, expected, strict=True)) and found != expected
    )


def _lost_parameters(trial: Trial) -> bool:
    return _fewer_layers(trial) and any(_hides_layers(result) for result in trial.results)


def _hides_layers(net: nn.Module) -> bool:
    """Whether some part of the network has a list or dictionary of layers as an attribute."""
    hidden = [
        value
        for part in net.modules()
        for name, value in vars(part).items()
        if name not in ("_modules", "_parameters")
    ]
    return any(
        isinstance(layer, nn.Module | nn.Parameter)
        for value in hidden
        if isinstance(value, list | tuple | dict)
        for layer in (value.values() if isinstance(value, dict) else value)
    )


BUILD_NET = Exercise(
    name="build_net",
    task=(
        "Write `build_net(sizes)`: a network of linear layers for images of shape (n, 1, side, "
        "side). For `sizes = (784, 128, 64, 10)` it is the network of this chapter. A ReLU "
        "stands between the layers; the last one gives logits."
    ),
    solution=_solution,
    cases=(Case((784, 128, 64, 10)), Case((784, 128, 10)), Case((64, 32, 16, 8, 10)), Case((9, 5))),
    observe=_observe,
    praise="Any depth, any width, and every layer registered. Your own building kit.",
    mistakes=(
        Mistake(
            "class_not_object",
            "This returns the class. Build the object: call the class, and return what it gives.",
            seen_in=lambda trial: all(isinstance(result, type) for result in trial.results),
        ),
        Mistake(
            "list_of_layers",
            "The layers come back in a list, which cannot be called. `nn.Sequential(*layers)` "
            "makes one module of them.",
            seen_in=lambda trial: all(isinstance(found, list | tuple) for found in trial.results),
        ),
        Mistake(
            "star_forgotten",
            "`nn.Sequential` takes the layers one by one, not in a list. A star unpacks the "
            "list: `nn.Sequential(*layers)`.",
            raises="list is not a Module subclass|tuple is not a Module subclass",
        ),
        Mistake(
            "numbers_not_network",
            "The network was made and called at once, and what came back are numbers. Return the "
            "network itself; whoever asked for it will call it.",
            seen_in=lambda trial: any(isinstance(result, Tensor) for result in trial.results),
            raises="mat1 and mat2 shapes cannot be multiplied|NotImplementedError|RuntimeError",
        ),
        Mistake(
            "not_a_module",
            "The class does not derive from `nn.Module`: write `class Net(nn.Module):`, and "
            "`super().__init__()` as the first line of its `__init__`.",
            seen_in=lambda trial: all(
                hasattr(result, "forward") and not isinstance(result, nn.Module)
                for result in trial.results
            ),
        ),
        Mistake(
            "turned_around",
            "`nn.Linear` takes the number of inputs first, then that of the outputs.",
            like=_turned_around,
        ),
        Mistake(
            "own_sizes",
            "This is always the network 784-128-64-10: the sizes are written into the "
            "function. Use those of `sizes`.",
            seen_in=lambda trial: "sizes" in trial.source.ignored_arguments(),
            like=_fixed,
        ),
        Mistake(
            "all_flattened",
            "Everything was flattened into one long row, the images of the batch too. "
            "`flatten(1)` keeps dimension 0, the images, apart.",
            raises=r"mat1 and mat2 shapes cannot be multiplied \(1x",
        ),
        Mistake(
            "not_flattened",
            "The images arrive with shape (n, 1, side, side). A linear layer works on the last "
            "dimension only, and finds one row of pixels there. Flatten the images first.",
            raises=rf"mat1 and mat2 shapes cannot be multiplied \({_N_IMAGES * 28}x28 and",
        ),
        Mistake(
            "layers_do_not_fit",
            "One layer gets another number of inputs than it was made for. The first takes "
            "`sizes[0]` numbers, and each further one what the layer before it gives.",
            raises="mat1 and mat2 shapes cannot be multiplied",
        ),
        Mistake(
            "class_in_sequential",
            "`nn.Sequential` takes modules, that is objects: `nn.ReLU()` with its brackets. "
            "`F.relu` is a function, which you call in a `forward` of your own.",
            raises="is not a Module subclass",
        ),
        Mistake(
            "a_function",
            "This returns a function. It computes, but its layers are nowhere registered: an "
            "optimizer would find nothing to train. Return a module.",
            seen_in=lambda trial: all(inspect.isfunction(result) for result in trial.results),
        ),
        Mistake(
            "no_activation",
            "There is nothing between the linear layers. Two linear layers in a row are one "
            "linear layer in two pieces: the network can learn no more than a single one.",
            like=_variant(activation=None),
        ),
        Mistake(
            "activation_once",
            "Only one of the layers has a ReLU after it, whatever the number of layers. There "
            "should be one between any two linear layers, and none after the last.",
            like=(
                partial(_activation_only_once, at_the_end=False),
                partial(_activation_only_once, at_the_end=True),
            ),
        ),
        Mistake(
            "activation_at_the_end",
            "There is a ReLU after the last layer: negative logits become 0, and no gradient "
            "comes back through them.",
            like=_with_end(nn.ReLU),
        ),
        Mistake(
            "softmax_at_the_end",
            "The outputs are probabilities. `cross_entropy` takes the softmax itself; with two "
            "of them the loss cannot fall below 1.46, even for a perfect network.",
            like=(_with_end(lambda: nn.Softmax(dim=1)), _with_end(lambda: nn.LogSoftmax(dim=1))),
        ),
        Mistake(
            "activation_in_front",
            "There is an activation in front of the first layer. It would cut off all negative "
            "inputs, and standardised pixels are negative where the image is dark.",
            like=_activation_in_front,
        ),
        Mistake(
            "another_activation",
            "The activation between the layers is another one. Sigmoid and tanh flatten out on "
            "both sides and let little gradient through; the task asks for ReLU.",
            like=(
                _variant(activation=nn.Sigmoid),
                _variant(activation=nn.Tanh),
                _variant(activation=nn.LeakyReLU),
                _variant(activation=nn.GELU),
            ),
        ),
        Mistake(
            "no_bias",
            "The layers have no bias. Without one, a unit cannot choose where its ReLU begins.",
            like=_variant(bias=False),
        ),
        Mistake(
            "not_registered",
            "`forward` uses layers that `parameters()` does not find, so no optimizer would "
            "train them. They are in a Python list or dictionary: `nn.ModuleList` registers "
            "what is in it.",
            seen_in=_lost_parameters,
        ),
        Mistake(
            "made_in_forward",
            "This network has no parameters. If its layers are made in `forward`, each call makes "
            "new, random ones, and none of them is ever trained: make them in `__init__`.",
            seen_in=lambda trial: all(each[_SHAPES] == [] for each in _seen(trial)),
        ),
        Mistake(
            "frozen",
            "The network is right, but its parameters have `requires_grad = False`: no gradient "
            "reaches them, and nothing would be trained.",
            seen_in=lambda trial: all(each[_FROZEN] for each in _seen(trial)),
        ),
        Mistake(
            "too_few_layers",
            "There are fewer layers than `sizes` asks for. Every pair of neighbours in it makes a "
            "layer: four numbers make three.",
            seen_in=_fewer_layers,
        ),
    ),
    hints=(
        (
            "How many linear layers are there for `sizes` with four numbers? Which two numbers "
            "does each one get?"
        ),
        (
            "Collect the layers in a list, beginning with `nn.Flatten()`; `zip(sizes, "
            "sizes[1:])` gives the pairs. Which layer gets no ReLU?"
        ),
        (
            "In the loop: `layers += [nn.Linear(n_in, n_out), nn.ReLU()]`. At the end: `return "
            "nn.Sequential(*layers[:-1])`."
        ),
    ),
)
