"""The recorded data of one watched training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from labkit.run.activations import ActivationLog
from labkit.run.cost import Cost
from labkit.run.epochs import Epochs
from labkit.run.figures import figures
from labkit.run.finding import Finding
from labkit.run.findings_log import FindingEntry, FindingsLog
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.log import GraphLog
from labkit.run.graph.parts import GraphSpan
from labkit.run.histograms import HistogramLog
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection, Samples
from labkit.run.live import LiveModel
from labkit.run.logged.sample import LoggedSample
from labkit.run.logged.sample_log import SampleLog
from labkit.run.loop_length import LoopLength, check_total_steps
from labkit.run.notices import NoticeLog
from labkit.run.observations import Observations
from labkit.run.optional import import_optional
from labkit.run.printable import encodable
from labkit.run.ranks import RankFacts
from labkit.run.run_setup import GroupSetup, RunSetup, SchedulerSetup
from labkit.run.series.recorder import Recorder
from labkit.run.series.series_table import Floats, SeriesTable, Steps
from labkit.run.state import EpochStart, ModelFacts, Notice
from labkit.run.step_knots import StepKnots

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects


class RunRecord:
    """Series, graphs, findings and further data of one run: what capture writes and views read.

    The methods are safe on any thread. Methods that read first write the rows that capture has
    buffered. `Run` adds control of the training loop and the lifecycle.

    Attributes
    ----------
    config : dict of str to object
        What the user has given as the configuration: numbers, texts, lists and mappings.
    note : str
        A text about the run; it may be set at any time.
    environment : dict of str to str
        Versions, machine and commit of the process that trains.
    final_values : dict of str to Inspection
        The values of the parameters at the end of the run, by name.
    model : ModelFacts
        Properties of the watched models.
    setup : RunSetup
        The classes, and the hyperparameters at the start.
    recorder : Recorder
        The tables of series.
    histograms : HistogramLog
        Histograms of gradients and activations.
    activations : ActivationLog
        Pictures of activations.
    sample_log : SampleLog
        The logged images, texts and figures.
    samples : mapping of str to Sampled
        Sampled values of a graph that was captured outside a run, by parameter name or node id.
    observations : Observations
        Observations of the loop that are not time series.
    cost_totals : Cost
        The time of the loop and the cost of watching.
    findings_log : FindingsLog
        When findings came and went, and the ignored rules.
    epochs : Epochs
        The number of completed epochs at some steps.
    step_times : StepKnots
        The time since the start of the run, in s, at some steps.
    ranks : RankFacts or None
        The place of the run among those of the processes that train the model; None if it is alone.
    shards : Recorder
        Norms of the parts of gradients that this process holds. `labkit.run.file.RankFiles`
        combines those of all processes.
    shard_counts : dict of str to int
        The number of processes that hold a part, for each such parameter.
    """

    def __init__(self) -> None:
        self.config: dict[str, Any] = {}
        self.note = ""
        self.environment: dict[str, str] = {}
        self.final_values: dict[str, Inspection] = {}
        self._notices = NoticeLog()
        self.model = ModelFacts()
        self.setup = RunSetup()
        self.recorder = Recorder(self._notices)
        self.ranks: RankFacts | None = None
        self.shards = Recorder(self._notices)
        self.shard_counts: dict[str, int] = {}
        self.histograms = HistogramLog()
        self.activations = ActivationLog()
        self.sample_log = SampleLog(self._notices)
        self.samples: Samples = {}
        self.observations = Observations()
        self.cost_totals = Cost()
        self._total_steps: int | None = None
        self._given_length: LoopLength | None = None
        self._loop_length: LoopLength | None = None
        self.epochs = Epochs()
        self.step_times = StepKnots(spacing=0.1)
        self._incident: Incident | None = None
        self.findings_log = FindingsLog()
        self._findings: tuple[Finding, ...] = ()
        self.graph_log = GraphLog()
        self._live: LiveModel | None = None
        self._steps = 0

    def __getstate__(self) -> object:
        """Raise a TypeError: a run belongs to a training in this process."""
        raise TypeError(
            "A run cannot be copied or pickled. run.to_frame() and run.graph.to_json() return what "
            "it recorded as data that can be stored."
        )

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def steps(self) -> int:
        """Number of completed optimizer steps."""
        live = self._live
        return self._steps if live is None else live.steps()

    @property
    def epoch(self) -> int | None:
        """The current epoch, counted from 1; None if unknown."""
        return self.epochs.current

    @property
    def steps_per_epoch(self) -> int | None:
        """Number of batches per epoch of the data loader; None if unknown.

        Where a trainer says when epochs begin, the number of steps.
        """
        return self.epochs.length

    @property
    def total_steps(self) -> int | None:
        """The number of steps that the run is to have; None if it is unknown.

        The progress bar and the remaining time are computed from it. It is read from the ``for``
        loops around the steps where their lengths are certain: from ``range``, a data loader, a
        list, ``enumerate``, ``zip`` or a progress bar of tqdm. Set it where they are not, for
        example for a ``while`` loop; None reads it from the loops again. A number that the run
        has exceeded is not used any more.

        Raises
        ------
        TypeError, ValueError
            If it is set to something else than a whole number from 1.

        Examples
        --------
        >>> record = RunRecord()
        >>> record.total_steps = 3 * 100
        >>> record.total_steps
        300
        """
        length = self.planned_length()
        return None if length is None else length.total

    @total_steps.setter
    def total_steps(self, total: int | None) -> None:
        self._total_steps = check_total_steps(total)

    def planned_length(self) -> LoopLength | None:
        """Return what is known of the length of the run; None if nothing is."""
        total = self._total_steps
        if total is not None and total >= self.steps:
            left = total - self.steps
            return LoopLength(self.steps, left, is_exact=True, source="run.total_steps")
        length = self._given_length or self._loop_length
        return None if length is None or length.left_at(self.steps) is None else length

    @property
    def epoch_start(self) -> EpochStart | None:
        """The begin of the newest epoch, by the loader or as logged; None before the first one."""
        return self.epochs.newest_start(self.steps, self.observations.batches)

    @property
    def tables(self) -> dict[str, SeriesTable]:
        """The tables of series, by id, with all rows up to now."""
        self._write_buffered()
        return self.recorder.tables

    def names(self) -> list[str]:
        """Return the names of all series with points, in the order of their first appearance."""
        self._write_buffered()
        return self.recorder.names()

    def series(self, name: str) -> tuple[Steps, Floats]:
        """Return the recorded points of one series.

        Parameters
        ----------
        name : str
            ``"loss"``, the name of a logged metric, ``"lr/<group>"``, ``"grad_norm/<parameter>"``
            (or ``weight_norm``, ``update_ratio``) or ``"act_mean/<module>"``; `names` returns all
            names.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
            Strictly increasing, counted from 1; 0 for metrics logged before the first step.
        values : ndarray, shape (n_points,), dtype float32
            In a long run the older points are the minima and maxima of groups of steps. Sampled
            series, for example norms, have points only at the steps at which they were read. The
            loss, learning rates and metrics may be NaN or infinite.

        Raises
        ------
        KeyError
            If there is no series of that name.
        """
        self._write_buffered()
        try:
            table, column = self.recorder.find(name)
        except KeyError:
            known = ", ".join(self.recorder.names()[:12]) or "nothing yet"
            raise KeyError(
                f"no series named {name!r} was recorded; there is: {known}. "
                "run.names() lists them all."
            ) from None
        return table.points(column)

    def logged_samples(self, name: str) -> tuple[LoggedSample, ...]:
        """Return the images, texts or figures that were logged under a name.

        Parameters
        ----------
        name : str
            As passed to `Run.log`.

        Returns
        -------
        tuple of LoggedSample
            In the order of their steps. Of a long run, the first, the newest, and some between
            them: at most 256 of a name, and 32 MB of all names.

        Raises
        ------
        KeyError
            If nothing was logged under this name; the message lists the names.

        Examples
        --------
        >>> from labkit.run import Run
        >>> run = Run("demo")
        >>> run.log(prompt="a cat")
        >>> [(sample.step, sample.kind, sample.text) for sample in run.logged_samples("prompt")]
        [(0, 'text', 'a cat')]
        """
        found = self.sample_log.samples(name)
        if not found:
            known = ", ".join(each.name for each in self.sample_log.series()) or "nothing yet"
            raise KeyError(
                f"no image, text or figure named {name!r} was logged; there is: {known}."
            )
        return found

    def to_frame(self) -> pandas.DataFrame:
        """Return all series as a `pandas.DataFrame` with one row per step and one column per name.

        The index is named ``"step"``. Values are float32, NaN at steps at which a series has no
        point.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = import_optional("pandas", needed_by="run.to_frame()")
        columns = {}
        for name in self.names():
            steps, values = self.series(name)
            columns[encodable(name)] = pandas.Series(values, index=steps)
        frame = pandas.DataFrame(columns)
        frame.index.name = "step"
        return frame.sort_index()

    def figure(
        self,
        name: str | Sequence[str] | None = None,
        *,
        x: str = "step",
        log: bool | None = None,
        smoothing: float = 0.0,
        kind: str | None = None,
        step: int | None = None,
        marks: bool = True,
        theme: str = "light",
    ) -> plotly.graph_objects.Figure:
        """Return a figure of plotly in labkit's look, to restyle, combine or print.

        Parameters
        ----------
        name : str or sequence of str, optional
            What to draw: ``"loss"``, ``"accuracy"`` or another metric with the same metric on other
            parts of the data (``"val_accuracy"``), ``"lr"``; the name of one series;
            ``"grad_norm"``, ``"weight_norm"``, ``"update_ratio"``, ``"act_std"`` or another kind of
            series of all parameters or modules; ``"histograms"`` of all gradients, or
            ``"histograms/<parameter>"`` over the steps; ``"activations/<module>"``, with the kind
            of the picture after another slash if there are several. Several names of curves become
            panels; None draws all curves.
        x : {"step", "epoch", "time"}
            The horizontal axis.
        log : bool, optional
            Whether the values, or the colours of a heat map, are logarithmic. By default those of
            magnitudes of parameters and modules are, and those of curves are not.
        smoothing : float
            Strength of a moving average of curves, 0 to 1.
        kind : str, optional
            ``"lines"`` instead of ``"heat map"`` for all parameters or modules, ``"ridge"`` instead
            of ``"heat map"`` for ``"histograms/<parameter>"``.
        step : int, optional
            The newest picture or histograms up to this step are drawn; by default the newest.
        marks : bool
            Whether findings, changes that a person made, and skipped steps are marked.
        theme : {"light", "dark"}

        Returns
        -------
        plotly.graph_objects.Figure
            ``figure.write_html("loss.html")`` writes a page, ``figure.write_image("loss.pdf")`` an
            image if kaleido is installed (``pip install kaleido``).

        Raises
        ------
        KeyError
            If there is no figure of that name; the message lists what there is.
        ValueError
            If another argument is invalid, or the epochs or times of the steps are not known.
        ImportError
            If plotly is not installed.

        Examples
        --------
        >>> from labkit.run import Run
        >>> run = Run("demo")
        >>> run.log(accuracy=0.5, val_accuracy=0.4)
        >>> figure = run.figure("accuracy", log=True)
        >>> len(figure.data), figure.layout.yaxis.type
        (2, 'log')
        """
        return figures("run.figure()").figure(
            self,
            name,
            x=x,
            log=log,
            smoothing=smoothing,
            kind=kind,
            step=step,
            marks=marks,
            theme=theme,
        )

    @property
    def graph(self) -> ComputationGraph | None:
        """The latest computation graph; None before the first backward pass."""
        return self.graph_log.latest

    @property
    def graphs(self) -> tuple[ComputationGraph, ...]:
        """One graph per structure, oldest first; the newest 32."""
        return self.graph_log.graphs

    @property
    def graph_history(self) -> tuple[GraphSpan, ...]:
        """The spans of steps at which the graph had a constant structure, oldest first.

        The newest 200 spans are stored.
        """
        return self.graph_log.spans

    @property
    def cost(self) -> float:
        """Measured share of the loop's time that watching took, usually 0 to 1.

        The first steps of a longer run are excluded: expensive readings are scheduled early, so
        that a short run has some of them, and are not representative of later steps.
        """
        return self.cost_totals.share

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The problems found in the run, without those of ignored rules.

        The most severe come first, and of equally severe ones the most certain.
        """
        live, ignored = self._live, self.findings_log.ignored
        found = self._findings if live is None else live.findings()
        return tuple(finding for finding in found if finding.rule not in ignored)

    @property
    def findings_history(self) -> tuple[FindingEntry, ...]:
        """All findings of the run with when they came and went, oldest first; the newest 256.

        Includes those of ignored rules. The rules are evaluated when `findings` is read, while the
        run is displayed, during training (at first when the number of steps has doubled, later
        every few seconds) and at the end. A finding that returns within 20 steps continues its
        entry.
        """
        return self.findings_log.entries()

    @property
    def ignored(self) -> tuple[str, ...]:
        """Ids of the rules whose findings are not reported in this run; see `ignore`."""
        return self.findings_log.ignored

    @property
    def incident(self) -> Incident | None:
        """The record of the first failed step; None if no step has failed."""
        return self._incident

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Messages about labkit itself, oldest first; at most 20."""
        return self._notices.all()

    @property
    def live(self) -> LiveModel | None:
        """The live model; None once the run has ended."""
        return self._live

    def _write_buffered(self) -> None:
        live = self._live
        if live is not None:
            live.write()

    # ── writing ──────────────────────────────────────────────────────────────

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
