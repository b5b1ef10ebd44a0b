"""The record of the first failed step of a run, and its replay."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

HISTORY_STEPS = 50
"""Number of steps before the incident whose rows are stored."""
History = Mapping[str, tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]]
"""Column names, steps (n_rows,) and values (n_rows, n_columns), by table id."""


@dataclass(frozen=True)
class ModuleOutput:
    """The output of one module in a replay.

    Attributes
    ----------
    path : str
        Path of the module; ``""`` for the model itself.
    type : str
        Class name of the module.
    shape : tuple of int
        Shape of the output.
    mean, std : float
        Mean and standard deviation of the finite elements.
    not_finite : int
        Number of NaN and infinite elements.
    """

    path: str
    type: str
    shape: tuple[int, ...]
    mean: float
    std: float
    not_finite: int


@dataclass(frozen=True)
class Replay:
    """The result of replaying a forward pass.

    Attributes
    ----------
    modules : tuple of ModuleOutput
        The module calls, in the order in which they returned.
    operation : str or None
        Name of the first operation with a non-finite result and finite inputs; None if all results
        are finite.
    module : str or None
        Path of the module that called the operation.
    line : str or None
        Line of the user's code, as ``"file:number"``.
    output : object
        The output of the model, or the loss if `Incident.replay` was called with a loss function.
    """

    modules: tuple[ModuleOutput, ...]
    operation: str | None
    module: str | None
    line: str | None
    output: Any = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Return a table of the module outputs and the first non-finite operation."""
        rows = [
            f"{each.path or '(model)':32} {each.type:20} {each.shape!s:20} "
            f"mean {each.mean:10.4g}  std {each.std:10.4g}  not finite {each.not_finite}"
            for each in self.modules
        ]
        if self.operation is None:
            rows.append("Every result of this pass is finite.")
        else:
            place = f" in {self.module or 'the model'}" if self.module is not None else ""
            line = f" ({self.line})" if self.line else ""
            rows.append(f"First not finite: {self.operation}{place}{line}.")
        return "\n".join(rows)


@dataclass(frozen=True)
class Incident:
    """The first step with a non-finite loss or a loss spike.

    Attributes
    ----------
    step : int
        Number of the step, counted from 1.
    kind : {"not finite", "spike"}
    explanation : str or None
        The origin, as a clause to follow a colon; None if unknown.
    node : str or None
        Id of the first graph node with a non-finite result.
    module : str or None
        Path of the module that executed this operation.
    line : str or None
        Line of the user's code, as ``"file:number"``.
    indices : tuple of int or None
        Dataset indices of the samples in the batch; None if the loader does not provide them.
    random_state : ndarray or None, shape (n_bytes,), dtype uint8
        State of the CPU generator when the model was called, for `torch.random.set_rng_state`.
    history : mapping of str to (names, steps, values)
        The rows of the last 50 steps, by table id: column names; steps, shape (n_rows,), dtype
        int64; values, shape (n_rows, n_columns), dtype float32.
    rerun : callable or None
        The implementation of `replay`; None if the inputs or weights were not stored.

    Examples
    --------
    >>> incident = Incident(step=12, kind="spike")
    >>> incident.step, incident.module
    (12, None)
    """

    step: int
    kind: Literal["not finite", "spike"]
    explanation: str | None = None
    node: str | None = None
    module: str | None = None
    line: str | None = None
    indices: tuple[int, ...] | None = None
    random_state: NDArray[np.uint8] | None = field(default=None, repr=False, compare=False)
    history: History = field(default_factory=dict, repr=False, compare=False)
    rerun: Callable[[Callable[[Any], Any] | None], Replay] | None = field(
        default=None, repr=False, compare=False
    )

    def replay(self, loss: Callable[[Any], Any] | None = None) -> Replay:
        """Repeat the forward pass of the step and locate the first non-finite result.

        Weights, random state, inputs and training modes are those of the step. Buffers have their
        values from the end of the step. The model is not modified.

        Parameters
        ----------
        loss : callable, optional
            Takes the output of the model and returns the loss, so that the operations of the loss
            are included.

        Returns
        -------
        Replay
            Statistics of each module's output, and the first operation with a non-finite result.

        Raises
        ------
        RuntimeError
            If the model no longer exists, or its inputs or weights were not stored.
        """
        if self.rerun is None:
            raise RuntimeError(
                f"Step {self.step} cannot be run again: its inputs and weights were not kept. They "
                "are not in the file of a run, and while it trains only for models that are called "
                "as model(...), are not compiled, and take less than 256 MB with their inputs."
            )
        return self.rerun(loss)
