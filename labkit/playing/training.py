"""The training of a playground: one step of an optimizer at a time, as in any PyTorch loop."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from labkit.playing.choices import Loss, losses_for, optimizer_for
from labkit.playing.datasets import Points, make_points
from labkit.playing.features import features_of
from labkit.playing.history import History
from labkit.playing.networks import Layer, build, evaluated, layers_of
from labkit.playing.own_points import CLASS_NAMES
from labkit.playing.settings import LIVE, Settings

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

    `first` has the settings with which the training began, `settings` the present ones, and
    `class_names` how both classes are called on the page.

    Parameters
    ----------
    settings : Settings
    own_points : tuple, optional
        Coordinates, targets and whether they are values; otherwise they are made.
    own_model : Module, optional
        Trained in place; otherwise a network is built.
    """

    def __init__(
        self,
        settings: Settings,
        own_points: tuple[Tensor, Tensor, bool] | None = None,
        own_model: nn.Module | None = None,
    ) -> None:
        self.own_points, self.own_model = own_points, own_model
        self.initial = None if own_model is None else copy.deepcopy(own_model.state_dict())
        self.class_names = CLASS_NAMES
        self.changes: list[Change] = []
        self.restart(settings)

    def restart(self, settings: Settings) -> None:
        """Begin again with a new network and a new optimizer."""
        self.settings = self.first = settings
        self.points: Points = make_points(
            settings.data, settings.noise, settings.split, settings.seed, self.own_points
        )
        if self.own_model is None:
            sizes = len(settings.features), settings.hidden
            self.model: nn.Module = build(*sizes, settings.activation, settings.seed)
            self.inputs = features_of(self.points.x, settings.features)
        else:
            assert self.initial is not None
            self.model = self.own_model
            self.model.load_state_dict(self.initial)
            self.model.zero_grad()
            self.inputs = self.points.x
        found = layers_of(self.model)
        self.layers: tuple[Layer, ...] | None = None if isinstance(found, str) else found
        self.why_not_drawn = found if isinstance(found, str) else None
        choices = losses_for(is_regression=self.points.is_regression)
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
        loss = self.loss(self._outputs(batch), self.points.y[batch])
        penalty = self.settings.penalty
        if self.settings.regularisation == "l1":
            loss = loss + penalty * sum(weight.abs().sum() for weight in self.weights)
        elif self.settings.regularisation == "l2":
            loss = loss + penalty * sum((weight**2).sum() for weight in self.weights)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.step += 1

    def _outputs(self, batch: Tensor) -> Tensor:
        outputs: Tensor = self.model(self.inputs[batch])
        return outputs.reshape(-1)

    @torch.no_grad()
    def evaluate(self) -> None:
        """Compute the losses of all training points and of all test points, without the penalty."""
        y = self.points.y
        self.train_loss, self.test_loss = (
            # Not all points at once, as the last bits of a product depend on its number of rows.
            float(self.loss(evaluated(self.model, self.inputs[part]).reshape(-1), y[part]))
            for part in (self.points.train, self.points.test)
        )
        self.history.add(self.step, self.train_loss, self.test_loss)

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
        linear, place = self._linear(layer)
        tensor: Any = linear.bias if source is None else linear.weight
        index: Sequence[int] = (unit,) if source is None else (unit, source)
        if tensor is None or any(not 0 <= i < n for i, n in zip(index, tensor.shape, strict=True)):
            raise ValueError(f"The network has no weight {layer}, {unit}, {source}.")
        tensor[tuple(index)] = value
        name = "bias" if source is None else "weight"
        where = ", ".join(map(str, index))
        self._record(f"model[{place}].{name}[{where}]", value)
        self.evaluate()

    def _linear(self, layer: int) -> tuple[nn.Linear, int]:
        if self.layers is None or not 0 <= layer < len(self.layers):
            raise ValueError(f"The network has no layer {layer} whose weights can be set.")
        found = self.layers[layer]
        return found.linear, found.place

    def _record(self, target: str, value: float) -> None:
        if self.changes and (last := self.changes[-1]).target == target and last.step == self.step:
            self.changes.pop()
        self.changes.append(Change(self.step, target, value))
        if len(self.changes) > _MAX_CHANGES:
            self.changes.pop()
            self.reproducible = False


def _differ(name: str, old: Settings, new: Settings) -> bool:
    return bool(getattr(old, name) != getattr(new, name))
