"""Requests to change the training: checked at once, applied by the training thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, Protocol

from labkit.run.control.control import Control
from labkit.run.control.request_queue import RequestRefusedError
from labkit.run.hyperparameters import Adjustment, choose_groups
from labkit.run.live import LiveModel
from labkit.run.live_tuner import LiveTuner
from labkit.run.ranks import RankFacts
from labkit.run.run_event import EventLog, RunEvent
from labkit.run.state import Status

Events = tuple[RunEvent, ...]

WAIT_SECONDS = 60.0
"""Maximum time that a call on another thread waits for the end of a step, in s."""
_MAX_LISTED = 12


class RunToChange(Protocol):
    """The attributes and methods of a run that a change uses."""

    name: str
    control: Control
    event_log: EventLog
    ranks: RankFacts | None

    @property
    def closed(self) -> bool:
        """Whether the run has ended."""

    @property
    def status(self) -> Status:
        """What the run is doing."""

    @property
    def live(self) -> LiveModel | None:
        """The live model; None once the run has ended."""

    def add_notice(self, part: str, text: str) -> None:
        """Add a message about labkit itself."""


def request_adjustment(run: RunToChange, adjustment: Adjustment) -> Future[Events]:
    """Queue new hyperparameters; raises `ValueError` for a group that does not exist."""
    tuner = _tuner(run)
    choose_groups(tuner.groups(), adjustment)
    return _request(run, tuner, lambda: tuner.adjust(adjustment))


def request_freeze(run: RunToChange, path: str) -> Future[Events]:
    """Queue the freezing of a module; raises `ValueError` if there is none of that path."""
    tuner = _tuner(run)
    _check_path(tuner, "freeze", path)
    return _request(run, tuner, lambda: (tuner.freeze(path),))


def request_thaw(run: RunToChange, path: str) -> Future[Events]:
    """Queue the thawing of a module; raises `ValueError` if there is none of that path."""
    tuner = _tuner(run)
    _check_path(tuner, "thaw", path)
    return _request(run, tuner, lambda: (tuner.thaw(path),))


def request_budget(run: RunToChange, budget: float) -> Future[Events]:
    """Queue a change of the budget."""
    tuner = _tuner(run)
    return _request(run, tuner, lambda: (tuner.set_budget(budget),), is_local=True)


def request_undo(run: RunToChange, id: int) -> Future[Events]:
    """Queue that a change is taken back; raises `ValueError` if it was already, or is unknown."""
    tuner = _tuner(run)
    event = run.event_log.find(id)
    if event is None:
        raise ValueError(
            "This event is not one of this run's. Example: run.undo(run.events[-1]); run.events "
            "lists them."
        )
    if event.taken_back is not None:
        raise ValueError(f"{event.text}: this was taken back at step {event.taken_back:,} already.")
    return _request(run, tuner, lambda: (tuner.undo(event),))


def result(run: RunToChange, request: Future[Events]) -> Events:
    """Wait until a request was executed, and return its events.

    On the training thread, a request that waits for the end of its step returns none; if it is
    refused there, a notice says so.

    Raises
    ------
    TimeoutError
        If no step has ended within `WAIT_SECONDS`; the request is withdrawn.
    """
    if not request.done() and run.control.owner == threading.get_ident():
        note_refusal(run, request)
        return ()
    try:
        return request.result(WAIT_SECONDS)
    except TimeoutError:
        if not request.cancel():
            return request.result()
        raise TimeoutError(
            f"No step of {run.name!r} has ended within {WAIT_SECONDS:.0f} s, so nothing was "
            "changed. Changes are applied when a step ends, or while the run is paused."
        ) from None
    except RequestRefusedError as error:
        raise RuntimeError(f"{error}, so nothing was changed.") from None


def note_refusal(run: RunToChange, request: Future[Events]) -> None:
    """Add a notice if a request is refused later, when nothing waits for its result."""

    def note(done: Future[Events]) -> None:
        error = None if done.cancelled() else done.exception()
        if isinstance(error, RequestRefusedError):
            run.add_notice("change", f"{error} before a change within its last step was applied.")
        elif error is not None:
            run.add_notice("change", str(error))

    request.add_done_callback(note)


def _tuner(run: RunToChange) -> LiveTuner:
    live = run.live
    if run.closed or live is None:
        raise RuntimeError(
            f"The run {run.name!r} trains no model in this process"
            f"{': it has ended' if run.closed else ''}, so nothing can be changed. Watch the model "
            "anew: with lk.watch(model) as run."
        )
    return live.tuner


def _check_path(tuner: LiveTuner, verb: str, path: Any) -> None:
    paths = [module.path for module in tuner.modules()]
    if not isinstance(path, str):
        raise TypeError(
            f"run.{verb}({path!r}) takes the path of a module, not {type(path).__name__}. "
            f"Example: run.{verb}({(paths or ['encoder'])[0]!r})"
        )
    if path not in paths:
        raise ValueError(
            f"There is no module {path!r} with parameters; there is: {_listed(paths)}. "
            f"Example: run.{verb}({(paths or ['encoder'])[0]!r})"
        )


def _listed(paths: Iterable[str]) -> str:
    known = [repr(path) for path in paths]
    more = len(known) - _MAX_LISTED
    return ", ".join([*known[:_MAX_LISTED], *([f"{more} more"] if more > 0 else [])]) or "none"


def _request(
    run: RunToChange, tuner: LiveTuner, apply: Callable[[], Events], *, is_local: bool = False
) -> Future[Events]:
    """Queue a change for the training thread; apply it at once between its steps.

    Of several processes that train one model, each must make a change after the same step, unless
    the change `is_local`. Therefore only the loop itself can ask for it.
    """
    control = run.control
    is_here = control.owner == threading.get_ident()
    if run.ranks is not None and not (is_here or is_local):
        raise RuntimeError(
            f"{run.name!r} is trained by {run.ranks.world_size} processes, and this would change "
            f"that of rank {run.ranks.rank} only: nothing was changed. Call it in the loop, in "
            "every process after the same step."
        )
    if not is_here and not _is_alive(control.owner):  # no step will end there any more
        return _executed(apply)
    is_in_step = is_here and run.status != "idle" and tuner.is_in_step()
    return control.submit(apply, at_step_end=is_in_step)


def _is_alive(thread: int | None) -> bool:
    return any(each.ident == thread for each in threading.enumerate())


def _executed(apply: Callable[[], Events]) -> Future[Events]:
    done: Future[Events] = Future()
    try:
        done.set_result(apply())
    except Exception as error:  # noqa: BLE001 - raised where the result is taken
        done.set_exception(error)
    return done
