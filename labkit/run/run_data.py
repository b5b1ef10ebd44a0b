"""The data of one run, and the facts that are read from it."""

from __future__ import annotations

from typing import Any

from labkit.run.activations import ActivationLog
from labkit.run.cost import Cost
from labkit.run.epochs import Epochs
from labkit.run.finding import Finding
from labkit.run.findings_log import FindingEntry, FindingsLog
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.log import GraphLog
from labkit.run.graph.parts import GraphSpan
from labkit.run.histograms import HistogramLog
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection, Samples
from labkit.run.live import LiveModel
from labkit.run.logged.sample_log import SampleLog
from labkit.run.loop_length import LoopLength, check_total_steps
from labkit.run.notices import NoticeLog
from labkit.run.observations import Observations
from labkit.run.ranks import RankFacts
from labkit.run.run_setup import RunSetup
from labkit.run.series.recorder import Recorder
from labkit.run.state import EpochStart, ModelFacts, Notice
from labkit.run.step_knots import StepKnots


class RunData:
    """The data that was recorded of one run.

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
        >>> record = RunData()
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
