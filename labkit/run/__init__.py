"""What was recorded: runs, bounded series and computation graphs.

A `Run` holds tables of series, the graphs that were seen and the switches that steer the
loop. The capture side writes, the views read; both may be on different threads.
Needs numpy and the standard library only, so that a machine without torch can open a run.
"""

from labkit.run.control import Control, Stopped
from labkit.run.finding import Finding
from labkit.run.graph import ComputationGraph
from labkit.run.graph_diff import GraphDiff
from labkit.run.graph_parts import Edge, GraphSpan, ModuleCall, Node, Source
from labkit.run.incident import Incident
from labkit.run.live import LiveModel
from labkit.run.recorder import Recorder
from labkit.run.run import Run
from labkit.run.series_table import SeriesTable
from labkit.run.state import FINAL_STATUSES, ModelFacts, Notice, RunState, Status

__all__ = [
    "FINAL_STATUSES",
    "ComputationGraph",
    "Control",
    "Edge",
    "Finding",
    "GraphDiff",
    "GraphSpan",
    "Incident",
    "LiveModel",
    "ModelFacts",
    "ModuleCall",
    "Node",
    "Notice",
    "Recorder",
    "Run",
    "RunState",
    "SeriesTable",
    "Source",
    "Status",
    "Stopped",
]
