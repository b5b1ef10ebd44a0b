"""A run that is read from its file, also while another process writes it."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from labkit.run.file import FileError, PassingError, RankFiles, RunReader
from labkit.run.file.json_values import with_infinities
from labkit.run.file.reader import FileFacts
from labkit.run.file.writer import why_ended
from labkit.run.finding import Finding
from labkit.run.hyperparameters import ParameterGroup
from labkit.run.loop_length import LoopLength
from labkit.run.run import Run
from labkit.run.run_event import RunEvent, Schedule
from labkit.run.state import FINAL_STATUSES, EpochStart, Notice, RunState, Status

FOLLOW_SECONDS = 0.5
"""Time between two looks at a file that grows, in s."""
_RANKS_END_SECONDS = 5.0
"""How long the files of other processes are read after that of rank 0 has ended, in s."""


class LoadedRun(Run):
    """A run that is read from a file; `labkit.load` returns it.

    All views display it, and everything that a run has recorded can be read. It cannot be changed
    or controlled: its training was, or is, in another process. While that process goes on, the run
    grows; `closed` is False until the process has ended the run or was killed, or has given no sign
    of life for a minute.

    Parameters
    ----------
    path : Path

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    FileError
        If it is not the file of a run, or damaged.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path.stem)
        self._path = path
        self._file_name = path.name
        self._reader = RunReader(path)
        self._reading = threading.Lock()
        self._taken_notices: frozenset[Notice] = frozenset()
        self._chosen: dict[str, bool] = {}
        """The rules that were silenced in this process, or reported again."""
        self._rank_files: RankFiles | None = None
        self._waits_until: float | None = None
        """When the files of other processes are not read any more, after that of rank 0 ended."""
        try:
            self._facts = self._reader.read_into(self)
        except BaseException:
            self._reader.close()
            self._end("failed")
            raise
        self._changed_at = time.monotonic()
        self._ended_following: str | None = None
        self._take(self._facts)
        self._read_ranks()
        self.control.close()  # there is no thread that could take a request
        if self._why_still() is None:
            follower = threading.Thread(
                target=_follow, args=(weakref.ref(self),), name="labkit-follow", daemon=True
            )
            follower.start()
        else:
            self._finish()

    # ── state ────────────────────────────────────────────────────────────────

    @property
    def status(self) -> Status:
        """The status that the file has; "interrupted" if its process was killed."""
        return self._present().status

    @property
    def message(self) -> str | None:
        """Why the run is idle, was interrupted or failed; None otherwise."""
        return self._present().message

    @property
    def steps(self) -> int:
        """Number of completed optimizer steps."""
        return self._facts.state.step

    @property
    def epoch(self) -> int | None:
        """The current epoch, counted from 1; None if unknown."""
        return self._facts.state.epoch

    @property
    def steps_per_epoch(self) -> int | None:
        """Number of batches per epoch of the data loader; None if unknown."""
        return self._facts.state.steps_per_epoch

    @property
    def epoch_start(self) -> EpochStart | None:
        """The begin of the newest iteration over the training loader; None before the first one."""
        return self._facts.state.epoch_start

    def planned_length(self) -> LoopLength | None:
        """Return what is known of the length of the run; None if nothing is."""
        state = self._facts.state
        if state.total_steps is None or state.length_source is None:
            return None
        left = max(0, state.total_steps - state.step)
        return LoopLength(state.step, left, is_exact=True, source=state.length_source)

    @property
    def elapsed(self) -> float:
        """Time since the creation of the run until the newest entry of its file, in s."""
        return self._facts.state.elapsed

    @property
    def cost(self) -> float:
        """Measured share of the loop's time that watching took, usually 0 to 1."""
        return self._facts.state.cost

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The problems found in the run, without those of ignored rules."""
        ignored = self.ignored
        return tuple(each for each in self._facts.findings if each.rule not in ignored)

    def ignore(self, rule: str) -> None:
        """Report no findings of a rule here; the file stays as it is. See `Run.ignore`."""
        super().ignore(rule)
        self._chosen[rule] = True

    def unignore(self, rule: str) -> None:
        """Undo `ignore`."""
        super().unignore(rule)
        self._chosen[rule] = False

    @property
    def parameter_groups(self) -> tuple[ParameterGroup, ...]:
        """The parameter groups with the hyperparameters that they had last."""
        return self._facts.parameter_groups

    def state(self, process_memory: int | None = None) -> RunState:
        """Return the state that the file has; see `Run.state`."""
        return self._present()

    # ── what a loaded run cannot do ──────────────────────────────────────────

    def log(self, /, **metrics: Any) -> None:
        """Raise a RuntimeError: a loaded run is read-only."""
        self._refuse("run.log")

    def pause(self) -> None:
        """Raise a RuntimeError: the training is not in this process."""
        self._refuse("run.pause")

    def resume(self) -> None:
        """Raise a RuntimeError: the training is not in this process."""
        self._refuse("run.resume")

    def step(self) -> None:
        """Raise a RuntimeError: the training is not in this process."""
        self._refuse("run.step")

    def stop(self) -> None:
        """Raise a RuntimeError: the training is not in this process."""
        self._refuse("run.stop")

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
        """Raise a RuntimeError: the training is not in this process."""
        self._refuse("run.adjust")

    @property
    def pace(self) -> float | None:
        """None: the pace is that of another process. Setting it raises a RuntimeError."""
        return None

    @pace.setter
    def pace(self, pace: float | None) -> None:
        self._refuse("run.pace = ...")

    @property
    def total_steps(self) -> int | None:
        """The number of steps that the run is to have. Setting it raises a RuntimeError."""
        return super().total_steps

    @total_steps.setter
    def total_steps(self, total: int | None) -> None:
        self._refuse("run.total_steps = ...")

    def _refuse(self, what: str) -> NoReturn:
        raise RuntimeError(
            f"{what} is not possible: the run {self.name!r} was read from {self._file_name} and is "
            "read-only. Its training is not in this process."
        )

    # ── reading ──────────────────────────────────────────────────────────────

    def reload(self) -> bool:
        """Read what was written to the file since it was read last; return whether it can grow.

        Raises
        ------
        FileError
            If the file has become unreadable.
        """
        with self._reading:
            if self.closed:
                return False
            successor = self._reader.successor()
            if successor is not None:
                self._reader.close()
                self._reader = successor
            if self._reader.has_news:
                self._facts = self._reader.read_into(self)
                self._changed_at = time.monotonic()
                self._take(self._facts)
            self._read_ranks()
        return self._why_still() is None

    def _read_ranks(self) -> None:
        """Read what the other processes have written, if this is the run of rank 0."""
        place, path = self._facts.ranks, self.path
        if place is None or place.rank or path is None:
            return
        files = self._rank_files or RankFiles(path, self.id, place.world_size)
        self._rank_files = files
        files.read_into(self.recorder)
        for text in files.problems:
            self.add_notice("ranks", text)
        files.problems.clear()

    def _take(self, facts: FileFacts) -> None:
        self.id, self.name = facts.id, facts.name
        self.config, self.note = with_infinities(facts.config), facts.note
        self.environment = dict(facts.environment)
        self.ranks, self.shard_counts = facts.ranks, facts.shards
        self.started_at = facts.started_at
        self.advance_to(facts.state.step)
        for notice in self._taken_notices.difference(facts.state.notices):
            self._notices.remove(notice.part, notice.text)  # it does not hold any more
        for notice in facts.state.notices:
            self.add_notice(notice.part, notice.text)
        self._taken_notices = frozenset(facts.state.notices)
        for rule, is_ignored in self._chosen.items():  # the file does not know of it
            change = self.findings_log.ignore if is_ignored else self.findings_log.unignore
            change(rule)

    def _present(self) -> RunState:
        state, still = self._facts.state, self._why_still()
        state = replace(state, notices=self.notices, read_from=self._file_name)
        if still is None or state.status in FINAL_STATUSES:
            return state
        return replace(
            state, status="interrupted", message=still, steps_per_second=None, remaining=None
        )

    def _why_still(self) -> str | None:
        """Return why nothing will be added to the file; None if its process may be writing."""
        if self._ended_following is not None:
            return self._ended_following
        if self._facts.state.status in FINAL_STATUSES:
            return "the run has ended"
        unchanged = time.monotonic() - self._changed_at
        return why_ended(self._facts.writer, self._facts.state.step, unchanged)

    def _waits_for_ranks(self) -> bool:
        """Return whether other processes may still write their last rows."""
        if self._rank_files is None or not self._rank_files.may_grow:
            return False
        now = time.monotonic()
        self._waits_until = self._waits_until or now + _RANKS_END_SECONDS
        return now < self._waits_until and self._ended_following is None

    def _finish(self) -> None:
        """End the run in memory, and close its file: nothing will be added."""
        self._end(self.status)
        with self._reading:
            self._reader.close()
            if self._rank_files is not None:
                self._rank_files.close()

    def _give_up(self, error: Exception) -> None:
        """Stop following a file that has become unreadable."""
        self.add_notice("file", f"The file is not read any more. {error}")
        self._ended_following = "its file cannot be read any more"
        self._finish()

    def close(self) -> None:
        """Stop following the file; what was read remains readable."""
        self._ended_following = self._ended_following or "its file is not read any more"
        self._finish()


def _follow(reference: weakref.ref[LoadedRun]) -> None:
    """Read what is written to a file until it does not grow any more, or the run is gone."""
    while True:
        time.sleep(FOLLOW_SECONDS)
        run = reference()
        if run is None or run.closed:
            return
        try:
            grows = run.reload()
        except PassingError:
            grows = run._why_still() is None  # noqa: SLF001
        except (FileError, OSError) as error:
            run._give_up(error)  # noqa: SLF001
            return
        if not grows and not run._waits_for_ranks():  # noqa: SLF001
            run._finish()  # noqa: SLF001
            return
        del run
