"""A watch connects the parts of capture that record one loop."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

import torch
from torch import nn

from labkit.capture import hooks, torch_compat
from labkit.capture.evaluation import Evaluation
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.hooks import discovery
from labkit.capture.incidents.call_history import CallHistory
from labkit.capture.incidents.detection import IncidentDetector
from labkit.capture.incidents.failed_step import graph_of_failed_step
from labkit.capture.inspection import inspector
from labkit.capture.loop_length import LoopLengthReader
from labkit.capture.parameters import ParameterTable
from labkit.capture.ranks import RankExchange
from labkit.capture.readings.activations import ActivationReader
from labkit.capture.readings.activations.chosen_input import ChosenInput
from labkit.capture.readings.activations.token_texts import Tokens
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.readings.training_modes import TrainingModes
from labkit.capture.steps import StepMachine
from labkit.capture.tuning import Tuner
from labkit.run import ComputationGraph, Finding, Run
from labkit.run.inspection import Inspection

_RECORDED_STEPS = 200
_FAST_NS = 2_000_000
"""If a step takes less time for each call of a model, recording these calls slows it down."""
_CALLS_WITHOUT_STEP = 100
"""Number of calls of the model without a step after which a notice says that nothing is recorded.
"""
_OTHER_RANK = (
    "This is the process of rank {rank}. It records what differs between the processes: losses, "
    "metrics, times and memory. The rest is in the run of rank 0."
)
_NOTHING = (
    "No optimizer step of this model was seen, so nothing is recorded. labkit sees steps of "
    "torch.optim optimizers and updates by hand after loss.backward(). It does not see gradients "
    "that are taken by torch.func.grad or torch.autograd.grad, nor a copy of the model that trains "
    "instead of it. Watch the module whose parameters the optimizer holds, and log what "
    "you want to see: run.log(loss=...) under a name of your own, for example run.log(my_loss=...)."
)


class Watch:
    """Records the training of some models into a run, and reads values of the live models.

    Parameters
    ----------
    run : Run
        Held weakly.
    models : mapping of str to Module
        The label ``""`` stands for an only model. Held weakly.
    optimizers : sequence of Optimizer
        The given optimizers; others are found.
    loss_fn : Module or None
        Module whose results are the loss, instead of the tensors that backward is called on.
    budget : float
        Fraction of the loop's time that watching may take, 0 to 1.
    graph, histograms : bool
        Whether to record these.
    activations : ChosenInput or False or None
        The input for pictures; None for the loop's forward passes, False for no activations.
    tokens : callable, mapping or sequence, optional
        The texts of token ids.
    evaluation : Evaluation
        Evaluates the rules on the run.
    """

    def __init__(
        self,
        run: Run,
        models: Mapping[str, nn.Module],
        optimizers: Sequence[torch.optim.Optimizer],
        *,
        loss_fn: nn.Module | None,
        budget: float,
        graph: bool,
        histograms: bool,
        activations: ChosenInput | Literal[False] | None,
        tokens: Tokens | None,
        evaluation: Evaluation,
    ) -> None:
        self.table = ParameterTable(models)
        self.last_module: weakref.finalize[..., nn.Module] | None = None
        """Finalizer that ends the run when its last module is deleted."""
        reader = None
        if activations is not False:
            reader = ActivationReader(models, activations, tokens)
        self._scopes = ScopeRecorder(models)
        self._draws_graph = graph
        is_compiled = discovery.find_compiled(models.values())
        readings = ReadingSchedule(
            self.table,
            TrainingModes(models),
            self._scopes,
            reader,
            budget=budget,
            graph=graph,
            histograms=histograms,
            is_compiled=is_compiled,
            intercepts_models=any(map(torch_compat.has_forward, models.values())),
        )
        self._module_calls = readings.module_calls
        self._call_history = CallHistory(
            {} if is_compiled else models, run.observations, self._model_called
        )
        self._incidents = IncidentDetector(
            models, self.table, self._call_history, readings.graph.known, self._batch_indices
        )
        self._machine = StepMachine(
            run,
            self.table,
            readings,
            self._incidents,
            loss_is_given=loss_fn is not None,
            after_plan=self._after_plan,
        )
        self._loss_calls = (
            None
            if loss_fn is None
            else hooks.CallInterceptor(loss_fn, returned=self._machine.loss_computed)
        )
        self._evaluation = evaluation
        self._readings = readings
        self.tuner = Tuner(self._machine, models, self._set_budget)
        self._inspect = inspector(lambda: self.table)
        self._device = _device_of(self.table)
        self._loop_length = LoopLengthReader()
        self._ranks = RankExchange()
        self._rank: int | None = None
        self._update_ranks(run)
        self._machine.open(run, optimizers or discovery.find_optimizers(self.table))
        self._machine.guarded(lambda run: self.tuner.read_if_due())
        hooks.open_(self._machine)

    # ── the live model of a run ──────────────────────────────────────────────

    def write(self) -> None:
        """Move pending rows into the run's tables; on any thread."""
        self._machine.write()

    def steps(self) -> int:
        """Return the number of completed steps; on any thread."""
        return self._machine.steps_done

    def device_memory(self) -> int | None:
        """Return the number of bytes in use on the model's device; None for the CPU."""
        return torch.cuda.memory_allocated(self._device) if self._device.type == "cuda" else None

    def inspect(self, name: str) -> Inspection | None:
        """Return statistics of a parameter and its gradient; only on the training thread."""
        return self._inspect(name)

    def failed_graph(self, error: BaseException, step: int) -> ComputationGraph | None:
        """Return the graph of the pass that raised an error; see `LiveModel`."""
        if not self._draws_graph:
            return None
        run = self._machine.run_reference()
        latest = None if run is None else run.graph
        with torch_compat.without_functions():
            graph = graph_of_failed_step(error, self._scopes, latest, step)
        if graph is None:
            return None
        lines = {n.id: self._incidents.line_of(n, graph) for n in graph.nodes if n.kind == "failed"}
        nodes = (replace(n, source=lines.get(n.id, n.source)) for n in graph.nodes)
        return replace(graph, nodes=tuple(nodes))

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings of the run, the most severe first; on any thread."""
        run = self._machine.run_reference()
        return () if run is None else self._evaluation.findings(run)

    def code_ended(self) -> None:
        """Call `Run.begin` at the next pass, and end a step that was interrupted."""
        self._machine.leave_for_general_path()
        self._machine.training_step.drop_raised_steps(self._machine.thread)
        self._machine.recorders.restore_own_values()
        self._loop_length.begin_anew()

    def before_end(self) -> None:
        """Call the user's callback for new findings before the run ends."""
        run = self._machine.run_reference()
        if run is not None:
            self._ranks.update(run, self._machine.steps_done, is_last=True)
            self._evaluation.before_end(run)

    def close(self, run: Run | None = None) -> None:
        """Remove all hooks, deliver pending results and release all tensors.

        Parameters
        ----------
        run : Run, optional
            The run that may get a last notice; None if it no longer exists.
        """
        self.tuner.close()
        hooks.close(self._machine)
        if self.last_module is not None:
            self.last_module.detach()
        nothing = self._machine.awaits_first_pass and (
            self._call_history.calls > 1 or self._machine.saw_unrelated_passes_only
        )
        self._machine.close(reads_last_step=run is not None and not run.is_abandoned)
        self._call_history.close()
        if self._loss_calls is not None:
            self._loss_calls.close()
        if run is not None and nothing and not self._machine.steps_done:
            run.add_notice("watch", _NOTHING)

    def _update_ranks(self, run: Run) -> None:
        """Set which of several processes this is, as soon as it is known."""
        self._ranks.update(run, self._machine.steps_done)
        rank = None if run.ranks is None else run.ranks.rank
        if rank is not None and rank != self._rank:
            self._rank = rank
            self._readings.set_rank(rank)
            if rank:
                run.add_notice("ranks", _OTHER_RANK.format(rank=rank))

    def _model_called(self) -> None:
        machine = self._machine
        machine.model_called()
        self._module_calls.model_called()
        nothing = machine.awaits_first_pass and not machine.steps_done
        if nothing and self._call_history.calls == _CALLS_WITHOUT_STEP:
            machine.add_notice(_NOTHING)

    def _set_budget(self, budget: float) -> None:
        self._readings.set_budget(budget)
        self._evaluation.budget = budget

    def _batch_indices(self) -> tuple[int, ...] | None:
        return self._machine.epochs.indices()

    def _after_plan(self, run: Run) -> None:
        """Evaluate the rules if due; do not record the model's calls if this is slow."""
        self._update_ranks(run)
        self._evaluation.after_plan(run)
        self.tuner.read_if_due()
        is_late = self._machine.ends_late
        self._loop_length.read_if_due(run, self._machine.steps_done, is_late=is_late)
        steps, calls = self._machine.steps_done, self._call_history.calls
        is_long = steps > _RECORDED_STEPS and run.pace is None
        if is_long and run.cost_totals.loop_ns < _FAST_NS * max(steps, calls):
            self._call_history.stop_recording()
            self._module_calls.intercepts_models = False


def _device_of(table: ParameterTable) -> torch.device:
    found = (entry.parameter() for entry in table.watched)
    known = (p for p in found if p is not None and torch_compat.has_storage(p))
    return next((parameter.device for parameter in known), torch.device("cpu"))
