"""The costly readings, each taken as often as the budget allows, none able to hurt the loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch

from labkit.capture.budget import Allowance, Budget
from labkit.capture.parameters import ParameterTable
from labkit.capture.readout import Readout
from labkit.capture.scopes import ScopeRecorder
from labkit.capture.steppers import Stepper
from labkit.capture.structure import structure_key
from labkit.capture.walk import capture_graph
from labkit.run import ComputationGraph, Run

_SECOND_NS = 1_000_000_000
_SCOPE_COST_NS = 4_000
"""What recording one module call costs, both hooks together."""
_MOST_STRUCTURES = 32
_NORMS = "gradient norms"
_NORMS_AT_LEAST_EVERY = 128
"""Steps; fewer at the beginning, so that a short run of short steps shows its gradients too."""


class Readings:
    """Plans the readings of each step and takes them.

    Parameters
    ----------
    table : ParameterTable
    scopes : ScopeRecorder
    budget : float
        Part of the loop's time that watching may take, 0 to 1.
    graph, histograms : bool
        Whether to take these at all.
    """

    def __init__(
        self,
        table: ParameterTable,
        scopes: ScopeRecorder,
        *,
        budget: float,
        graph: bool,
        histograms: bool,
    ) -> None:
        self.readout = Readout()
        self.spent_ns = 0
        """Time spent on readings since it was last set to zero."""
        self._table = table
        self._scopes = scopes
        self.budget = Budget(budget)
        self._allowances = {
            _NORMS: Allowance(share=0.6),
            "weights": Allowance(share=0.15, rest_ns=_SECOND_NS // 20),
            "histograms": Allowance(share=0.1, rest_ns=_SECOND_NS, enabled=histograms),
            "graph": Allowance(share=0.15, rest_ns=_SECOND_NS // 2, enabled=graph),
        }
        self._norms_at_latest = 1
        self._structures: dict[int, ComputationGraph] = {}
        self.planned: frozenset[str] = frozenset()
        """What the present step reads."""
        self.plan(time.perf_counter_ns(), 1)

    def plan(self, now_ns: int, step: int) -> None:
        """Decide what a step reads; the graph needs its module calls recorded from now."""
        due = {
            part
            for part, allowance in self._allowances.items()
            if self.budget.is_due(allowance, now_ns)
        }
        if step >= self._norms_at_latest and self._allowances[_NORMS].enabled:
            due.add(_NORMS)
        if _NORMS in due:
            self._norms_at_latest = step + max(1, min(_NORMS_AT_LEAST_EVERY, step // 10))
        self.planned = frozenset(due)
        if "graph" in self.planned:
            self._scopes.start()

    def steps_until_due(self, earned_per_step: float, step: int) -> float:
        """Return how many steps that earn so much credit bring the next reading after a step."""
        lacking = min(
            (
                allowance.due_at_credit - self.budget.credit
                for allowance in self._allowances.values()
                if allowance.enabled and allowance.due_at_credit > self.budget.credit
            ),
            default=math.inf,
        )
        return min(lacking / max(earned_per_step, 1.0), self._norms_at_latest - step - 1)

    def account(self, run: Run, loop_ns: int, fixed_ns: int) -> None:
        """Charge some steps: their time, and what watching cost whatever was read."""
        published_ns = run.published_ns
        run.loop_ns += loop_ns
        run.spent_ns += fixed_ns + self.spent_ns
        self.budget.earn(loop_ns, fixed_ns + published_ns - self.budget.published_ns)
        self.budget.published_ns, self.spent_ns = published_ns, 0

    def before_backward(self, run: Run, roots: Sequence[torch.Tensor]) -> None:
        """Take the graph while its buffers are there, if it is planned."""
        if "graph" in self.planned:
            self._take(run, "graph", lambda: self._take_graph(run, roots))

    def before_step(self, run: Run, stepper: Stepper, step: int) -> None:
        """Read gradients after accumulation, unscaling and clipping; keep the weights."""
        if "weights" in self.planned:
            self._take(run, "weights", stepper.copy_weights)
        self.read_gradients(run, stepper, step)

    def read_gradients(self, run: Run, stepper: Stepper, step: int) -> None:
        """Read the gradients as they are now, what is planned of it."""
        stepper.gradients_read = True
        if _NORMS in self.planned:
            self._take(
                run,
                _NORMS,
                lambda: stepper.record_gradient_norms(run, self.readout, step),
            )
        if "histograms" in self.planned:
            self._take(
                run, "histograms", lambda: stepper.record_histograms(run, self.readout, step)
            )

    def after_step(self, run: Run, stepper: Stepper, step: int) -> None:
        """Read the weights after they moved, if it is planned."""
        if "weights" in self.planned:
            self._take(run, "weights", lambda: stepper.record_weights(run, self.readout, step))

    def _take_graph(self, run: Run, roots: Sequence[torch.Tensor]) -> None:
        key = structure_key(roots)
        graph = self._structures.get(key)
        if graph is None:
            graph = capture_graph(roots, self._table, self._scopes, run.steps + 1)
            if not any(node.kind == "parameter" for node in graph.nodes) and graph.nodes:
                return  # another model's backward pass
            if len(self._structures) >= _MOST_STRUCTURES:
                del self._structures[next(iter(self._structures))]
            self._structures[key] = graph
        self._scopes.stop()
        run.add_graph(graph, run.steps + 1)
        self.planned -= {"graph"}
        self.spent_ns += len(self._scopes.intervals) * _SCOPE_COST_NS
        self._scopes.clear()

    def _take(self, run: Run, part: str, action: Callable[[], None]) -> None:
        began = time.perf_counter_ns()
        allowance = self._allowances[part]
        try:
            if allowance.enabled:
                action()
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the loop
            allowance.enabled = False
            self._scopes.stop()
            run.add_notice(
                part,
                f"labkit could not read the {part} and has switched that off; training is not "
                f"affected. ({type(error).__name__}: {error})",
            )
        ended = time.perf_counter_ns()
        self.spent_ns += ended - began
        self.budget.spend(allowance, ended - began, ended)
