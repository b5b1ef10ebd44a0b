"""Schedules the costly readings: each as often as the budget allows, none able to harm the loop."""

from __future__ import annotations

import math
import time
import weakref
from collections.abc import Callable, Sequence

import torch

from labkit.capture import torch_compat
from labkit.capture.graph.autograd_walk import capture_graph
from labkit.capture.graph.fingerprint import structure_key
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.activations import ActivationReader
from labkit.capture.readings.budget import Budget, ReadingBudget
from labkit.capture.readings.device_transfer import DeviceTransfer, Failure
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.parameter_reader import NORMS, ParameterReader
from labkit.capture.readings.setup_checks import check
from labkit.capture.readings.step_timing import StepTiming
from labkit.run import ComputationGraph, Run

_SECOND_NS = 1_000_000_000
_SCOPE_COST_NS = 4_000
"""What recording one module call costs, both hooks together."""
_MOST_STRUCTURES = 32
_MOST_DRAWN = 4
"""Graphs taken in one step, as where several models are trained in turn."""
NORMS_ALONE = frozenset({NORMS})
_WITH_HOOKS = frozenset({"graph", "activations"})
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
        self.transfer = DeviceTransfer()
        self.spent_ns = 0
        """Time spent on readings since it was last set to zero."""
        self._table = table
        self._scopes = scopes
        self.budget = Budget(budget)
        self._activations = activations
        # Shares of the budget, and parts of all time: readings that are cheap against long steps
        # need not fill the budget.
        self._allowances = {
            NORMS: ReadingBudget(share=0.45, most=0.001, unseen=4.0, again=_norms_again),
            "weights": ReadingBudget(share=0.1, most=0.0003, again=_others_again),
            "histograms": ReadingBudget(
                share=0.08, most=0.0004, rest_ns=_SECOND_NS, enabled=histograms
            ),
            "direction": ReadingBudget(
                share=0.05, most=0.0002, rest_ns=2 * _SECOND_NS, enabled=histograms
            ),
            "noise": ReadingBudget(share=0.05, most=0.0002, rest_ns=_SECOND_NS, enabled=False),
            "graph": ReadingBudget(
                share=0.1, most=0.0005, unseen=4.0, rest_ns=_SECOND_NS, enabled=graph
            ),
            "activations": ReadingBudget(
                share=0.15,
                most=0.002,
                unseen=4.0,
                rest_ns=_SECOND_NS // 2,
                again=_others_again,
                enabled=activations is not None,
            ),
            "checks": ReadingBudget(
                share=0.05, most=0.0001, rest_ns=_SECOND_NS // 2, again=_others_again
            ),
        }
        for allowance in self._allowances.values():
            allowance.rest_ns = round(allowance.rest_ns * min(1.0, _USUAL_BUDGET / budget))
            allowance.most *= max(1.0, budget / _USUAL_BUDGET)
            allowance.unseen = max(1.0, allowance.unseen * min(1.0, _USUAL_BUDGET / budget))
        self.readers: list[ParameterReader] = []
        """Those of each optimizer that moves watched parameters."""
        self.is_compiled = False
        """Whether `torch.compile` has made something of the models: hooks stay away then."""
        self.calls_are_seen = True
        """Whether calls of the models are seen, so that `model_called` is called."""
        self._begins: tuple[weakref.ref[Run], int, int] | None = None
        self._began_early = False
        """Whether module calls are recorded from the end of the step before."""
        self.limit = MemoryLimit.of(_parameters(table))
        self._pictures_at_ns = 0
        self._structures: dict[int, ComputationGraph] = {}
        self._layout = table.layout
        self._drawn: set[int] = set()
        """Structures that were taken in the present step."""
        self.planned: frozenset[str] = frozenset()
        """What the present step reads."""
        self.bound_at = 1.0
        """The first step that has to read something besides norms; infinite if none has to."""

    def leave_out(self, ns: int) -> None:
        """Leave some time, in which the loop stood still, out of the rests between readings."""
        for allowance in self._allowances.values():
            allowance.due_at_ns += ns
        self._pictures_at_ns += ns

    def plan_norms(self) -> None:
        """Have the next step read the norms of the gradients and nothing else."""
        self.planned = NORMS_ALONE

    @property
    def has_hooks(self) -> bool:
        """Whether module calls of the present step are recorded for all that needs them."""
        wanted = {part for part in _WITH_HOOKS if self._allowances[part].enabled}
        return wanted <= self.planned and self._begins is None

    @property
    def plans_calls(self) -> bool:
        """Whether the present step reads what needs module calls."""
        return bool(self.planned & _WITH_HOOKS)

    def plan_calls(self, run: Run, step: int) -> None:
        """Have the next step read what needs module calls: the graph and activations."""
        self.planned |= {part for part in _WITH_HOOKS if self._allowances[part].enabled}
        self._start_hooks(run, time.perf_counter_ns(), step)

    def plan(self, run: Run, now_ns: int, step: int, *, with_hooks: bool = True) -> None:
        """Decide what a step reads; graph and activations need their hooks from now.

        Without hooks, as where the step's forward pass is over, activations are left out.
        """
        self.planned = frozenset(
            part
            for part, allowance in self._allowances.items()
            if self.budget.is_due(allowance, now_ns, step)
        )
        if any(each.previous.waiting for each in self.readers):
            self.planned |= {"direction"}  # the second of two steps in a row
        if not with_hooks:
            self.planned -= {"activations"}
        for part in self.planned - {NORMS}:
            self._allowances[part].planned_at(step)
        others = (each for part, each in self._allowances.items() if part != NORMS)
        bound = (allowance.due_at_step for allowance in others if allowance.enabled)
        self.bound_at = min(bound, default=math.inf)
        if with_hooks:
            self._start_hooks(run, now_ns, step)

    def _start_hooks(self, run: Run, now_ns: int, step: int) -> None:
        """Have module calls recorded: from a model's next call, where its calls are seen.

        Hooks would have a compiled model compiled anew. One whose own call is seen runs as it is.
        """
        if not self.plans_calls or self.is_compiled:
            return
        self._begins = weakref.ref(run), now_ns, step
        self._began_early = not self.calls_are_seen
        if self._began_early:
            self.model_called()

    def model_called(self) -> None:
        """Record module calls from now, if that was planned."""
        begins, self._begins = self._begins, None
        run = None if begins is None else begins[0]()
        if begins is None or run is None:
            return
        _, now_ns, step = begins
        if "graph" in self.planned:
            self._scopes.start()
        if "activations" in self.planned and self._activations is not None:
            pictures = step < _EARLY or now_ns >= self._pictures_at_ns
            if pictures:
                self._pictures_at_ns = now_ns + _PICTURES_REST_NS
            self._activations.start(run, self.transfer, step, with_pictures=pictures)

    def drop_calls(self) -> None:
        """Drop what module calls of the present step gave, if it is under the names of before.

        It is where they were recorded from the end of the step before, and not from the model's
        own call.
        """
        if not self._began_early:
            return
        self.planned -= _WITH_HOOKS
        self._begins = None
        self._scopes.stop()
        self._scopes.clear()
        if self._activations is not None:
            self._activations.stop()

    def steps_to_norms(self, pace: StepTiming, credit: float, now_ns: int, steps: int) -> float:
        """Return how many steps come before norms are read again, after so many steps."""
        norms = self._allowances[NORMS]
        if not norms.enabled:
            return math.inf
        by_credit = pace.steps_until_earned(norms.due_at_credit - credit)
        by_clock = pace.steps_in(norms.due_at_ns - now_ns)
        return max(0.0, min(norms.due_at_step - steps - 1, max(by_credit, by_clock)))

    def account(self, run: Run, loop_ns: int, fixed_ns: int) -> None:
        """Charge some steps: their time, and what watching cost whatever was read."""
        published_ns = run.measured.publishing_ns
        run.measured.add_steps(loop_ns, fixed_ns + self.spent_ns)
        self.budget.earn(loop_ns, fixed_ns + published_ns - self.budget.published_ns)
        self.budget.published_ns, self.spent_ns = published_ns, 0

    # ── the readings of one step, in their order ─────────────────────────────

    def before_pass(self, run: Run, roots: Sequence[torch.Tensor]) -> None:
        """Take the graph while its buffers are there, if it is planned."""
        if self._activations is not None:
            self._activations.before_pass()
        # Without module calls a graph is a stopgap, for a run that may be over before the next.
        waits = self._begins is not None and run.graph is not None
        if "graph" in self.planned and len(self._drawn) < _MOST_DRAWN and not waits:
            self._take(run, "graph", lambda: self._take_graph(run, roots))

    def after_pass(self, run: Run, readings: ParameterReader, scale: torch.Tensor | None) -> None:
        """Read the gradients as a backward pass left them: before clipping, and pass by pass."""
        if NORMS in self.planned and readings.rescaled is not False:
            self._take(run, NORMS, lambda: readings.read_norms_before_clipping(scale))
        if "noise" in self.planned:
            self._take(run, "noise", readings.add_pass)

    def before_update(
        self,
        run: Run,
        readings: ParameterReader,
        step: int,
        optimizer: torch.optim.Optimizer | None,
        *,
        rescaled: bool,
    ) -> None:
        """Read gradients after accumulation, unscaling and clipping; copy weights.

        `rescaled` says whether the gradients were changed since the last backward pass.
        """
        transfer = self.transfer
        readings.rescaled = rescaled or bool(readings.rescaled)
        if not rescaled:
            readings.drop_norms_before_clipping()
        if "activations" in self.planned and self._activations is not None:
            self._activations.before_update()
        if "weights" in self.planned:
            self._take(run, "weights", readings.copy_weights)
        if "direction" in self.planned:
            self._take(run, "direction", lambda: readings.read_direction(run, transfer, step))
        if "noise" in self.planned:
            self._take(run, "noise", lambda: readings.read_noise(run, transfer, step))
        if "checks" in self.planned:
            self._take(
                run,
                "checks",
                lambda: check(run, self._table, readings.entries, optimizer, self._all_entries()),
            )
        if NORMS in self.planned:
            self.read_norms(run, readings, step, optimizer)
        if "histograms" in self.planned:
            self._take(run, "histograms", lambda: readings.read_histograms(run, transfer, step))

    def before_steps_inside(self, run: Run, readings: ParameterReader) -> None:
        """Copy weights before a backward pass inside which optimizers step."""
        if "weights" in self.planned:
            self._take(run, "weights", readings.copy_weights)

    def read_norms(
        self,
        run: Run,
        readings: ParameterReader,
        step: int,
        optimizer: torch.optim.Optimizer | None,
        entries: Sequence[Watched] | None = None,
    ) -> None:
        """Read the norms of the gradients as they are now, of all entries or of some."""
        self._allowances[NORMS].planned_at(step)
        scale = getattr(optimizer, "grad_scale", None)
        scale = scale if isinstance(scale, torch.Tensor) else None
        self._take(
            run, NORMS, lambda: readings.read_norms(run, self.transfer, step, scale, entries)
        )

    def after_update(self, run: Run, readings: ParameterReader, step: int) -> None:
        """Read the weights after they moved, if it is planned."""
        if "weights" in self.planned:
            self._take(run, "weights", lambda: readings.read_weights(run, self.transfer, step))

    def _all_entries(self) -> list[Watched]:
        return [entry for each in self.readers for entry in each.entries]

    def end_step(self, run: Run, step: int) -> None:
        """Write what the modules' calls of the step gave, once for all its passes."""
        if self._begins is not None:  # no call was seen: the modules are called one by one
            self._begins, self.calls_are_seen = None, False
            self.is_compiled = torch_compat.has_compiled()
        self._scopes.stop()
        self._scopes.clear()
        self._drawn.clear()
        reader = self._activations
        if reader is not None and reader.reading:
            hooks_ns = reader.spent_ns
            self.spent_ns += hooks_ns
            self._take(
                run,
                "activations",
                lambda: reader.record(run, self.transfer, step),
                spent_ns=hooks_ns,
            )
        self.planned = frozenset()

    def several_passes(self) -> None:
        """Record that steps take several backward passes each, so that their noise can be read."""
        self._allowances["noise"].enabled = True

    def known_graph(self, roots: Sequence[torch.Tensor]) -> ComputationGraph | None:
        """Return the graph of this structure, if it was captured before."""
        return self._known(structure_key(roots, self._table))

    def write(self, run: Run, readings: ParameterReader, done: int) -> None:
        """Write the norms that wait, of steps up to `done`; on any thread."""
        try:
            readings.write(run, done)
        except Exception as error:  # noqa: BLE001 - a fault here must not reach who reads the run
            self._switch_off(run, NORMS, error)

    def deliver(self, run: Run) -> None:
        """Deliver what has arrived from an accelerator; nothing waits for it."""
        self._note_failures(run, self.transfer.poll())

    def close(self, run: Run | None) -> None:
        """Take every hook off and deliver what is under way; to nobody where the run is gone."""
        self._scopes.stop()
        self._scopes.clear()
        if self._activations is not None:
            self._activations.stop()
        failures = self.transfer.flush()
        if run is not None:
            self._note_failures(run, failures)

    def _take_graph(self, run: Run, roots: Sequence[torch.Tensor]) -> None:
        key = structure_key(roots, self._table)
        if key in self._drawn:
            return
        graph = self._known(key)
        if graph is None:
            graph = capture_graph(roots, self._table, self._scopes, run.steps + 1)
            if not any(node.kind == "parameter" for node in graph.nodes) and graph.nodes:
                return  # another model's backward pass
            if len(self._structures) >= _MOST_STRUCTURES:
                del self._structures[next(iter(self._structures))]
            if self._begins is None:
                self._structures[key] = graph
        self._drawn.add(key)
        run.add_graph(graph, run.steps + 1)
        self.spent_ns += len(self._scopes.intervals) * _SCOPE_COST_NS
        self._scopes.clear()

    def _known(self, key: int) -> ComputationGraph | None:
        """Return the graph of a structure, unless its modules may have other names by now."""
        if self._layout is not self._table.layout:
            self._layout = self._table.layout
            self._structures.clear()
        return self._structures.get(key)

    def _take(self, run: Run, part: str, action: Callable[[], None], *, spent_ns: int = 0) -> None:
        """Take one reading; `spent_ns` is what it has cost before, in hooks."""
        began = time.perf_counter_ns()
        allowance = self._allowances[part]
        self.transfer.reading = part
        try:
            if allowance.enabled:
                action()
        except Exception as error:  # noqa: BLE001 - a fault here must not reach the loop
            self._scopes.stop()
            if self._activations is not None:
                self._activations.stop()
            self._switch_off(run, part, error)
        self.transfer.reading = ""
        ended = time.perf_counter_ns()
        self.spent_ns += ended - began
        seen = run.audience.present
        self.budget.spend(allowance, ended - began + spent_ns, ended, seen=seen)

    def _note_failures(self, run: Run, failures: Sequence[Failure]) -> None:
        for part, error in failures:
            self._switch_off(run, part, error)

    def _switch_off(self, run: Run, part: str, error: Exception) -> None:
        """Read something no more, whose reading or delivery has failed; a notice says so."""
        allowance = self._allowances.get(part)
        if allowance is not None:
            allowance.enabled = False
        what = "some results" if allowance is None else f"the {part}"
        after = "" if allowance is None else " and has switched that off"
        run.add_notice(
            part or "watch",
            f"labkit could not read {what}{after}; training is not affected. "
            f"({type(error).__name__}: {error})",
        )


def _parameters(table: ParameterTable) -> list[torch.Tensor]:
    found = (entry.parameter() for entry in table.watched)
    return [p for p in found if p is not None and torch_compat.has_storage(p)]
