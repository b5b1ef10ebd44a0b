"""The training of a playground: one step of an optimizer at a time, as in any PyTorch loop."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from labkit.playing.choices import Loss, losses_for, optimizer_for
from labkit.playing.datasets import CLASS_NAMES, Points, make_points
from labkit.playing.drawn import Layer, Row, Traced, drawn_network
from labkit.playing.features import features_of
from labkit.playing.history import History
from labkit.playing.networks import build, evaluated
from labkit.playing.own_model import outputs_of_model
from labkit.playing.own_points import OwnPoints
from labkit.playing.settings import LIVE, Own, Settings, outputs_of

_MAX_CHANGES = 2000


@dataclass(frozen=True)
class Change:
    """A change by hand while the training goes on: before which step, of what, to which value.

    Attributes
    ----------
    step : int
    target : str
        The setting, or the weight as code of exported programs: ``model[0].weight[1, 0]``.
    value : float
    """

    step: int
    target: str
    value: float


class Training:
    """A model, its data and its optimizer. To be used on one thread at a time.

    `first` has the settings with which the training began, `settings` the present ones, `own` what
    points and a model of the user's fix, and `outputs` the number of outputs of the network.

    Parameters
    ----------
    settings : Settings
    own_points : OwnPoints, optional
        Otherwise they are made.
    own_model : Module, optional
        Trained in place; otherwise a network is built.
    """

    def __init__(
        self,
        settings: Settings,
        own_points: OwnPoints | None = None,
        own_model: nn.Module | None = None,
    ) -> None:
        self.own_points, self.own_model = own_points, own_model
        self.initial = None if own_model is None else copy.deepcopy(own_model.state_dict())
        self.own = Own(
            None if own_points is None else own_points.classes,
            None if own_model is None else outputs_of_model(own_model),
        )
        self.changes: list[Change] = []
        self.restart(settings)

    def restart(self, settings: Settings) -> None:
        """Begin again with a new network and a new optimizer."""
        outputs = outputs_of(settings, self.own)
        self.settings, self.first, self.outputs = settings, settings, outputs
        own = None if self.own_points is None else self.own_points[:3]
        self.points: Points = make_points(
            settings.data, settings.noise, settings.split, settings.seed, own
        )
        self.targets = self.points.y.long() if outputs > 1 else self.points.y
        # In the order in which pages get the points.
        order = torch.cat([self.points.train, self.points.test])
        self._wanted = self.targets[order] if outputs > 1 else self.targets[order] > 0
        if self.own_model is None:
            sizes = len(settings.features), settings.hidden, outputs
            self.model: nn.Module = build(*sizes, settings.activation, settings.seed)
            self.inputs = features_of(self.points.x, settings.features)
        else:
            assert self.initial is not None
            self.model = self.own_model
            self.model.load_state_dict(self.initial)
            self.model.zero_grad()
            self.inputs = self.points.x
        found = drawn_network(self.model, self.inputs[:3])
        self.network: Row | Traced | None = None if isinstance(found, str) else found
        self.why_not_drawn = found if isinstance(found, str) else None
        choices = losses_for(self.points.classes, outputs)
        self.loss: Loss = choices[settings.loss].loss
        self.optimizer = optimizer_for(settings.optimizer, self._trained(), settings.lr)
        self.weights = [each for each in self._trained() if each.dim() > 1]
        self.step = 0
        self.changes.clear()
        self.reproducible = True
        self._shuffling = torch.Generator().manual_seed(settings.seed)
        self._left = self.points.train[:0]
        self.history = History()
        self.evaluate()

    def _trained(self) -> list[nn.Parameter]:
        return [each for each in self.model.parameters() if each.requires_grad]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers that are drawn; none if the network cannot be drawn."""
        return () if self.network is None else self.network.layers

    @property
    def class_names(self) -> tuple[str, ...]:
        """How the classes are called on the page; none for values."""
        if self.own_points is not None:
            return self.own_points.class_names
        return CLASS_NAMES[: self.points.classes]

    @property
    def steps_per_epoch(self) -> int:
        """Number of steps in which each training point is used once."""
        return -(-len(self.points.train) // self.settings.batch_size)

    def run_step(self) -> None:
        """Take one step of the optimizer, on the next batch."""
        if len(self._left) == 0:
            order = torch.randperm(len(self.points.train), generator=self._shuffling)
            self._left = self.points.train[order]
        size = self.settings.batch_size
        batch, self._left = self._left[:size], self._left[size:]
        self.optimizer.zero_grad()
        loss = self.loss(self._shaped(self.model(self.inputs[batch])), self.targets[batch])
        penalty = self.settings.penalty
        if self.settings.regularisation == "l1":
            loss = loss + penalty * sum(weight.abs().sum() for weight in self.weights)
        elif self.settings.regularisation == "l2":
            loss = loss + penalty * sum((weight**2).sum() for weight in self.weights)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step += 1

    def _shaped(self, outputs: Tensor) -> Tensor:
        """Return outputs in the shape that the loss takes."""
        return outputs.reshape(-1) if self.outputs == 1 else outputs

    @torch.no_grad()
    def evaluate(self) -> None:
        """Compute the losses of all training points and of all test points, without the penalty."""
        parts = self.points.train, self.points.test
        # Not all points at once, as the last bits of a product depend on its number of rows.
        outputs = [self._shaped(evaluated(self.model, self.inputs[part])) for part in parts]
        self.train_loss, self.test_loss = (
            float(self.loss(given, self.targets[part]))
            for given, part in zip(outputs, parts, strict=True)
        )
        self._evaluated = torch.cat(outputs)
        self.history.add(self.step, self.train_loss, self.test_loss)

    def misclassified(self) -> Tensor:
        """Return of each point whether it was misclassified, those for training first.

        Empty if the points have values.
        """
        outputs = self._evaluated
        if self.points.is_regression:
            return torch.zeros(0, dtype=torch.bool)
        if self.outputs == 1:
            return ((outputs > 0) != self._wanted) | outputs.isnan()
        return (outputs.argmax(dim=1) != self._wanted) | outputs.isnan().any(dim=1)

    # ── changes while the training goes on ───────────────────────────────────

    def change(self, settings: Settings) -> bool:
        """Apply settings; return whether that began the training again."""
        old = self.settings
        names = {name for name in Settings.__dataclass_fields__ if _differ(name, old, settings)}
        if not names <= LIVE:
            self.restart(settings)
            return True
        # Without a regularisation, its factor has no effect.
        unused = {"penalty"} if old.regularisation == "none" else set()
        for name in sorted(names - unused):
            self._record(name, getattr(settings, name))
        for group in self.optimizer.param_groups:
            group["lr"] = settings.lr
        self.settings = replace(settings)
        return False

    @torch.no_grad()
    def set_weight(self, layer: int, unit: int, source: int | None, value: float) -> None:
        """Set one weight of a drawn network; None as source is the bias.

        Raises
        ------
        ValueError
            If there is no such weight.
        """
        linear, path = self._linear(layer)
        tensor: Any = linear.bias if source is None else linear.weight
        index: Sequence[int] = (unit,) if source is None else (unit, source)
        if tensor is None or any(not 0 <= i < n for i, n in zip(index, tensor.shape, strict=True)):
            raise ValueError(f"The network has no weight {layer}, {unit}, {source}.")
        name = "bias" if source is None else "weight"
        if not isinstance(tensor, nn.Parameter):
            raise ValueError(  # noqa: TRY004 - as for all bad requests
                f"{path}.{name} is computed from other parameters and cannot be set by itself."
            )
        tensor[tuple(index)] = value
        where = ", ".join(map(str, index))
        self._record(f"{path}.{name}[{where}]", value)
        self.evaluate()

    def _linear(self, layer: int) -> tuple[nn.Linear, str]:
        found = self.layers[layer] if 0 <= layer < len(self.layers) else None
        if found is None or found.linear is None:
            raise ValueError(f"The network has no layer {layer} whose weights can be set.")
        return found.linear, found.path

    def _record(self, target: str, value: float) -> None:
        if self.changes and (last := self.changes[-1]).target == target and last.step == self.step:
            self.changes.pop()
        self.changes.append(Change(self.step, target, value))
        if len(self.changes) > _MAX_CHANGES:
            self.changes.pop()
            self.reproducible = False


def _differ(name: str, old: Settings, new: Settings) -> bool:
    return bool(getattr(old, name) != getattr(new, name))
