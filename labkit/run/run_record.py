"""The recorded data of one watched training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.incident import Incident
from labkit.run.inspection import Samples
from labkit.run.live import LiveModel
from labkit.run.loop_length import LoopLength
from labkit.run.readable import ReadableRun
from labkit.run.run_setup import GroupSetup, SchedulerSetup
from labkit.run.series.series_table import SeriesTable
from labkit.run.state import ModelFacts


class RunRecord(ReadableRun):
    """Series, graphs, findings and further data of one run: what capture writes and views read.

    The methods are safe on any thread. `Run` adds control of the training loop and the lifecycle.
    """

    def attach(self, live: LiveModel) -> None:
        """Connect a live model, which provides steps, buffered rows, values and findings."""
        self._live = live

    def detach(self) -> None:
        """Write the buffered rows, store steps and findings, and release the live model."""
        live = self._live
        if live is not None:
            live.write()
            self._steps = live.steps()
            self._findings = live.findings()
            self.findings_log.end(self._steps)
            self._live = None

    def ignore(self, rule: str) -> None:
        """Report no findings of a rule in this run; they remain in `findings_history`.

        Parameters
        ----------
        rule : str
            Id of a rule, as in `Finding.rule`.

        Raises
        ------
        ValueError
            If there is no such rule; the message lists the rules.

        Examples
        --------
        >>> record = RunRecord()
        >>> record.ignore("plateau")
        >>> record.ignored
        ('plateau',)
        """
        self.findings_log.ignore(rule)

    def unignore(self, rule: str) -> None:
        """Undo `ignore`, without effect if the rule is not ignored; raises as `ignore` does."""
        self.findings_log.unignore(rule)

    def add_table(self, id: str, kind: str, names: Sequence[str]) -> SeriesTable:
        """Return the table of an id, created or widened if necessary; see `Recorder.table`."""
        return self.recorder.table(id, kind, names)

    def add_graph(
        self, graph: ComputationGraph, step: int | None = None, *, more_sizes: bool = False
    ) -> None:
        """Record a graph that was captured at a step, by default the current step.

        With `more_sizes`, the sizes of tensors in this pass are others than those of the graph.
        """
        self.graph_log.add(graph, self.steps if step is None else step, more_sizes=more_sizes)

    def describe_model(self, facts: ModelFacts) -> None:
        """Set the properties of the watched models."""
        self.model = facts

    def describe_setup(
        self,
        models: Mapping[str, str],
        dtypes: Sequence[str],
        loss_function: str | None,
    ) -> None:
        """Set how the run was set up, apart from groups and schedulers; see `RunSetup`."""
        self.setup = replace(
            self.setup, models=dict(models), dtypes=tuple(dtypes), loss_function=loss_function
        )

    def add_group_setups(self, groups: Sequence[GroupSetup]) -> None:
        """Add the parameter groups whose names are new."""
        known = {group.name for group in self.setup.groups}
        new = tuple(group for group in groups if group.name not in known)
        if new:
            self.setup = replace(self.setup, groups=(*self.setup.groups, *new))

    def add_scheduler_setups(self, schedulers: Sequence[SchedulerSetup]) -> None:
        """Add schedulers that the setup does not have."""
        new = tuple(each for each in schedulers if each not in self.setup.schedulers)
        self.setup = replace(self.setup, schedulers=(*self.setup.schedulers, *new))

    def advance_to(self, step: int) -> None:
        """Set the number of completed steps; has no effect while a live model is attached."""
        self._steps = step

    def begin_epoch(self, steps: int | None) -> None:
        """Start the next epoch, of `steps` batches; None if the number is unknown.

        To be called after its first step.
        """
        self.epochs.begin(max(0, self.steps - 1), steps)

    def set_epoch(self, number: int, steps: int | None = None) -> None:
        """Begin an epoch at the current step, for a trainer that says when its epochs begin.

        From then on, iterations over data loaders are not counted as epochs.

        Parameters
        ----------
        number : int
            Number of the epoch, counted from 1.
        steps : int, optional
            Number of its steps, if it is known.

        Examples
        --------
        >>> record = RunRecord()
        >>> record.set_epoch(1, steps=50)
        >>> record.epoch, record.steps_per_epoch
        (1, 50)
        """
        self.epochs.begin_given(number, self.steps, steps)

    def set_given_length(self, length: LoopLength | None) -> None:
        """Set the length that a trainer says its loop has; None to read it from the loop.

        It takes priority over what is read from the loop, and `total_steps` over both.
        """
        self._given_length = length

    def set_loop_length(self, length: LoopLength | None) -> None:
        """Set what is known of the length of the loop that trains; None if it is unknown."""
        self._loop_length = length

    def add_incident(self, incident: Incident) -> None:
        """Store the record of a failed step; replaces an earlier one."""
        self._incident = incident

    def add_samples(self, samples: Samples) -> None:
        """Store sampled tensor values; replaces earlier ones."""
        self.samples = samples

    def add_notice(self, part: str, text: str) -> None:
        """Add a message about labkit itself unless it is a duplicate; see `NoticeLog.add`."""
        self._notices.add(part, text)
