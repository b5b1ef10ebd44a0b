"""Reads what the loss compares: the output's last activation, and the targets."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

from labkit.capture.graph.loss_terms import LossTerm, bounds_of, loss_terms, reaches
from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.activations.readable import is_readable
from labkit.capture.readings.budget import SECOND_NS, ReadingBudget, next_early_reading
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.reading import PassContext, Reading
from labkit.run import Run
from labkit.run.observations import LabelShares, LossInput

_MAX_NUMBERS = 2**20
"""Maximum number of elements of a loss's input that is read."""
_MAX_CLASSES = 10_000
_MARGIN = 0.05
"""Distance from the bounds of an activation, in standard deviations of the targets, from which a
target is out of its reach."""


class LossInputReading(Reading):
    """The form of the loss, the range of its targets, and the shares of classes among its labels.

    Parameters
    ----------
    table : ParameterTable
    """

    name = "loss inputs"

    def __init__(self, table: ParameterTable) -> None:
        super().__init__(
            ReadingBudget(
                share=0.05,
                max_fraction=0.0001,
                min_interval_ns=SECOND_NS // 2,
                latest_next=next_early_reading,
            )
        )
        self._table = table

    def before_pass(self, context: PassContext) -> bool:
        """Read the terms of the loss, before the pass frees what they have saved."""
        starts = [root.grad_fn for root in context.roots if root.grad_fn is not None]
        terms = loss_terms(starts)
        if not terms or not reaches(starts, self._table):
            return False
        with torch.no_grad():
            for term in terms:
                _read_term(context.run, context.transfer, context.step, term)
            labelled = [term for term in terms if term.labels is not None]
            if len(labelled) == 1:  # several, as of a discriminator, each have their own labels
                _read_labels(context.run, context.transfer, context.step, labelled[0])
        return True


def _read_term(run: Run, transfer: DeviceTransfer, step: int, term: LossTerm) -> None:
    low, high = bounds_of(term.activation)

    def deliver(row: Sequence[float] = (math.nan, math.nan, math.nan)) -> None:
        run.observations.loss_inputs.append(
            LossInput(
                step=step,
                loss=term.name,
                shape=term.shape,
                compared=term.compared,
                activation=term.activation_name,
                dimension=term.dimension,
                classes=term.classes,
                bounds=(low, high),
                targets=(float(row[0]), float(row[1])),
                outside=float(row[2]),
            )
        )

    targets = None if math.isinf(low) and math.isinf(high) else term.targets()
    if targets is None or not is_readable(targets) or targets.numel() > _MAX_NUMBERS:
        deliver()
        return
    values = targets.float()
    margin = _MARGIN * values.std(correction=0)
    is_outside = (values < low - margin) | (values > high + margin)
    row = torch.stack([values.amin(), values.amax(), is_outside.float().mean()])
    transfer.submit(row, lambda row: deliver(row.tolist()))


def _read_labels(run: Run, transfer: DeviceTransfer, step: int, term: LossTerm) -> None:
    scores, labels = term.scores, term.labels
    if scores is None or labels is None or not is_readable(scores):
        return
    if type(labels) is not torch.Tensor or labels.numel() < 2 or scores.numel() > _MAX_NUMBERS:  # noqa: PLR2004
        return
    classes = scores.shape[1] if scores.dim() > 1 and term.names_classes else 2
    if not 1 < classes <= _MAX_CLASSES:
        return
    if term.names_classes:
        votes, labels = scores.argmax(1).flatten(), labels.flatten()
        counts = (labels >= 0) & (labels < classes)  # a negative label is one to ignore
    else:
        votes = (scores > term.threshold).flatten().long()
        labels = (labels > 0.5).flatten().long()  # noqa: PLR2004 - between the labels 0 and 1
        counts = torch.ones_like(labels, dtype=torch.bool)
    weights = counts.float()
    voted = torch.zeros(classes, device=scores.device).index_add_(0, votes, weights)
    present = torch.zeros_like(voted).index_add_(0, labels.clamp(0, classes - 1), weights)
    rows = weights.sum()
    winner = voted.max(dim=0)
    shares = present / rows
    entropy = -torch.xlogy(shares, shares).sum()
    row = torch.stack(
        [winner.indices.float(), winner.values / rows, shares[winner.indices], entropy, rows]
    )

    def deliver(row: Sequence[float]) -> None:
        predicted, share, label_share, entropy, rows = map(float, row)
        if rows > 1:
            run.observations.labels.append(
                LabelShares(step, classes, int(predicted), share, label_share, entropy, int(rows))
            )

    transfer.submit(row, lambda row: deliver(row.tolist()))
