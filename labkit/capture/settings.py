"""The checked arguments of `labkit.watch` that do not depend on the model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from torch import nn

from labkit.capture.evaluation import OnFinding, Rules
from labkit.capture.readings.activations.chosen_input import ChosenInput
from labkit.capture.validate import (
    check_activations,
    check_budget,
    check_callback,
    check_ignored,
    check_loss_fn,
    check_tokens,
)
from labkit.run import Run
from labkit.run.control.pace import check_pace


@dataclass(frozen=True)
class WatchSettings:
    """How a training is recorded; the attributes are arguments of `labkit.watch`.

    Attributes
    ----------
    name : str or None
    loss_fn : Module or None
    budget : float
    graph, histograms : bool
    activations : object
        Not checked yet, as this runs the model.
    tokens : object
    pace : float or None
    rules : Rules or None
        Evaluates the run when its findings are read, during training and when the run ends.
    ignore : tuple of str
    on_finding : callable or None
    """

    name: str | None
    loss_fn: nn.Module | None
    budget: float
    graph: bool
    histograms: bool
    activations: Any
    tokens: Any
    pace: float | None
    rules: Rules | None
    ignore: tuple[str, ...]
    on_finding: OnFinding | None

    @classmethod
    def checked(
        cls,
        *,
        name: str | None = None,
        loss_fn: Any = None,
        budget: Any = 0.03,
        graph: bool = True,
        histograms: bool = True,
        activations: Any = None,
        tokens: Any = None,
        pace: Any = None,
        rules: Rules | None = None,
        ignore: Sequence[str] = (),
        on_finding: Any = None,
    ) -> Self:
        """Return the settings; raises the errors of `labkit.watch`.

        Examples
        --------
        >>> WatchSettings.checked(budget=0.1).new_run("demo").budget
        0.1
        """
        return cls(
            name=None if name is None else str(name),
            loss_fn=check_loss_fn(loss_fn),
            budget=check_budget(budget),
            graph=bool(graph),
            histograms=bool(histograms),
            activations=activations,
            tokens=check_tokens(tokens),
            pace=check_pace(pace, "lk.watch(model, pace=20)"),
            rules=rules,
            ignore=check_ignored(ignore, rules),
            on_finding=check_callback(on_finding),
        )

    def inputs_for(self, models: Mapping[str, nn.Module]) -> ChosenInput | Literal[False] | None:
        """Return the input for pictures of activations; see `check_activations`."""
        return check_activations(self.activations, models)

    def new_run(self, name: str) -> Run:
        """Return a run with these settings, under a name unless they have one."""
        run = Run(name if self.name is None else self.name, budget=self.budget)
        run.pace = self.pace
        run.findings_log.rules = () if self.rules is None else self.rules.ids
        for rule in self.ignore:
            run.ignore(rule)
        return run
