"""What the file of a run needs of the run."""

from __future__ import annotations

from typing import Any, Protocol

from labkit.run.activations import ActivationLog
from labkit.run.cost import Cost
from labkit.run.epochs import Epochs
from labkit.run.finding import Finding
from labkit.run.findings_log import FindingsLog
from labkit.run.graph.log import GraphLog
from labkit.run.histograms import HistogramLog
from labkit.run.hyperparameters import ParameterGroup
from labkit.run.incident import Incident
from labkit.run.inspection import Inspection
from labkit.run.logged.sample_log import SampleLog
from labkit.run.observations import Observations
from labkit.run.ranks import RankFacts
from labkit.run.run_event import EventLog
from labkit.run.run_setup import RunSetup
from labkit.run.series.recorder import Recorder
from labkit.run.series.series_table import SeriesTable
from labkit.run.state import ModelFacts, RunState
from labkit.run.step_knots import StepKnots


class SavedRun(Protocol):
    """The attributes and methods of a run that its file is written from."""

    id: str
    name: str
    started_at: float
    config: dict[str, Any]
    note: str
    environment: dict[str, str]
    model: ModelFacts
    setup: RunSetup
    recorder: Recorder
    ranks: RankFacts | None
    shards: Recorder
    shard_counts: dict[str, int]
    histograms: HistogramLog
    activations: ActivationLog
    sample_log: SampleLog
    findings_log: FindingsLog
    event_log: EventLog
    graph_log: GraphLog
    observations: Observations
    cost_totals: Cost
    epochs: Epochs
    step_times: StepKnots
    final_values: dict[str, Inspection]

    @property
    def tables(self) -> dict[str, SeriesTable]:
        """The tables of series, by id, with all rows up to now."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings that hold."""

    @property
    def incident(self) -> Incident | None:
        """The first step that went wrong."""

    @property
    def parameter_groups(self) -> tuple[ParameterGroup, ...]:
        """The parameter groups with their present hyperparameters."""

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""

    def add_notice(self, part: str, text: str) -> None:
        """Add a message about labkit itself."""

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the state of the run at this moment."""
