"""Builds the playground's messages to the page, whose types are in `labkit.views.messages`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from labkit.playing.datasets import MAKERS, POINTS
from labkit.playing.drawn import Layer
from labkit.playing.maps import UNIT_SIDE, Maps, weights_of
from labkit.playing.training import Training
from labkit.views.message_builders import PROTOCOL_VERSION, Message
from labkit.views.messages.playground import PlaygroundLayer

PREVIEW_POINTS = 80
"""Number of points of each data set that its button shows."""


def setup_message(training: Training, maps: Maps) -> Message:
    """Return all that changes only when the training begins again."""
    points = training.points
    order = torch.cat([points.train, points.test])
    rows = torch.cat([points.x, points.y[:, None]], dim=1)[order]
    features = maps.features()
    own = training.own_model
    message = Message(
        {
            "type": "setup",
            "protocol": PROTOCOL_VERSION,
            "settings": _settings(training),
            "regression": points.is_regression,
            "outputs": training.outputs,
            "own_data": training.own_points is not None,
            "class_names": list(training.class_names),
            "own_model": None if own is None else type(own).__name__,
            "why_not_drawn": training.why_not_drawn,
            "parameters": sum(each.numel() for each in training.model.parameters()),
            "layers": [_layer(layer) for layer in training.layers],
            "inputs": list(training.settings.features),
            "steps_per_epoch": training.steps_per_epoch,
            "train_points": len(points.train),
            "plane": list(maps.plane),
            "y_range": list(maps.y_range),
        }
    )
    message.content["points"] = message.add(rows.numpy(), "<f4")
    message.content["previews"] = message.add(_previews(training), "<f4")
    message.content["feature_maps"] = message.add(features.values, "u1")
    message.content["feature_scales"] = message.add(features.scales, "<f4")
    message.content["history"] = message.add(training.history.rows(), "<f8")
    return message


def _layer(layer: Layer) -> PlaygroundLayer:
    units, inputs = layer.drawn
    return {
        "name": layer.path.removeprefix("model."),
        "units": units,
        "all_units": layer.units,
        "inputs": inputs,
        "all_inputs": 0 if layer.linear is None else layer.linear.in_features,
        "source": layer.source,
        "note": layer.note,
    }


def _previews(training: Training) -> NDArray[np.float32]:
    """Return some points of each data set that can be chosen, with the present noise and seed."""
    settings = training.settings
    if training.own_points is not None:
        return np.empty((0, 3), np.float32)
    rows = []
    for make in MAKERS.values():
        generator = torch.Generator().manual_seed(settings.seed)
        x, y = make(POINTS, settings.noise, generator)
        rows.append(torch.cat([x, y[:, None].float()], dim=1)[:PREVIEW_POINTS])
    previews: NDArray[np.float32] = torch.cat(rows).numpy()
    return previews


def frame_message(training: Training, maps: Maps, unit_side: int = UNIT_SIDE) -> Message:
    """Return the state of the network; the session adds number, speed and so on."""
    units = maps.units(unit_side)
    message = Message({"type": "frame", "step": training.step})
    losses = torch.tensor([training.train_loss, training.test_loss], dtype=torch.float64)
    message.content["losses"] = message.add(losses.numpy(), "<f8")
    message.content["weights"] = message.add(weights_of(training), "<f4")
    message.content["unit_maps"] = message.add(units.values, "u1")
    message.content["unit_scales"] = message.add(units.scales, "<f4")
    message.content["output_map"] = message.add(maps.output(), "u1")
    wrong = np.packbits(training.misclassified().numpy(), bitorder="little")
    message.content["misclassified"] = message.add(wrong, "u1")
    return message


def _settings(training: Training) -> dict[str, Any]:
    settings = asdict(training.settings)
    return {**settings, **{name: list(settings[name]) for name in ("features", "hidden")}}
