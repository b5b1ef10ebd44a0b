"""Restores the settings of torch after an extra run of the user's code."""

from __future__ import annotations

import torch


class Settings:
    """The settings of torch at some time: of gradients, dtypes and determinism."""

    def __init__(self) -> None:
        self._is_grad_enabled = torch.is_grad_enabled()
        self._dtype = torch.get_default_dtype()
        self._deterministic = (
            torch.are_deterministic_algorithms_enabled(),
            torch.is_deterministic_algorithms_warn_only_enabled(),
        )
        self._anomaly = torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()

    def restore(self) -> None:
        """Restore the settings that have changed."""
        now = Settings()
        if now._is_grad_enabled != self._is_grad_enabled:
            torch.set_grad_enabled(self._is_grad_enabled)
        if now._dtype is not self._dtype:
            torch.set_default_dtype(self._dtype)
        if now._deterministic != self._deterministic:
            mode, warn_only = self._deterministic
            torch.use_deterministic_algorithms(mode, warn_only=warn_only)
        if now._anomaly != self._anomaly:
            mode, check_nan = self._anomaly
            torch.autograd.set_detect_anomaly(mode, check_nan=check_nan)
