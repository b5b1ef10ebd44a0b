"""Exercise 3 of chapter 08: build a small convolutional network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from labkit.learn.chapters.cnn import net_properties as net
from labkit.learn.checks import Case, Exercise, Mistake, Trial


def _solution() -> nn.Module:
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Linear(64, net.N_CLASSES),
    )


def _is(name: str, test: Callable[[Any], bool] = bool) -> Callable[[Trial], bool]:
    """Return a test of one observed property."""
    return lambda trial: test(trial.calls[0].seen[name])


SMALL_NET = Exercise(
    name="small_net",
    task=(
        "Write `small_net()`: a CNN from (n, 1, 8, 8) to ten logits, with at most 3,000 parameters."
    ),
    solution=_solution,
    cases=(Case(),),
    observe=net.observe_net,
    praise="Your own CNN. Train it with the chapter's loop, and see how it compares.",
    mistakes=(
        Mistake(
            "parts_returned",
            "These are the parts, not a model: nothing says yet that one comes after the other. "
            "Wrap the layers in `nn.Sequential(...)`, without square brackets.",
            seen_in=lambda trial: isinstance(trial.results[0], list | tuple),
        ),
        Mistake(
            "class_returned",
            "This is the class, not a model: round brackets after its name build one.",
            seen_in=lambda trial: isinstance(trial.results[0], type),
        ),
        Mistake(
            "not_a_model",
            "What comes back is not a model. Build one, with `nn.Sequential(...)` or from a class "
            "of your own, and return the model itself: the check calls it with images.",
            seen_in=lambda trial: (
                trial.results[0] is not None and not trial.calls[0].seen[net.MODEL]
            ),
        ),
        Mistake(
            "name_misspelt",
            "PyTorch's names are case-sensitive: `nn.Conv2d`, `nn.MaxPool2d` with a small d, "
            "`nn.ReLU` with a small e, `nn.Linear` and `nn.Flatten` with capitals at the start.",
            raises=r"AttributeError.*module 'torch\.nn' has no attribute",
        ),
        Mistake(
            "layers_in_brackets",
            "`nn.Sequential` takes the layers one by one, without square brackets around them.",
            raises="list is not a Module subclass",
        ),
        Mistake(
            "layer_not_built",
            "One of the layers is a class, not a layer: round brackets after its name build one, "
            "as in `nn.ReLU()`.",
            raises=r"torch\.nn\.modules\.\S+ is not a Module subclass",
        ),
        Mistake(
            "function_among_layers",
            "`nn.Sequential` takes modules only. For a function there is a module of the same "
            "purpose: `nn.ReLU()` for `F.relu`, `nn.MaxPool2d(2)` for `F.max_pool2d`.",
            raises="is not a Module subclass",
        ),
        Mistake(
            "only_held",
            "`nn.ModuleList` only holds layers; nothing says that one comes after the other. "
            "`nn.Sequential(...)` runs them in order.",
            raises=r"\[ModuleList\] is missing the required \"forward\" function",
        ),
        Mistake(
            "self_missing",
            "The methods of a class take the object itself first: `def forward(self, x):`.",
            raises=r"takes \d positional arguments? but \d were given",
            seen_in=lambda trial: any(call.in_use for call in trial.calls),
        ),
        Mistake(
            "parent_not_initialised",
            "`super().__init__()` is missing in your class, or comes too late: it has to run "
            "before the first layer is stored.",
            raises=r"before Module\.__init__\(\) call",
        ),
        Mistake(
            "forward_missing",
            "Your class has no method `forward`: it says what happens to a batch. (Is it indented, "
            "and spelt that way?)",
            raises='missing the required "forward" function',
        ),
        Mistake(
            "forward_returns_nothing",
            "The forward pass returns `None`: is there a `return` line in `forward`?",
            seen_in=_is(net.SHAPE, lambda shape: shape is None),
        ),
        Mistake(
            "forward_returns_several",
            "The forward pass returns several things, and the check wants one: the logits, a "
            "tensor of shape (n, 10).",
            seen_in=_is(net.SHAPE, lambda shape: shape in ("tuple", "list", "dict")),
        ),
        Mistake(
            "kernel_larger_than_the_map",
            "Here a kernel is larger than the map that it slides over: after pooling 8 × 8 there "
            "are 4 × 4 pixels, then 2 × 2. Use a smaller kernel, padding, or fewer poolings.",
            raises="Kernel size can't be greater than actual input size",
        ),
        Mistake(
            "pooled_too_often",
            "There is nothing left to pool: each pooling halves height and width, and 8 can be "
            "halved three times (less often where convolutions without padding trim the map).",
            raises="Output size is too small",
        ),
        Mistake(
            "batch_flattened",
            "The whole batch was flattened into one row, so that the images are no longer apart. "
            "`nn.Flatten()` and `flatten(start_dim=1)` keep the first dimension.",
            raises=r"shapes cannot be multiplied \(1x|size mismatch, got input \(\d+\)",
        ),
        Mistake(
            "linear_does_not_fit",
            "A `nn.Linear` expects another number of inputs than it gets: after flattening there "
            "are channels × height × width of them. Padding and pooling decide the height. (Is "
            "there a `nn.Flatten()` before it?)",
            raises="mat1 and mat2",
        ),
        Mistake(
            "channels_do_not_fit",
            "A convolution expects another number of channels than the layer before it gives. The "
            "image has one.",
            raises=r"to have \d+ channels, but got",
        ),
        Mistake(
            "flatten_missing",
            "The output still has height and width. Flatten it before the last `nn.Linear`.",
            seen_in=_is(net.SHAPE, lambda shape: len(shape) == 4),
        ),
        Mistake(
            "class_in_place_of_logits",
            "There is one number for each image, as after an `argmax`. Return all ten logits: "
            "`cross_entropy` needs them, and no gradient comes through an `argmax`.",
            seen_in=_is(net.SHAPE, lambda shape: shape == (net.N_IMAGES,)),
        ),
        Mistake(
            "not_ten",
            "The output does not have ten numbers for each image: one for each digit, 0 to 9.",
            seen_in=_is(net.SHAPE, lambda shape: tuple(shape) != (net.N_IMAGES, net.N_CLASSES)),
        ),
        Mistake(
            "softmax_inside",
            "The outputs are probabilities: `cross_entropy` takes a softmax itself, so there would "
            "be two. Training still runs, but its gradients are small and the loss cannot get near "
            "0.",
            seen_in=_is(net.PROBABILITIES),
        ),
        Mistake(
            "log_softmax_inside",
            "There is a log-softmax at the end. `cross_entropy` takes one itself; a second changes "
            "nothing and hides that these are no logits.",
            seen_in=_is(net.LOG_PROBABILITIES),
        ),
        Mistake(
            "no_convolution",
            "There is no convolution of images in it: its forward pass never calls `conv2d`.",
            seen_in=_is(net.CONVOLVES, lambda found: not found),
        ),
        Mistake(
            "no_nonlinearity",
            "Between its layers there is nothing but sums: such a stack is one linear layer, "
            "however deep. Add `nn.ReLU()`.",
            seen_in=_is(net.LINEAR),
        ),
        Mistake(
            "sigmoid_at_the_end",
            "The outputs stay between 0 and 1, as after a sigmoid, or a softmax over the wrong "
            "dimension. Logits are free: they go from minus to plus infinity, and `cross_entropy` "
            "makes probabilities of them.",
            seen_in=_is(net.BOUNDED),
        ),
        Mistake(
            "tanh_at_the_end",
            "The outputs stay between -1 and 1, as after a tanh. Logits are free: with such "
            "bounds no class can get a probability near 1.",
            seen_in=_is(net.SQUASHED),
        ),
        Mistake(
            "relu_at_the_end",
            "No output is ever negative, as after a ReLU. Logits are free: a class that is "
            "unlikely needs a negative one, and where the ReLU says 0 no gradient comes back.",
            seen_in=_is(net.NEGATIVE, lambda found: not found),
        ),
        Mistake(
            "weights_hidden",
            "The forward pass uses weights that are not among the model's parameters, so an "
            "optimizer would never train them. Build the layers in `__init__` and store each as "
            "`self.name = ...`; a plain list hides them (`nn.ModuleList` does not).",
            seen_in=_is(net.HIDDEN),
        ),
        Mistake(
            "images_mixed",
            "The output for an image depends on which other images are in its batch, as after a "
            "softmax over `dim=0`, or a mean over the batch. The first dimension counts the "
            "images: leave it alone.",
            seen_in=_is(net.APART, lambda apart: not apart),
        ),
        Mistake(
            "never_positive",
            "No output is ever positive. Logits are free: they go from minus to plus infinity, "
            "and `cross_entropy` makes probabilities of them.",
            seen_in=_is(net.POSITIVE, lambda found: not found),
        ),
        Mistake(
            "frozen",
            "No weight of it can be trained: `requires_grad` is off for all of them.",
            seen_in=_is(net.FROZEN),
        ),
        Mistake(
            "too_large",
            "It works, but has more than 3,000 parameters. Most of them sit in the `nn.Linear`: "
            "pool once more, or take fewer channels.",
            seen_in=_is(net.FITS, lambda fits: not fits),
        ),
    ),
    hints=(
        (
            "Convolution, ReLU, pooling; once or twice; then flatten and one linear layer. What is "
            "left of 8 × 8 after pooling twice?"
        ),
        "Two poolings leave 2 × 2. With 16 channels that is 64 inputs to the last layer.",
        (
            "`nn.Conv2d(1, 8, 3, padding=1)`, `nn.ReLU()`, `nn.MaxPool2d(2)`, "
            "`nn.Conv2d(8, 16, 3, padding=1)`, `nn.ReLU()`, `nn.MaxPool2d(2)`, `nn.Flatten()`, "
            "`nn.Linear(64, 10)`, all in `nn.Sequential(...)`."
        ),
    ),
)
