"""The interface through which a run reads a model that is being trained."""

from __future__ import annotations

from typing import Protocol

from labkit.run.finding import Finding
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.inspection import Inspection
from labkit.run.live_tuner import LiveTuner


class LiveModel(Protocol):
    """A watched model in this process; capture implements it.

    `Run.attach` connects it to a run. The run holds no lock while it calls a method. A run without
    a live model, for example a loaded one, has recorded data only.
    """

    @property
    def tuner(self) -> LiveTuner:
        """Changes the training of the model."""

    def write(self) -> None:
        """Write the buffered rows to the tables of the run. Called on any thread."""

    def steps(self) -> int:
        """Return the number of completed steps, including buffered ones. Called on any thread."""

    def device_memory(self) -> int | None:
        """Return the memory in use on the model's device, in bytes; None if unknown.

        Called on any thread.
        """

    def inspect(self, name: str) -> Inspection | None:
        """Return statistics of a parameter or an operation; None if there is no such tensor.

        Called on the training thread only.
        """

    def failed_graph(self, error: BaseException, step: int) -> ComputationGraph | None:
        """Return the graph of the pass of a step that raised an error, as far as it was built.

        None if the error was not raised in a forward or a backward pass. Called on the thread, and
        with the traceback, of the error.
        """

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings, also of ignored rules, most severe first. Called on any thread."""

    def code_ended(self) -> None:
        """Call `Run.begin` at the next backward pass: the code that trained has ended.

        Hyperparameters that are replaced in a step that was interrupted become those of the
        optimizer. Called on the training thread.
        """

    def before_end(self) -> None:
        """Call the user's code for what is new. Called on the training thread by `Run.close`.

        Raises
        ------
        BaseException
            An interrupt that the user's code raises; nothing else.
        """
