"""Counts the updates for which a model was in evaluation mode."""

from __future__ import annotations

import weakref
from collections.abc import Mapping

from torch import nn

from labkit.capture.parameters import prefixed
from labkit.capture.readings.activations.frozen_norms import BATCH_NORMS
from labkit.run.observations import Observations

_DROPOUTS = (
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.AlphaDropout,
    nn.FeatureAlphaDropout,
)
_INSTANCE_NORMS = (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
_MAX_MODULES = 64


class TrainingModes:
    """The modes of some models, and of their modules that depend on the mode.

    Parameters
    ----------
    models : mapping of str to Module
        By label, ``""`` for an only model. Held weakly.
    """

    def __init__(self, models: Mapping[str, nn.Module]) -> None:
        self._models = {
            label: [weakref.ref(model), *(weakref.ref(each) for _, each in _dependent(model))]
            for label, model in models.items()
        }
        """The model itself, then its modules that depend on the mode, by label."""

    def count(self, observed: Observations, label: str, step: int) -> None:
        """Count whether the model of an update is in evaluation mode.

        It is if neither itself nor any of its modules that depend on the mode is in training mode.
        A model without such modules is not counted.

        Parameters
        ----------
        observed : Observations
        label : str
            Label of the model whose parameters are updated.
        step : int
        """
        references = self._models.get(label, [])
        if len(references) > 1:
            modules = [module for each in references if (module := each()) is not None]
            is_training = any(module.training for module in modules)
            observed.trained_in_eval.add(seen=not is_training, step=step)


def mode_dependent(models: Mapping[str, nn.Module]) -> tuple[str, ...]:
    """Return the paths of at most 64 modules that depend on training or evaluation mode."""
    found = [
        prefixed(label, path) for label, model in models.items() for path, _ in _dependent(model)
    ]
    return tuple(found[:_MAX_MODULES])


def _dependent(model: nn.Module) -> list[tuple[str, nn.Module]]:
    found = [each for each in model.named_modules() if _depends_on_mode(each[1])]
    return found[:_MAX_MODULES]


def _depends_on_mode(module: nn.Module) -> bool:
    if isinstance(module, _DROPOUTS):
        return bool(module.p > 0)
    if isinstance(module, (*BATCH_NORMS, *_INSTANCE_NORMS)):
        return bool(module.track_running_stats)
    if isinstance(module, nn.RNNBase):
        return bool(module.dropout > 0 and module.num_layers > 1)
    return isinstance(module, nn.MultiheadAttention) and bool(module.dropout > 0)
