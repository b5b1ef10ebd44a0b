"""Changes to the training while it runs: hyperparameters, frozen modules, the budget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labkit.run.control import change_requests
from labkit.run.control.control import Control
from labkit.run.hyperparameters import ParameterGroup, TunableModule, checked_adjustment
from labkit.run.optional import import_optional
from labkit.run.run_event import EventLog, RunEvent, Schedule, event_row, texts_by_step
from labkit.run.run_record import RunRecord
from labkit.run.state import Status

if TYPE_CHECKING:
    import pandas


class ChangeableRun(RunRecord):
    """A record of a training that can be changed while it runs.

    A change is applied by the training thread at the end of a step, at once while the loop is
    paused or between two cells. Each is an event: marked in the curves and listed in `events`. A
    call on another thread waits until the change is applied, for at most 60 s, and returns its
    event. A call within the loop, between ``backward`` and the optimizer's step, returns before:
    its change is applied when this step has ended, and `events` contains it then.

    Attributes
    ----------
    name : str
    control : Control
    event_log : EventLog
    """

    def __init__(self, budget: float) -> None:
        super().__init__()
        self.name = "run"
        self.control = Control()
        self.event_log = EventLog()
        self._budget = budget

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""
        raise NotImplementedError

    @property
    def status(self) -> Status:
        """The status."""
        raise NotImplementedError

    # ── reading ──────────────────────────────────────────────────────────────

    @property
    def events(self) -> tuple[RunEvent, ...]:
        """The changes that were made to the training, oldest first; the newest 1,000."""
        return self.event_log.all()

    @property
    def parameter_groups(self) -> tuple[ParameterGroup, ...]:
        """The parameter groups with their present hyperparameters; none once the run has ended."""
        live = self._live
        return () if live is None else live.tuner.groups()

    @property
    def tunable_modules(self) -> tuple[TunableModule, ...]:
        """The modules that can be frozen; none once the run has ended."""
        live = self._live
        return () if live is None else live.tuner.modules()

    def events_frame(self) -> pandas.DataFrame:
        """Return `events` as a `pandas.DataFrame` with one row per event.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = import_optional("pandas", needed_by="run.events_frame()")
        rows = [event_row(event) for event in self.events]
        return pandas.DataFrame(rows, columns=list(RunEvent.__dataclass_fields__)[1:])

    def to_frame(self) -> pandas.DataFrame:
        """Return all series as a `pandas.DataFrame` with one row per step and one column per name.

        The index is named ``"step"``. Values are float32, NaN at steps at which a series has no
        point. If there are `events`, the last column is ``"event"``: their texts, in the row of the
        step after which they were made or taken back.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        frame = super().to_frame()
        texts = texts_by_step(self.events)
        if texts:
            frame = frame.reindex(frame.index.union(list(texts))).rename_axis("step")
            frame["event"] = frame.index.map(texts.get)
        return frame

    # ── changing ─────────────────────────────────────────────────────────────

    def adjust(
        self,
        group: str | int | None = None,
        *,
        lr: float | None = None,
        momentum: float | None = None,
        betas: Sequence[float] | None = None,
        weight_decay: float | None = None,
        schedule: Schedule = "scale",
    ) -> tuple[RunEvent, ...]:
        """Change hyperparameters of a parameter group from the next step on.

        The new values are in the optimizer's groups during its steps only. Between the steps the
        groups contain the optimizer's own values, so that any scheduler, or a line such as
        ``group["lr"] *= 0.9``, continues as if nothing had been changed, and a checkpoint contains
        these own values. The series ``"lr/<group>"`` contains what the steps used. When the run
        ends, so do the changes.

        Parameters
        ----------
        group : str or int, optional
            Name of a parameter group, as in the series ``"lr/<group>"``; by default all groups that
            have such a hyperparameter.
        lr : float, optional
            Learning rate, 0 or more.
        momentum : float, optional
            From 0 to below 1.
        betas : pair of float, optional
            Each from 0 to below 1.
        weight_decay : float, optional
            0 or more.
        schedule : str
            What happens when the optimizer's own value changes later. ``"scale"`` multiplies it by
            new over old; momentum and betas are at most 0.999 then, unless a larger value was
            given. ``"hold"`` uses the given value.

        Returns
        -------
        tuple of RunEvent
            One for each group and hyperparameter; empty within a step, see the class.

        Raises
        ------
        TypeError, ValueError
            If there is no such group, or a value is not possible.
        RuntimeError
            If the run has ended, or the optimizer's hyperparameters cannot be changed.
        TimeoutError
            If no step has ended within 60 s.
        """
        values: dict[Any, Any] = {
            "lr": lr,
            "momentum": momentum,
            "betas": betas,
            "weight_decay": weight_decay,
        }
        adjustment = checked_adjustment(group, values, schedule)
        request = change_requests.request_adjustment(self, adjustment)
        return change_requests.result(self, request)

    def freeze(self, module: str) -> tuple[RunEvent, ...]:
        """Stop the training of a module: no step changes its parameters any more.

        ``requires_grad`` of its parameters becomes False and ``grad`` None, so that neither
        momentum nor weight decay moves them. Buffers are not frozen: batch normalisation updates
        its running statistics in training mode, as before.

        Parameters
        ----------
        module : str
            Path of a module, for example ``"encoder.layers.0"``.

        Returns
        -------
        tuple of RunEvent
            The event; empty within a step, see the class.

        Raises
        ------
        TypeError, ValueError
            If there is no such module, or if nothing would be left to train.
        RuntimeError
            If the run has ended, or the loop cannot train without gradients of some parameters.
        """
        return change_requests.result(self, change_requests.request_freeze(self, module))

    def thaw(self, module: str) -> tuple[RunEvent, ...]:
        """Train the parameters of a module again that `freeze` has frozen.

        Parameters that were frozen otherwise remain so. Parameters, results and errors are those of
        `freeze`.
        """
        return change_requests.result(self, change_requests.request_thaw(self, module))

    def undo(self, event: RunEvent) -> tuple[RunEvent, ...]:
        """Take a change back.

        Changes can be taken back in any order: of the changes of a hyperparameter of a group that
        were not taken back, the newest is in force; without any, it is the optimizer's own value.
        So taking back an older change has no effect while a newer one is in force. Likewise, the
        newest `freeze` or `thaw` decides on each parameter of its module.

        Returns
        -------
        tuple of RunEvent
            The event with `RunEvent.taken_back`; empty within a step, see the class.

        Raises
        ------
        TypeError, ValueError
            If it is not an event of this run, or was taken back already.
        RuntimeError
            If the run has ended, or if nothing would be left to train.
        """
        if not isinstance(event, RunEvent):
            raise TypeError(
                f"run.undo() takes an event of this run, not {type(event).__name__}. "
                "Example: run.undo(run.events[-1])"
            )
        return change_requests.result(self, change_requests.request_undo(self, event.id))

    @property
    def budget(self) -> float:
        """Maximum share of the loop's time for watching, greater than 0 and at most 1.

        Can be set during training: a larger budget reads norms, histograms, activations and graphs
        more often.
        """
        return self._budget

    @budget.setter
    def budget(self, budget: float) -> None:
        checked = checked_budget(budget)
        if self._live is None:
            self._budget = checked
        else:
            change_requests.result(self, change_requests.request_budget(self, checked))

    def record_budget(self, budget: float) -> None:
        """Set the recorded budget; called when the live model has taken it over."""
        self._budget = budget


def checked_budget(
    budget: Any, given: str = "run.budget = ", example: str = "run.budget = 0.1"
) -> float:
    """Return a budget as a float.

    Raises
    ------
    TypeError, ValueError
        If it is not a number above 0 and up to 1; `given` and `example` are part of the text.
    """
    if isinstance(budget, bool) or not isinstance(budget, (int, float)):
        raise TypeError(
            f"{given.removesuffix(' = ')} takes a number, the part of the loop's time that "
            f"watching may take, not {type(budget).__name__}. Example: {example}"
        )
    if not 0 < budget <= 1:
        raise ValueError(
            f"{given}{budget!r} is out of range: it is the part of the loop's time that watching "
            f"may take, above 0 and up to 1. Example: {example}"
        )
    return float(budget)
