"""The costly readings, each taken as often as the budget allows, none able to hurt the loop."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import torch

from labkit.capture.activations import ActivationReader
from labkit.capture.budget import Allowance, Budget
from labkit.capture.checks import check
from labkit.capture.pace import Pace
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
_USUAL_BUDGET = 0.03
_PICTURES_REST_NS = _SECOND_NS // 2
_EARLY = 250
"""Steps in which every reading of activations makes pictures, so that a short run has some."""


def _norms_again(step: int) -> int:
    """Return at which step norms are read at the latest, after they were at this one."""
    return step + max(1, min(_NORMS_AT_LEAST_EVERY, step // 6))


def _others_again(step: int) -> int:
    """Return the same for costlier readings: five in the first 200 steps, for short runs.

    Later ones come as the budget allows.
    """
    return 1 + 3 * step


class Readings:
    """Plans the readings of each step and takes them.

    Parameters
    ----------
    table : ParameterTable
    scopes : ScopeRecorder
    activations : ActivationReader or None
        None to leave activations alone.
    budget : float
        Part of the loop's time that watching may take, 0 to 1.
    graph, histograms : bool
        Whether to take these at all.
    """

    def __init__(
        self,
        table: ParameterTable,
        scopes: ScopeRecorder,
        activations: ActivationReader | None,
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
        self._activations = activations
        # Shares of the budget, and parts of all time: readings that are cheap against long steps
        # need not fill the budget.
        self._allowances = {
            _NORMS: Allowance(share=0.45, most=0.001, unseen=4.0, again=_norms_again),
            "weights": Allowance(share=0.1, most=0.0003, again=_others_again),
            "histograms": Allowance(
                share=0.08, most=0.0004, rest_ns=_SECOND_NS, enabled=histograms
            ),
            "direction": Allowance(
                share=0.05, most=0.0002, rest_ns=2 * _SECOND_NS, enabled=histograms
            ),
            "noise": Allowance(share=0.05, most=0.0002, rest_ns=_SECOND_NS, enabled=False),
            "graph": Allowance(
                share=0.1, most=0.0005, unseen=4.0, rest_ns=_SECOND_NS, enabled=graph
            ),
            "activations": Allowance(
                share=0.15,
                most=0.002,
                unseen=4.0,
                rest_ns=_SECOND_NS // 2,
                again=_others_again,
                enabled=activations is not None,
            ),
            "checks": Allowance(
                share=0.05, most=0.0001, rest_ns=_SECOND_NS // 2, again=_others_again
            ),
        }
        for allowance in self._allowances.values():
            allowance.rest_ns = round(allowance.rest_ns * min(1.0, _USUAL_BUDGET / budget))
            allowance.most *= max(1.0, budget / _USUAL_BUDGET)
            allowance.unseen = max(1.0, allowance.unseen * min(1.0, _USUAL_BUDGET / budget))
        self.steppers: Sequence[Stepper] = ()
        """All that move the watched parameters."""
        self._pictures_at_ns = 0
        self._structures: dict[int, ComputationGraph] = {}
        self.planned: frozenset[str] = frozenset()
        """What the present step reads."""
        self.bound_at = 1.0
        """The first step that has to read something besides norms; infinite if none has to."""

    def plan(self, run: Run, now_ns: int, step: int) -> None:
        """Decide what a step reads; graph and activations need their hooks from now."""
        self.planned = frozenset(
            part
            for part, allowance in self._allowances.items()
            if self.budget.is_due(allowance, now_ns, step)
        )
        if any(stepper.memory.keeps for stepper in self.steppers):
            self.planned |= {"direction"}  # the second of two steps in a row
        for part in self.planned:
            self._allowances[part].planned_at(step)
        others = (each for part, each in self._allowances.items() if part != _NORMS)
        bound = (allowance.due_at_step for allowance in others if allowance.enabled)
        self.bound_at = min(bound, default=math.inf)
        if "graph" in self.planned:
            self._scopes.start()
        if "activations" in self.planned and self._activations is not None:
            early = step < _EARLY
            pictures = early or now_ns >= self._pictures_at_ns
            if pictures:
                self._pictures_at_ns = now_ns + _PICTURES_REST_NS
            self._activations.start(run, self.readout, step, with_pictures=pictures)

    def steps_to_norms(self, pace: Pace, credit: float, now_ns: int, steps: int) -> float:
        """Return how many steps come before norms are read again, after so many steps."""
        norms = self._allowances[_NORMS]
        if not norms.enabled:
            return math.inf
        by_credit = pace.steps_until_earned(norms.due_at_credit - credit)
        by_clock = pace.steps_in(norms.due_at_ns - now_ns)
        return max(0.0, min(norms.due_at_step - steps - 1, max(by_credit, by_clock)))

    def account(self, run: Run, loop_ns: int, fixed_ns: int) -> None:
        """Charge some steps: their time, and what watching cost whatever was read."""
        published_ns = run.published_ns
        run.loop_ns += loop_ns
        run.spent_ns += fixed_ns + self.spent_ns
        self.budget.earn(loop_ns, fixed_ns + published_ns - self.budget.published_ns)
        self.budget.published_ns, self.spent_ns = published_ns, 0

    def before_backward(self, run: Run, roots: Sequence[torch.Tensor]) -> None:
        """Take the graph while its buffers are there, if it is planned."""
        if self._activations is not None:
            self._activations.stop()
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
        reader = self._activations
        if "activations" in self.planned and reader is not None:
            self.spent_ns += reader.spent_ns
            self._take(
                run,
                "activations",
                lambda: reader.record(run, self.readout, step),
                spent_ns=reader.spent_ns,
            )
        if "direction" in self.planned:
            self._take(run, "direction", lambda: stepper.record_direction(run, self.readout, step))
        if "noise" in self.planned:
            self._take(run, "noise", lambda: stepper.record_noise(run, self.readout, step))
        if "checks" in self.planned:
            self._take(run, "checks", lambda: check(run, self._table, stepper, self.steppers))
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

    def read_norms(self, run: Run, stepper: Stepper, step: int) -> None:
        """Read the norms of the gradients as they are now, and nothing else."""
        stepper.gradients_read = True
        self._allowances[_NORMS].planned_at(step)
        self._take(run, _NORMS, lambda: stepper.take_gradient_norms(run, self.readout, step))

    def after_pass(self, run: Run, stepper: Stepper, scale: torch.Tensor | None) -> None:
        """Read the gradients as a backward pass left them: before clipping, and pass by pass."""
        if _NORMS in self.planned and stepper.rescales:
            self._take(run, _NORMS, lambda: stepper.read_norms_before_clipping(scale))
        if "noise" in self.planned:
            self._take(run, "noise", stepper.add_pass)

    def several_passes(self) -> None:
        """Note that steps take several backward passes each, so that their noise can be read."""
        self._allowances["noise"].enabled = True

    def after_step(self, run: Run, stepper: Stepper, step: int) -> None:
        """Read the weights after they moved, if it is planned."""
        if "weights" in self.planned:
            self._take(run, "weights", lambda: stepper.record_weights(run, self.readout, step))

    def known_graph(self, roots: Sequence[torch.Tensor]) -> ComputationGraph | None:
        """Return the graph of this structure, if it was captured before."""
        return self._structures.get(structure_key(roots))

    def close(self) -> None:
        """Take every hook off and deliver what is under way."""
        self._scopes.stop()
        self._scopes.clear()
        if self._activations is not None:
            self._activations.stop()
            self._activations.clear()
        self.readout.flush()

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

    def _take(self, run: Run, part: str, action: Callable[[], None], *, spent_ns: int = 0) -> None:
        """Take one reading; `spent_ns` is what it has cost before, in hooks."""
        began = time.perf_counter_ns()
        allowance = self._allowances[part]
        try:
            if allowance.enabled:
                action()
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the loop
            allowance.enabled = False
            self._scopes.stop()
            if self._activations is not None:
                self._activations.stop()
                self._activations.clear()
            run.add_notice(
                part,
                f"labkit could not read the {part} and has switched that off; training is not "
                f"affected. ({type(error).__name__}: {error})",
            )
        ended = time.perf_counter_ns()
        self.spent_ns += ended - began
        seen = run.audience.present
        self.budget.spend(allowance, ended - began + spent_ns, ended, seen=seen)
