"""Which optimizers move the watched parameters, and which have stepped in the round under way."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import torch

from labkit.capture import hooks, torch_compat
from labkit.capture.hooks import discovery
from labkit.capture.parameters import ParameterTable, Watched
from labkit.capture.readings.reading import Reading
from labkit.capture.readings.schedule import ReadingSchedule
from labkit.capture.steps.gradient_mark import has_gradient
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder
from labkit.run import Run

_MOST_AWAITED = 16
_ROUNDS_UNTIL_LEFT_OUT = 3
"""A round no longer waits for an optimizer that missed this many."""


class Rounds:
    """The optimizer recorders of one watch, as optimizers come and go.

    Attributes
    ----------
    recorders : tuple of OptimizerRecorder
        All whose parameters a pass may move: the members, and the rest.
    members : tuple of OptimizerRecorder
        Those of optimizers that a round waits for.
    every : tuple of OptimizerRecorder
        All that there ever were, as some rows may wait.
    stepped_inside : bool
        Whether optimizers stepped inside the backward pass under way.
    """

    def __init__(self, loop: Any, table: ParameterTable, readings: ReadingSchedule) -> None:
        self._loop = loop
        self._table = table
        self._readings = readings
        self._rest: OptimizerRecorder | None = None
        self.inside: OptimizerRecorder | None = None
        """What records the optimizers that step inside a backward pass."""
        self._outstanding = 0
        self._taken: set[tuple[int, int, int]] = set()
        self._taken_before: set[tuple[int, int, int]] = set()
        self._searched = False
        self._tables: set[str] = set()
        self._names: set[str] = set()
        self._named: list[OptimizerRecorder] = []
        """Those that took a step, in the order of their first ones."""
        self.members: tuple[OptimizerRecorder, ...] = ()
        self.recorders: tuple[OptimizerRecorder, ...] = ()
        self.every: tuple[OptimizerRecorder, ...] = ()
        self.stepped_inside = False
        self._update()

    # ── the round under way ──────────────────────────────────────────────────

    @property
    def is_complete(self) -> bool:
        """Whether every member has stepped."""
        return self._outstanding == 0 and bool(self.members)

    @property
    def is_inside_step(self) -> bool:
        """Whether some optimizer's ``step`` is under way."""
        return any(recorder.depth for recorder in self.recorders)

    @property
    def by_hand(self) -> OptimizerRecorder | None:
        """The recorder of updates without an optimizer; None while there are optimizers."""
        return None if self.members else self._rest

    @property
    def unannounced(self) -> tuple[OptimizerRecorder, ...]:
        """The recorders of steps that no hook announces: by hand, or compiled."""
        if not self.members:
            return () if self._rest is None else (self._rest,)
        return tuple(each for each in self.members if each.unannounced)

    def begin(self) -> None:
        """Begin a round: no member has stepped."""
        for recorder in self.recorders:
            recorder.stepped = False
        self._outstanding = len(self.members)
        self._taken_before, self._taken = self._taken, self._taken_before
        self._taken.clear()

    def finish(self, recorder: OptimizerRecorder) -> None:
        """Record that a member has stepped; its next step waits for other passes."""
        self._taken.add((recorder.first_pass, recorder.last_pass, recorder.passes))
        recorder.drop_passes()
        recorder.evaluations, recorder.evaluated_again = 0, False
        recorder.reads_after_closure = False
        late, recorder.joins_last_round = recorder.joins_last_round, False
        if late:
            return
        recorder.missed = 0
        if not recorder.stepped:
            recorder.stepped = True
            self._outstanding -= recorder in self.members

    def count_missing(self, run: Run) -> None:
        """Record which members missed a round that ends without them; leave out the absent."""
        for recorder in self.members:
            if not recorder.stepped:
                recorder.missed += 1
                if recorder.missed >= _ROUNDS_UNTIL_LEFT_OUT or recorder.optimizer is None:
                    recorder.left_out = True
        self._update()

    def readmit(self, run: Run, recorder: OptimizerRecorder) -> None:
        """Have rounds wait for an optimizer again, which steps after it missed several."""
        recorder.left_out, recorder.missed = False, 0
        recorder.joins_last_round = self._may_join_last_round()
        self._update()
        if not recorder.has_stepped and not recorder.passes:
            self._find_newest_pass(recorder)

    def loss_is_taken(self, recorder: OptimizerRecorder) -> bool:
        """Return whether another optimizer's step has recorded the loss of the same passes."""
        passes = recorder.first_pass, recorder.last_pass, recorder.passes
        return passes in self._taken or passes in self._taken_before

    def shares_passes(self, recorder: OptimizerRecorder) -> bool:
        """Return whether the passes that wait in a recorder wait in an earlier one, too."""
        passes = recorder.first_pass, recorder.last_pass, recorder.passes
        earlier = self.members[: self.members.index(recorder)]
        return any((each.first_pass, each.last_pass, each.passes) == passes for each in earlier)

    def name(self, recorder: OptimizerRecorder) -> None:
        """Name the series of an optimizer that takes its first step.

        So the first one that steps has the plain name, in whatever order they were found.
        """
        if recorder.name is not None:
            return
        before = (each for each in self._named if each.optimizers)
        taken = {entry.names for each in before for entry in each.entries}
        own = (entry.label for entry in recorder.entries if entry.names not in taken)
        recorder.name = _free_name(next(own, recorder.label), self._names)
        self._named.append(recorder)
        self._divide_readings()

    def retire(self, recorder: OptimizerRecorder) -> OptimizerRecorder:
        """Leave the parameters of optimizers that are gone to nobody; return what records those."""
        recorder.optimizers = []
        self._update()
        return self._rest or recorder

    def is_moved_by_another(self, recorder: OptimizerRecorder) -> bool:
        """Return whether another optimizer that steps holds the parameter that stands for these."""
        parameter = recorder.mark.parameter
        return any(
            parameter is entry.parameter()
            for each in self._optimized
            if each is not recorder and not each.never_announced
            for entry in each.entries
        )

    def step_inside(self, recorder: OptimizerRecorder) -> OptimizerRecorder:
        """Return what records the optimizers that step inside a pass: one for all of them."""
        self.stepped_inside = True
        if self.inside is None:
            self.inside = recorder
        elif recorder is not self.inside:
            self.inside.in_pass = self.inside.in_pass or recorder.in_pass
            self._join([self.inside, recorder], None)
            hooks.parameters_changed()
        return self.inside

    def drop_steps_that_raised(
        self, thread: int, beginning: torch.optim.Optimizer | None = None
    ) -> None:
        """Drop steps that began on a thread and are not under way there any more: they raised.

        `beginning` is the optimizer whose step just begins, if one does.
        """
        under_way = torch_compat.steps_under_way(thread) if self.is_inside_step else None
        if under_way is None:
            return
        under_way[id(beginning)] -= 1
        for recorder in self.recorders:
            if recorder.depth and under_way[recorder.outermost] <= 0:
                recorder.drop_step()

    def awaits_sample(self) -> bool:
        """Return whether an optimizer's model was never sampled, as it trains in turn with others.

        That a round is sampled for it is asked for so often and no more.
        """
        waiting = [
            each
            for each in self.members
            if not each.was_sampled and each.awaited < _MOST_AWAITED and each.last_stepped()
        ]
        for recorder in waiting:
            recorder.awaited += 1
        return bool(waiting)

    def owe(self, planned: frozenset[Reading]) -> None:
        """Record what is read later of those that did not step in the round that ends."""
        owed = frozenset(reading for reading in planned if reading.can_be_late)
        for recorder in self._optimized:
            if not recorder.stepped:
                recorder.owed |= owed

    def is_companion(
        self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer | None
    ) -> bool:
        """Return whether a step goes with the one before it: another optimizer, no new pass."""
        before = recorder.last_stepped()
        return (
            optimizer is not None
            and not recorder.passes
            and before is not None
            and before is not optimizer
        )

    # ── optimizers come and go ───────────────────────────────────────────────

    def admit(
        self, optimizer: torch.optim.Optimizer, *, inside_pass: bool = False, found: bool = False
    ) -> OptimizerRecorder | None:
        """Return what records an optimizer; None if it holds nothing watched.

        Parameters
        ----------
        optimizer : Optimizer
        inside_pass : bool
            Whether it steps inside a backward pass.
        found : bool
            Whether it was found before its first step.
        """
        held = self._table.held_by(optimizer)
        if len(held) < _count(optimizer) and self._table.refresh():
            self.parameters_changed()
            held = self._table.held_by(optimizer)
        if not held:
            return None
        names = {entry.names for entry in held}
        sharing = [each for each in self._optimized if _is_the_same(each, optimizer, names)]
        if not sharing and inside_pass and self.inside is not None:
            sharing = [self.inside]
        if sharing:
            sharing.sort(key=lambda each: each.name is None)  # what was recorded goes on
            self._join(sharing, optimizer)
            return sharing[0]
        return self._add(optimizer, held, inside_pass=inside_pass, found=found)

    def find_optimizers(self) -> bool:
        """Search for optimizers of the watched parameters, once; return whether there are some."""
        if not self._searched:
            self._searched = True
            for optimizer in discovery.find_optimizers(self._table):
                self.admit(optimizer, found=True)
            if self.members and self._rest is not None:
                self._rest.drop_passes()
        return bool(self.members)

    def parameters_changed(self) -> None:
        """Look the parameters of every optimizer up anew."""
        for recorder in self._optimized:
            self._read_entries(recorder)
        self._update()
        hooks.parameters_changed()

    def check_names(self) -> bool:
        """Look the parameters up anew if modules came, went or got other names; return whether.

        To be called before something is read under the names of now.
        """
        if not self._table.is_renamed():
            return False
        self._table.refresh()
        self._readings.drop_calls()
        self.parameters_changed()
        return True

    def check_entries(self) -> None:
        """See whether an optimizer was given other parameters, or lost some."""
        if not self.check_names() and self._table.is_stale():
            self._table.refresh()
            self.parameters_changed()
        for recorder in self._optimized:
            alive = (reference() for reference in recorder.optimizers)
            held = sum(_count(optimizer) for optimizer in alive if optimizer is not None)
            if held != recorder.held:
                recorder.held = held
                self._table.refresh()
                self.parameters_changed()

    def recorders_reached(self, reached: Iterable[Watched]) -> list[OptimizerRecorder]:
        """Return the recorders of some parameters, also of those that were frozen before."""
        names = {entry.names for entry in reached}
        rest = () if self._rest is None else (self._rest,)
        return [
            each
            for each in (*self._optimized, *rest)
            if names & {entry.names for entry in each.entries}
        ]

    def include(self, recorder: OptimizerRecorder) -> None:
        """Look for passes of a recorder from now on, as one has reached its parameters."""
        if recorder not in self.recorders:
            self._update()

    def find_passes(self, recorder: OptimizerRecorder) -> None:
        """Find the passes of a step where none wait for it.

        Its optimizer may have been given parameters that nobody held, or a pass that another
        recorder took reached other parameters than the one that stands for all.
        """
        if self._rest is not None and self._rest.passes:
            self.check_entries()
        if not recorder.passes and recorder.mark.is_empty():
            self._find_newest_pass(recorder)

    def _find_newest_pass(self, recorder: OptimizerRecorder) -> None:
        """Have the newest pass that waits wait in a recorder, too, if its parameters have any."""
        source = next(self._newest_passes(), None)
        if source is not None and _have_gradients(recorder.entries):
            recorder.copy_passes(source)
            recorder.mark.choose(recorder.entries)
            recorder.mark.leave()

    def optimizers_of(
        self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer | None
    ) -> list[torch.optim.Optimizer]:
        """Return whose learning rates a step has: all that stepped inside a pass, or the one."""
        if recorder is self.inside:
            return [each for ref in recorder.optimizers if (each := ref()) is not None]
        inner = None if recorder.inner is None else recorder.inner()
        return [each for each in (inner or optimizer,) if each is not None]

    def release(self) -> None:
        """Release every tensor."""
        for recorder in self.every:
            recorder.release()

    # ── the work ─────────────────────────────────────────────────────────────

    @property
    def _optimized(self) -> tuple[OptimizerRecorder, ...]:
        return tuple(each for each in self.every if each.optimizers)

    def _add(
        self,
        optimizer: torch.optim.Optimizer,
        held: Sequence[Watched],
        *,
        inside_pass: bool,
        found: bool,
    ) -> OptimizerRecorder:
        label = held[0].label
        tables = _free_name(label, self._tables)
        recorder = OptimizerRecorder(self._loop, tables, label, held, self._readings.limit)
        recorder.add_optimizer(optimizer)
        replaces = any(_overlap(each, recorder) for each in self._optimized)
        recorder.joins_last_round = not found and not replaces and self._may_join_last_round()
        if inside_pass:
            self.inside = recorder
        self._take_over_passes(recorder)
        if self._rest is not None and recorder.passes and not found:
            self._rest.drop_passes()  # of several that are found at once, each may step
        recorder.mark.choose(recorder.entries)
        recorder.mark.leave()
        self.every = (*self.every, recorder)
        self._update()
        return recorder

    def _may_join_last_round(self) -> bool:
        """Return whether a late step belongs to the round that ended: none has stepped since."""
        return (
            bool(self.members)
            and self._loop.steps_done > 0
            and not any(each.stepped for each in self.members)
        )

    def _join(
        self, sharing: Sequence[OptimizerRecorder], optimizer: torch.optim.Optimizer | None
    ) -> None:
        """Have one recorder record an optimizer, and those of the others that share parameters."""
        first = sharing[0]
        for other in sharing[1:]:
            for reference in other.optimizers:
                alive = reference()
                if alive is not None:
                    first.add_optimizer(alive)
            other.optimizers = []
            if other.depth:  # the one that steps around the others
                first.depth, first.outermost = other.depth, other.outermost
            if not first.passes:
                first.copy_passes(other)
            hooks.parameters_changed()
        if optimizer is not None:
            first.add_optimizer(optimizer)
        first.missed = 0
        self._read_entries(first)
        self._update()

    def _read_entries(self, recorder: OptimizerRecorder) -> None:
        """Read which parameters a recorder's optimizers hold now."""
        found: dict[tuple[str, ...], Watched] = {}
        for reference in recorder.optimizers:
            optimizer = reference()
            if optimizer is not None:
                found |= {entry.names: entry for entry in self._table.held_by(optimizer)}
        if found and tuple(found.values()) != recorder.entries:
            before = {entry.names for entry in recorder.entries}
            recorder.set_entries(tuple(found.values()))
            added = found.keys() - before
            rest = self._rest
            if rest is not None and any(entry.names in added for entry in rest.entries):
                self._take_over_passes(recorder)

    def _take_over_passes(self, recorder: OptimizerRecorder) -> None:
        """Have passes wait in a recorder that reached its parameters while nobody held them."""
        rest = self._rest
        parameters = (entry.parameter() for entry in recorder.entries)
        has_any = any(each is not None and each.grad is not None for each in parameters)
        if recorder.passes or not has_any:
            return
        if rest is None:
            seen = self._newest_passes()
            source = next((each for each in seen if _overlap(each, recorder)), None)
        else:
            source = rest if rest.passes else None
        if rest is not None and (rest.mark.parameter is None or rest.passes > 1):
            # Passes were not looked at for the rest, or it has those of many steps that left its
            # gradients as they are: what waits for the present step is seen elsewhere.
            seen = self._newest_passes()
            newer = (each for each in seen if source is None or each.first_pass > rest.first_pass)
            source = next(newer, source)
        if source is not None:
            recorder.copy_passes(source)

    def _newest_passes(self) -> Iterator[OptimizerRecorder]:
        """Yield those of the optimizers in which the newest pass waits for a step."""
        newest = self._loop.pass_number
        return (each for each in self._optimized if each.passes and each.last_pass == newest)

    def _update(self) -> None:
        """Derive who takes part in a round, and which parameters are left to nobody."""
        self._loop.leave_quiet_rounds()
        members = tuple(each for each in self._optimized if not each.left_out)
        stepped = [each for each in members if each.stepped]
        self.members = members
        self._outstanding = len(members) - len(stepped)
        held = {entry.names for each in self._optimized for entry in each.entries}
        rest = [entry for entry in self._table.watched if entry.names not in held]
        if not rest:
            self._rest = None
        elif self._rest is None:
            self._rest = OptimizerRecorder(self._loop, "", "", rest, self._readings.limit)
            self._rest.name, self._rest.never_announced = "", False
            self._rest.mark.choose(rest)
            self.every = (*self.every, self._rest)
        else:
            self._rest.set_entries(rest)
        others = () if self._rest is None or self._rest.mark.parameter is None else (self._rest,)
        # An optimizer that never stepped though rounds ended is for later: passes are not its own.
        active = (each for each in self._optimized if not each.left_out or each.has_stepped)
        self.recorders = (*active, *others)
        self._divide_readings()
        self._readings.readers = [each.reader for each in self._optimized or others]

    def _divide_readings(self) -> None:
        """Have each parameter read in the steps of one optimizer, the first that took a step."""
        taken: set[tuple[str, ...]] = set()
        others = (each for each in self._optimized if each not in self._named)
        for recorder in (*(each for each in self._named if each.optimizers), *others):
            own = tuple(entry for entry in recorder.entries if entry.names not in taken)
            taken |= {entry.names for entry in own}
            if own != recorder.reader.entries:
                recorder.reader.set_entries(own)


def _free_name(label: str, taken: set[str]) -> str:
    """Take a name for what belongs to an optimizer: the model's label, numbered where taken."""
    prefix = f"{label}." if label else ""
    numbered = (f"{prefix}optimizer{number}" for number in itertools.count(1))
    name = next(each for each in itertools.chain([label], numbered) if each not in taken)
    taken.add(name)
    return name


def _is_the_same(
    recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer, names: set[tuple[str, ...]]
) -> bool:
    """Return whether an optimizer's steps are those that a recorder has, as it shares parameters.

    That is so of a wrapper, which has the groups of what it wraps or steps around it, and of what
    holds the same parameters or comes in the place of what is gone. Two that share a part of their
    parameters and step by themselves, as in an adversarial autoencoder, are two.
    """
    held = {entry.names for entry in recorder.entries}
    if not names & held:
        return False
    alive = [each for ref in recorder.optimizers if (each := ref()) is not None]
    if not alive or recorder.depth or names == held:
        return True
    groups = {id(group) for each in alive for group in each.param_groups}
    return any(id(group) in groups for group in optimizer.param_groups)


def _overlap(one: OptimizerRecorder, other: OptimizerRecorder) -> bool:
    """Return whether two recorders share parameters."""
    names = {entry.names for entry in one.entries}
    return any(entry.names in names for entry in other.entries)


def _have_gradients(entries: Iterable[Watched]) -> bool:
    """Return whether a pass may have reached some parameters."""
    return any(has_gradient(entry.parameter()) for entry in entries)


def _count(optimizer: torch.optim.Optimizer) -> int:
    """Return how many parameters an optimizer holds, watched or not."""
    return sum(len(group["params"]) for group in optimizer.param_groups)
