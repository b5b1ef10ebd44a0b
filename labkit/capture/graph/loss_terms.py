"""Finds the terms of a loss in autograd's graph: what is compared, and behind which activation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.autograd.graph import Node

from labkit.capture import torch_compat
from labkit.capture.parameters import ParameterTable

_MAX_DEPTH = 8
"""Operations between a loss and one of its terms: means, sums, factors."""
_MAX_VISITED = 64
_MAX_SEARCHED = 5_000
_MAX_MASK = 2**16
_DISTANCES = {
    "MseLossBackward0": "mse_loss",
    "SmoothL1LossBackward0": "smooth_l1_loss",
    "HuberLossBackward0": "huber_loss",
}
_OF_DIFFERENCES = {"PowBackward0": "a squared error", "AbsBackward0": "an absolute error"}
_LABELLED = {
    "NllLossBackward0": "nll_loss",
    "NllLoss2DBackward0": "nll_loss",
    "BinaryCrossEntropyBackward0": "binary_cross_entropy",
    "BinaryCrossEntropyWithLogitsBackward0": "binary_cross_entropy_with_logits",
}
_KEEPS_VALUES = frozenset(
    f"{name}Backward0"
    for name in (
        *("View", "UnsafeView", "ReshapeAlias", "Squeeze", "Unsqueeze", "Expand", "ToCopy"),
        *("Clone", "Alias", "Slice", "Select", "Index", "Clamp", "ClampMin", "ClampMax"),
    )
) | {"ViewBackward1", "SqueezeBackward1", "SqueezeBackward2", "ClampBackward1"}
"""Operations whose results are some of their inputs, limited perhaps, in the same order."""
_REORDERS = frozenset({"TransposeBackward0", "PermuteBackward0", "TBackward0"})
_ACTIVATIONS = {
    "ReluBackward0": ("relu", 0.0, math.inf),
    "SigmoidBackward0": ("sigmoid", 0.0, 1.0),
    "TanhBackward0": ("tanh", -1.0, 1.0),
    "SoftmaxBackward0": ("softmax", 0.0, 1.0),
    "SoftplusBackward0": ("softplus", 0.0, math.inf),
    "ExpBackward0": ("exp", 0.0, math.inf),
    "HardsigmoidBackward0": ("hardsigmoid", 0.0, 1.0),
    "HardtanhBackward0": ("hardtanh", -1.0, 1.0),
    "EluBackward0": ("elu", -1.0, math.inf),
    "LogSigmoidBackward0": ("logsigmoid", -math.inf, 0.0),
}
_SAVED_BOUNDS = {
    "HardtanhBackward0": ("min_val", "max_val"),  # ReLU6 is one with the bounds 0 and 6
}


@dataclass(eq=False)
class LossTerm:
    """A node that compares an output of a model with targets or labels.

    Attributes
    ----------
    name : str
        The function of the loss; ``"cross_entropy"`` for ``nll_loss`` behind a ``log_softmax``.
    node : Node
        The node whose saved tensors are read.
    shape : tuple of int or None
        Shape of the output.
    compared : tuple of int or None
        Shape of the elements of the error, larger than `shape` if the output was broadcast.
    activation : Node or None
        The activation that the output comes from.
    dimension : int or None
        The dimension of the softmax or log_softmax; None without one, or behind a transposition.
    sign : int
        1 if the error is output - target, -1 if it is target - output, 0 if targets are saved.
    """

    name: str
    node: Node
    shape: tuple[int, ...] | None = None
    compared: tuple[int, ...] | None = None
    activation: Node | None = None
    dimension: int | None = None
    sign: int = 0

    @property
    def activation_name(self) -> str | None:
        """Name of the activation's function."""
        return None if self.activation is None else _ACTIVATIONS[self.activation.name()][0]

    @property
    def names_classes(self) -> bool:
        """Whether labels are numbers of classes."""
        return self.node.name().startswith("NllLoss")

    @property
    def classes(self) -> int | None:
        """Number of classes; None if labels name none, or if a part of the output is compared."""
        scores = self.scores if self.names_classes else None
        if scores is None or scores.dim() < 2 or self.shape is None:  # noqa: PLR2004 - classes
            return None
        return scores.shape[1] if scores.numel() == math.prod(self.shape) else None

    @property
    def threshold(self) -> float:
        """The score of a binary classification above which the label 1 is predicted."""
        return 0.0 if self.name.endswith("logits") else 0.5

    @property
    def scores(self) -> torch.Tensor | None:
        """The output that the loss gets; None if it cannot be read."""
        return torch_compat.saved_value(self.node, "self")

    @property
    def labels(self) -> torch.Tensor | None:
        """The labels of a classification with one label for each sample; None if there are none."""
        if self.node.name() not in _LABELLED:
            return None
        labels, scores = torch_compat.saved_value(self.node, "target"), self.scores
        if labels is None or scores is None:
            return None
        is_column = scores.numel() == len(scores) if scores.dim() else False
        return labels if self.names_classes or is_column else None

    def targets(self) -> torch.Tensor | None:
        """Return the targets of a regression; None if they cannot be read."""
        saved = torch_compat.saved_value(self.node, "self" if self.sign else "target")
        if saved is None or not self.sign or self.activation is None:
            return saved if saved is not None and saved.is_floating_point() else None
        output = torch_compat.saved_value(self.activation, "result")
        if output is None or output.numel() != saved.numel() or type(saved) is not torch.Tensor:
            return None
        return output.reshape(saved.shape) - self.sign * saved


def loss_terms(starts: Sequence[Node]) -> list[LossTerm]:
    """Return the terms of a loss that are nearest to it, in the order of a search in breadth.

    Parameters
    ----------
    starts : sequence of Node
        The nodes that made the loss.
    """
    level, seen = list(starts), set(starts)
    found = []
    for _ in range(_MAX_DEPTH):
        following = []
        for node in level:
            term = _term(node)
            if term is not None:
                found.append(term)
                continue
            for source in _sources(node):
                if source not in seen and len(seen) < _MAX_VISITED:
                    seen.add(source)
                    following.append(source)
        level = following
    return found


def bounds_of(activation: Node | None) -> tuple[float, float]:
    """Return the least and the largest result of an activation; infinite without bounds."""
    if activation is None:
        return -math.inf, math.inf
    names = _SAVED_BOUNDS.get(activation.name())
    if names is not None:
        low, high = (torch_compat.saved_scalar(activation, name) for name in names)
        if isinstance(low, (int, float)) and isinstance(high, (int, float)):
            return float(low), float(high)
    if activation.name() == "EluBackward0":
        alpha, scale = (torch_compat.saved_scalar(activation, name) for name in ("alpha", "scale"))
        if isinstance(alpha, (int, float)) and isinstance(scale, (int, float)):
            return -abs(float(alpha * scale)), math.inf
    return _ACTIVATIONS[activation.name()][1:]


def reaches(starts: Sequence[Node], table: ParameterTable) -> bool:
    """Return whether a watched parameter is found in the graph of some nodes."""
    waiting, seen = list(starts), set(starts)
    while waiting and len(seen) < _MAX_SEARCHED:
        node = waiting.pop()
        if torch_compat.is_leaf(node):
            if table.find(node.variable) is not None:  # type: ignore[attr-defined]
                return True
            continue
        for source in _sources(node):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return False


def _term(node: Node) -> LossTerm | None:
    kind = node.name()
    if kind in _LABELLED:
        return _labelled(node, LossTerm(_LABELLED[kind], node))
    if kind in _DISTANCES:
        return _distance(node, LossTerm(_DISTANCES[kind], node))
    if kind in _OF_DIFFERENCES:
        return _of_difference(node, LossTerm(_OF_DIFFERENCES[kind], node))
    return None


def _distance(node: Node, term: LossTerm) -> LossTerm | None:
    sources = node.next_functions
    if sources[0][0] is None or (len(sources) > 1 and sources[1][0] is not None):
        return None  # two outputs are compared with each other
    return _with_output(term, sources[0][0], None)


def _of_difference(node: Node, term: LossTerm) -> LossTerm | None:
    if node.name() == "PowBackward0" and torch_compat.saved_scalar(node, "exponent") != 2:  # noqa: PLR2004
        return None
    difference = node.next_functions[0][0]
    if difference is None or difference.name() not in ("SubBackward0", "RsubBackward0"):
        return None
    sources = [source for source, _ in difference.next_functions]
    if sum(source is not None for source in sources) != 1:
        return None
    term.sign = 1 if sources[0] is not None else -1
    output = next(source for source in sources if source is not None)
    return _with_output(term, output, torch_compat.output_shape(difference))


def _with_output(term: LossTerm, output: Node, compared: tuple[int, ...] | None) -> LossTerm:
    if output.name() == "ExpandBackward0" and output.next_functions[0][0] is not None:
        compared = torch_compat.output_shape(output)
        output = output.next_functions[0][0]
    term.shape, term.compared = torch_compat.output_shape(output), compared
    _find_activation(term, output)
    return term


def _labelled(node: Node, term: LossTerm) -> LossTerm | None:
    output = node.next_functions[0][0]
    if output is None:
        return None
    term.shape = torch_compat.output_shape(output)
    inner, reordered = _unchanged(output)
    if inner.name() == "LogSoftmaxBackward0" and term.names_classes:
        term.name = "cross_entropy"
        term.shape = torch_compat.output_shape(inner)
        term.dimension = None if reordered else torch_compat.saved_dimension(inner)
        dimension = term.dimension
        source = inner.next_functions[0][0]
        if source is not None:
            _find_activation(term, source)
            term.dimension = dimension
    elif inner.name() == "LogBackward0" and inner.next_functions[0][0] is not None:
        term.name = "nll_loss of a logarithm"
        _find_activation(term, inner.next_functions[0][0])
        if term.activation is not None:
            term.shape = torch_compat.output_shape(term.activation)
    else:
        _find_activation(term, output)
    return term


def _find_activation(term: LossTerm, output: Node) -> None:
    inner, reordered = _unchanged(output)
    if inner.name() in _ACTIVATIONS:
        term.activation = inner
        if inner.name() == "SoftmaxBackward0" and not reordered:
            term.dimension = torch_compat.saved_dimension(inner)


def _unchanged(node: Node) -> tuple[Node, bool]:
    """Return the node whose values a node's result consists of, and whether they are reordered."""
    reordered = False
    for _ in range(_MAX_VISITED):
        reordered = reordered or node.name() in _REORDERS
        keeps = node.name() in _KEEPS_VALUES | _REORDERS or _is_masked(node)
        sources = _sources(node)
        if not keeps or len(sources) != 1:
            break
        node = sources[0]
    return node, reordered


def _is_masked(node: Node) -> bool:
    """Return whether a node drops some values, as dropout does, or adds a constant."""
    if node.name() == "AddBackward0":
        return len(_sources(node)) == 1
    if node.name() == "NativeDropoutBackward0":
        return True
    if node.name() != "MulBackward0" or len(_sources(node)) != 1:
        return False
    mask = torch_compat.saved_value(node, "other")
    mask = torch_compat.saved_value(node, "self") if mask is None else mask
    if mask is None or not mask.is_cpu or not 1 < mask.numel() <= _MAX_MASK:
        return False
    is_zero = mask == 0
    return bool(is_zero.any()) and bool((is_zero | (mask == mask.max())).all())


def _sources(node: Node) -> list[Node]:
    return [source for source, _ in node.next_functions if source is not None]
