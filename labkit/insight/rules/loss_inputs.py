"""Rules about what the loss compares: a second softmax, broadcasting, targets out of reach."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch
from labkit.run import Node
from labkit.run.observations import LossInput

_MIN_READINGS = 3
_MIN_OUTSIDE = 0.1
"""Share of the targets that the last activation cannot give."""
_VALUE_PRESERVING = frozenset(
    {
        *("view", "unsafeview", "reshape", "squeeze", "unsqueeze", "transpose", "permute", "t"),
        *("to", "tocopy", "clone", "alias", "expand", "slice", "select", "index", "clamp"),
        *("clampmin", "clampmax", "nativedropout", "cat", "stack"),
    }
)
"""Operations whose results consist of values of their inputs, limited perhaps."""
_TAKES_LOGITS = {
    "cross_entropy": ("softmax", "sigmoid"),
    "binary_cross_entropy_with_logits": ("sigmoid", "softmax"),
}
_TAKES_LOGARITHMS = "nll_loss"
_OPERATIONS = {
    "logsoftmax": "cross_entropy",
    "binarycrossentropywithlogits": "binary_cross_entropy_with_logits",
    "nllloss": _TAKES_LOGARITHMS,
    "nlllossd": _TAKES_LOGARITHMS,
}


def _double_softmax(evidence: Evidence) -> RuleMatch | None:
    graph = evidence.graph
    for node in graph.nodes if graph is not None else ():
        loss = _OPERATIONS.get(node.op)
        before = next(_values_from(node, evidence), None)
        if loss is None or before is None or not _is_one_too_many(loss, before.op):
            continue
        module = before.scope.partition("#")[0]
        return RuleMatch(
            _double_softmax_message(loss, f"{before.op}{f' ({module})' if module else ''}"),
            (1, evidence.steps),
            (module,) if module else (),
            node=before.id,
            line=f"{before.source.file}:{before.source.line}" if before.source else None,
        )
    for read in _newest(evidence):
        if read.activation is not None and _is_one_too_many(read.loss, read.activation):
            message = _double_softmax_message(read.loss, read.activation)
            return RuleMatch(message, (1, evidence.steps))
    return None


def _is_one_too_many(loss: str, activation: str) -> bool:
    takes = ("softmax", "sigmoid") if loss == _TAKES_LOGARITHMS else _TAKES_LOGITS.get(loss, ())
    return activation in takes


def _double_softmax_message(loss: str, activation: str) -> str:
    if loss == _TAKES_LOGARITHMS:
        return (
            f"{loss} gets the result of a {activation}, but it takes logarithms of probabilities. "
            "Its gradient is then weak where the model is wrong, and the loss is no cross entropy."
        )
    return (
        f"{loss} gets the result of a {activation}, but it applies "
        f"{'a softmax' if loss == 'cross_entropy' else 'a sigmoid'} itself. The second one "
        "flattens the values, so the gradient is weak and the loss cannot come near zero."
    )


def _values_from(node: Node, evidence: Evidence) -> Iterator[Node]:
    """Yield the operations that computed the inputs of a node, skipping value-preserving ones."""
    queue = [each for each in evidence.sources.get(node.id, ()) if each.kind == "op"]
    while queue:
        source = queue.pop(0)
        before = [each for each in evidence.sources.get(source.id, ()) if each.kind == "op"]
        if source.op in _VALUE_PRESERVING:
            queue += before
        else:
            yield source


def _softmax_dimension(evidence: Evidence) -> RuleMatch | None:
    newest = _newest(evidence)
    for read in newest:
        if read.dimension is None or read.shape is None or len(read.shape) < 2:  # noqa: PLR2004
            continue
        dimension = read.dimension % len(read.shape)
        if dimension == 0 and read.shape[0] > 1:
            what = (
                f"along dimension 0 of its input of shape {list(read.shape)}, which is the batch: "
                "it makes the samples of a batch compete with each other instead of the classes"
            )
        elif read.shape[dimension] == 1:
            what = (
                f"along dimension {dimension} of its input of shape {list(read.shape)}, which has "
                "one element: its result is 1 whatever the input, and has no gradient"
            )
        elif read.classes is not None and read.shape[dimension] != read.classes:
            what = (
                f"along dimension {dimension} of its input of shape {list(read.shape)}, which has "
                f"{read.shape[dimension]:,} elements, while there are {read.classes:,} classes: it "
                "makes other places compete with each other instead of the classes"
            )
        else:
            continue
        return RuleMatch(
            f"The softmax before the loss ({read.loss}) works {what}.",
            (_since(evidence, _has_dimension(read)), max(newest[-1].step, evidence.steps)),
        )
    return None


def _broadcast(evidence: Evidence) -> RuleMatch | None:
    newest = _newest(evidence)
    for read in newest:
        rows = _rows_broadcast(read)
        if rows == 0:
            continue
        return RuleMatch(
            f"The loss ({read.loss}) compares every output with every target: output and target "
            f"have different shapes, of which the output's is {list(read.shape or ())}, so that "
            f"the error has {rows:,} x {rows:,} elements. The best the model can learn is the "
            "mean of all targets.",
            (_since(evidence, _rows_broadcast), max(newest[-1].step, evidence.steps)),
        )
    return None


def _rows_broadcast(read: LossInput) -> int:
    """Return the number of samples if each output is compared with each target; else 0."""
    shape, compared = read.shape, read.compared
    if shape is None or compared is None or len(compared) != 2:  # noqa: PLR2004 - a table
        return 0
    rows = compared[0]
    is_table = rows > 1 and compared[1] == rows and shape in ((rows,), (rows, 1), (1, rows))
    return rows if is_table else 0


def _out_of_reach(evidence: Evidence) -> RuleMatch | None:
    newest = [read for read in evidence.observed.loss_inputs if read.outside == read.outside]
    newest = newest[-_MIN_READINGS:]
    if len(newest) < _MIN_READINGS or min(read.outside for read in newest) < _MIN_OUTSIDE:
        return None
    last = newest[-1]
    within = _range(last.bounds)
    low, high = min(r.targets[0] for r in newest), max(r.targets[1] for r in newest)
    return RuleMatch(
        f"The loss ({last.loss}) compares the result of a {last.activation}, which is {within}, "
        f"with targets from {low:.4g} to {high:.4g}: {last.outside:.0%} of them are out of the "
        "model's reach.",
        (newest[0].step, max(last.step, evidence.steps)),
    )


def _range(bounds: tuple[float, float]) -> str:
    low, high = bounds
    if math.isinf(high):
        return f"at {low:.4g} or above"
    return f"at {high:.4g} or below" if math.isinf(low) else f"between {low:.4g} and {high:.4g}"


def _has_dimension(read: LossInput) -> Callable[[LossInput], bool]:
    return lambda other: (other.loss, other.dimension) == (read.loss, read.dimension)


def _since(evidence: Evidence, matches: Callable[[LossInput], object]) -> int:
    """Return the first of the newest steps in all of which something matches."""
    found: dict[int, bool] = {}
    for read in evidence.observed.loss_inputs:
        found[read.step] = found.get(read.step, False) or bool(matches(read))
    holds = list(itertools.takewhile(lambda step: found[step], reversed(found)))
    return holds[-1]


def _newest(evidence: Evidence) -> list[LossInput]:
    """Return what was read of the loss in the newest step that was looked at."""
    read = list(evidence.observed.loss_inputs)
    return [each for each in read if each.step == read[-1].step]


RULES = (
    Rule(
        id="softmax-before-loss",
        severity="warning",
        certainty="certain",
        cause="The model ends with softmax or sigmoid, and the loss is one that takes logits, or "
        "logarithms of probabilities.",
        advice=(
            "Take the softmax or sigmoid out of the model, and apply it only to predict.",
            "nll_loss takes the result of log_softmax; cross_entropy is both in one.",
        ),
        match=_double_softmax,
        chapter="08_cnn",
    ),
    Rule(
        id="softmax-dimension",
        severity="error",
        certainty="certain",
        cause="The argument dim of softmax or log_softmax is not the dimension of the classes, or "
        "the model has one output where softmax takes one for each class.",
        advice=(
            "Use dim=1 for outputs of shape (batch, classes), or dim=-1 if the classes are last.",
            "With one output, use sigmoid, or binary_cross_entropy_with_logits without it.",
        ),
        match=_softmax_dimension,
        chapter="08_cnn",
    ),
    Rule(
        id="loss-broadcasts",
        severity="error",
        certainty="certain",
        cause="Outputs of shape (n, 1) and targets of shape (n,), or the other way round: PyTorch "
        "broadcasts both to (n, n).",
        advice=(
            "Give both the same shape: output.squeeze(1), or target.unsqueeze(1).",
            "Compare output.shape and target.shape before the loss.",
        ),
        match=_broadcast,
        chapter="01_tensors",
    ),
    Rule(
        id="targets-out-of-reach",
        severity="warning",
        cause="The activation after the last layer limits the output to a range that the targets "
        "are not in.",
        advice=(
            "Leave out the activation after the last layer: a regression needs none.",
            "Or scale the targets into its range: 0 to 1 for sigmoid, -1 to 1 for tanh.",
        ),
        match=_out_of_reach,
        chapter="03_linear_regression",
    ),
)
