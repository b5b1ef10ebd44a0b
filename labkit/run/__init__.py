"""Recorded data: runs, series of bounded size, and computation graphs.

A `Run` stores tables of series, the captured graphs, and the control state of the training loop.
Capture writes to it and the views read from it, possibly on different threads. The package depends
on numpy and the standard library only, so a run can be opened on a machine without torch.
"""

from labkit.run.control.control import Control, Stopped
from labkit.run.finding import Finding
from labkit.run.findings_log import FindingEntry
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.costs import Cost, GraphCosts
from labkit.run.graph.diff import GraphDiff
from labkit.run.graph.parts import Edge, GraphSpan, ModuleCall, Node, Source
from labkit.run.hyperparameters import ParameterGroup
from labkit.run.incident import Incident
from labkit.run.live import LiveModel
from labkit.run.logged.sample import LoggedSample
from labkit.run.run import Run
from labkit.run.run_event import RunEvent
from labkit.run.series.recorder import Recorder
from labkit.run.series.series_table import SeriesTable
from labkit.run.state import FINAL_STATUSES, EpochStart, ModelFacts, Notice, RunState, Status

__all__ = [
    "FINAL_STATUSES",
    "ComputationGraph",
    "Control",
    "Cost",
    "Edge",
    "EpochStart",
    "Finding",
    "FindingEntry",
    "GraphCosts",
    "GraphDiff",
    "GraphSpan",
    "Incident",
    "LiveModel",
    "LoggedSample",
    "ModelFacts",
    "ModuleCall",
    "Node",
    "Notice",
    "ParameterGroup",
    "Recorder",
    "Run",
    "RunEvent",
    "RunState",
    "SeriesTable",
    "Source",
    "Status",
    "Stopped",
]
