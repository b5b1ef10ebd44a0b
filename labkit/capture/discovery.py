"""Find the optimizers and gradient scalers that already exist for some parameters."""

from __future__ import annotations

import gc

import torch

from labkit.capture.parameters import ParameterTable


def find_optimizers(table: ParameterTable) -> list[torch.optim.Optimizer]:
    """Return the living optimizers that hold a watched parameter."""
    return [
        candidate
        for candidate in gc.get_objects()
        if issubclass(type(candidate), torch.optim.Optimizer)
        and getattr(candidate, "param_groups", None)
        and table.held_by(candidate)
    ]


def find_scalers() -> list[torch.amp.GradScaler]:
    """Return the living gradient scalers that are switched on."""
    return [
        candidate
        for candidate in gc.get_objects()
        if issubclass(type(candidate), torch.amp.GradScaler) and candidate.is_enabled()
    ]
