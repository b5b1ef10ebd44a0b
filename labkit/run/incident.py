"""What is kept of the first step that went wrong, so that it can be looked at and run again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

HISTORY_STEPS = 50
"""Steps before the incident of which all statistics are kept."""
History = Mapping[str, tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.float32]]]
"""Tables by their ids: column names, steps (n_rows,) and values (n_rows, n_columns)."""


@dataclass(frozen=True)
class ModuleOutput:
    """What one module gave out in a replay.

    Attributes
    ----------
    path : str
        ``""`` for the model itself.
    type : str
        Class name.
    shape : tuple of int
    mean, std : float
        Over the finite elements.
    not_finite : int
        How many elements are NaN or infinite.
    """

    path: str
    type: str
    shape: tuple[int, ...]
    mean: float
    std: float
    not_finite: int


@dataclass(frozen=True)
class Replay:
    """A forward pass that was run again.

    Attributes
    ----------
    modules : tuple of ModuleOutput
        In the order in which they ended.
    operation : str or None
        The first operation that made a value that is not finite out of finite ones.
    module : str or None
        Path of the module it was called in.
    line : str or None
        The line of the user's own code, ``"file:number"``.
    output : object
        What the model returned, or the loss if a loss was asked for.
    """

    modules: tuple[ModuleOutput, ...]
    operation: str | None
    module: str | None
    line: str | None
    output: Any = field(repr=False, compare=False)

    def __str__(self) -> str:
        """Return a table of the modules' outputs, and where it went wrong."""
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
    """The first step whose loss was not finite, or jumped.

    Attributes
    ----------
    step : int
    kind : {"not finite", "spike"}
    explanation : str or None
        Where it began, as a clause that goes on after a colon; None where that is not known.
    node : str or None
        Id of the graph's node that first gave a value that is not finite.
    module : str or None
        Path of the module that did so.
    line : str or None
        The line of the user's own code, ``"file:number"``.
    indices : tuple of int or None
        Which samples of the dataset made up the batch, where the loader tells.
    random_state : ndarray or None, dtype uint8
        State of the CPU's generator as the model was called, for `torch.random.set_rng_state`.
    history : mapping of str to (names, steps, values)
        Every table of series over the last 50 steps as it was recorded, by its id: column names,
        steps, shape (n_rows,), dtype int64, and values, shape (n_rows, n_columns), dtype float32.
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
    again: Callable[[Callable[[Any], Any] | None], Replay] | None = field(
        default=None, repr=False, compare=False
    )

    def replay(self, loss: Callable[[Any], Any] | None = None) -> Replay:
        """Run the model's forward pass of that step again and say where it goes wrong.

        The weights, the random state, the inputs and the modules' modes are those of the step; the
        buffers are as the step left them. The model itself is not changed.

        Parameters
        ----------
        loss : callable, optional
            Takes what the model returns and computes the loss, to have that looked at too.

        Returns
        -------
        Replay
            Each module's output in numbers, and the first operation whose result is not finite.

        Raises
        ------
        RuntimeError
            If the model is gone, or its inputs or weights were not kept.
        """
        if self.again is None:
            raise RuntimeError(
                f"Step {self.step} cannot be run again: its inputs and weights were not kept. They "
                "are for models that are called as model(...), are not compiled, and take less "
                "than 256 MB with their inputs."
            )
        return self.again(loss)
