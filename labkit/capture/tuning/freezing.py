"""Freezes and thaws the parameters of modules."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from labkit.capture import hooks, torch_compat
from labkit.capture.parameters import Watched, prefixed
from labkit.capture.readings.frozen_parameters import FrozenParameters
from labkit.capture.steps import StepMachine
from labkit.capture.steps.loop import State
from labkit.capture.tuning.dropped_gradients import DroppedGradients
from labkit.capture.tuning.freeze_checks import check_found, check_loop, check_rest, requires_grad
from labkit.run import Run
from labkit.run.hyperparameters import TunableModule
from labkit.run.run_event import MAX_EVENTS, RunEvent

_MAX_NAMED = 3


@dataclass(frozen=True)
class _Change:
    """A change that is in force: the event, its parameters, and whether it freezes them."""

    event: int
    parameters: Mapping[tuple[str, ...], Watched]
    freezes: bool


class Freezing:
    """The parameters that were frozen in one loop.

    The newest change that is in force decides on each parameter. Parameters that the user has
    frozen are part of no change.

    Parameters
    ----------
    loop : StepMachine
    models : mapping of str to Module
        Held weakly.
    """

    def __init__(self, loop: StepMachine, models: Mapping[str, nn.Module]) -> None:
        self._loop = loop
        self._models = {label: weakref.ref(model) for label, model in models.items()}
        self._changes: list[_Change] = []
        self._frozen: dict[tuple[str, ...], Watched] = {}
        self._dropped = DroppedGradients()

    # ── reading ──────────────────────────────────────────────────────────────

    def modules(self) -> tuple[TunableModule, ...]:
        """Return the modules with parameters; of shared modules, the first path."""
        found: list[TunableModule] = []
        seen: set[int] = set()
        here = {id(entry.parameter()) for entry in self._frozen.values()}
        for path, module in self._paths().items():
            if id(module) in seen:
                continue
            seen.add(id(module))
            held = [p for p in torch_compat.all_parameters(module) if torch_compat.has_storage(p)]
            if not held:
                continue
            frozen = [p for p in held if not p.requires_grad]
            found.append(
                TunableModule(
                    path,
                    sum(p.numel() for p in held),
                    sum(p.numel() for p in frozen),
                    sum(p.numel() for p in frozen if id(p) in here),
                    type(module).__name__,
                )
            )
        return tuple(found)

    # ── changes ──────────────────────────────────────────────────────────────

    def freeze(self, run: Run, path: str) -> RunEvent:
        """Freeze the trainable parameters of a module; see `LiveTuner.freeze`."""
        held = self._entries(path)
        chosen = {
            entry.names: entry
            for entry in held
            if entry.names in self._frozen or requires_grad(entry)
        }
        new = [entry for entry in chosen.values() if entry.names not in self._frozen]
        if not new:
            check_found(path, held)
        check_loop(self._loop, self._living_models().values(), path)
        return self._add(run, "freeze", path, chosen, new)

    def thaw(self, run: Run, path: str) -> RunEvent:
        """Thaw the parameters of a module that were frozen here; see `LiveTuner.thaw`."""
        chosen = {
            entry.names: entry for entry in self._entries(path) if entry.names in self._frozen
        }
        if not chosen:
            raise ValueError(
                f"labkit has frozen no parameter of {path!r}, and parameters that were frozen "
                "otherwise remain so. To thaw these, set requires_grad_(True) in the loop."
            )
        return self._add(run, "thaw", path, chosen, list(chosen.values()))

    def take_back(self, run: Run, event: RunEvent) -> None:
        """Freeze and thaw as if a change had not been made."""
        changes = [change for change in self._changes if change.event != event.id]
        self._become(run, changes, event.where)

    def close(self) -> None:
        """Thaw all parameters that were frozen here."""
        frozen, self._frozen, self._changes = self._frozen, {}, []
        hooks.raise_in_passes(self._loop)
        for entry in frozen.values():
            _thaw(entry)
        self._dropped.put_back(frozen.values(), self._loop.pass_number)
        self._dropped = DroppedGradients()

    def check(self) -> None:
        """Add a notice if the loop has thawed parameters; to be called at the end of a step."""
        self._dropped.forget_before(self._loop.pass_number)
        thawed = [entry.names[0] for entry in self._frozen.values() if requires_grad(entry)]
        if thawed:
            more = f" and {len(thawed) - 1} more" if len(thawed) > 1 else ""
            self._loop.add_notice(
                f"The loop sets requires_grad of parameters that were frozen during the run "
                f"({thawed[0]}{more}), so that its steps change them. To freeze them, remove that "
                "line of the loop, or leave out the step of their optimizer."
            )

    def _add(
        self,
        run: Run,
        kind: str,
        path: str,
        chosen: Mapping[tuple[str, ...], Watched],
        new: Sequence[Watched],
    ) -> RunEvent:
        freezes = kind == "freeze"
        trial = _Change(-1, chosen, freezes)
        self._become(run, [*self._changes, trial], path)
        event = run.event_log.add(
            run.steps,
            "freeze" if freezes else "thaw",
            path,
            text=f"{path} {'frozen' if freezes else 'thawed'}: {_described(new, path)}",
        )
        self._changes[-1] = _Change(event.id, chosen, freezes)
        return event

    def _become(self, run: Run, changes: list[_Change], path: str) -> None:
        """Freeze and thaw what the newest changes say, unless nothing would be left to train."""
        wanted: dict[tuple[str, ...], Watched] = {}
        for change in changes:
            for names, entry in change.parameters.items():
                wanted.pop(names, None)
                if change.freezes:
                    wanted[names] = entry
        to_freeze = [entry for names, entry in wanted.items() if names not in self._frozen]
        to_thaw = [entry for names, entry in self._frozen.items() if names not in wanted]
        if to_freeze:
            check_rest(self._loop, self._models, wanted, path)
        others = (each for each in self._loop.table.watched if each.names not in wanted)
        self._dropped.add(to_freeze, others, self._loop.pass_number)
        for entry in to_freeze:
            _freeze(entry)
        for entry in to_thaw:
            _thaw(entry)
        self._dropped.put_back(to_thaw, self._loop.pass_number)
        self._changes, self._frozen = _without_superseded(changes), wanted
        self._update(run)

    def _update(self, run: Run) -> None:
        """Represent each optimizer by a parameter that is trained, and record what is frozen.

        The next step captures the graph, which has other operations now.
        """
        loop = self._loop
        if self._frozen:
            hooks.leave_out_passes(loop, loop.add_notice)
        else:
            hooks.raise_in_passes(loop)
        loop.leave_fast_path()
        for recorder in loop.recorders.with_optimizers:
            recorder.probe.choose(recorder.entries)
            recorder.probe.record_after_pass()
        loop.recorders.update()
        FrozenParameters(loop.table).record(run)
        if loop.state in (State.FAST, State.GENERAL):
            loop.readings.plan_calls(run, loop.steps_done + 1)
            loop.state = State.GENERAL

    # ── modules and parameters ───────────────────────────────────────────────

    def _living_models(self) -> dict[str, nn.Module]:
        found = {label: model() for label, model in self._models.items()}
        return {label: model for label, model in found.items() if model is not None}

    def _paths(self) -> dict[str, nn.Module]:
        return {
            prefixed(label, path): module
            for label, model in self._living_models().items()
            for path, module in torch_compat.named_modules(model)
            if prefixed(label, path)
        }

    def _entries(self, path: str) -> list[Watched]:
        module = self._paths().get(path)
        if module is None:
            raise ValueError(f"There is no module {path!r} any more.")
        self._loop.table.refresh()
        held = (self._loop.table.find(p) for p in torch_compat.all_parameters(module))
        return [entry for entry in held if entry is not None]


def _without_superseded(changes: list[_Change]) -> list[_Change]:
    """Return changes without the oldest one if there are many, and newer ones decide on it."""
    if len(changes) <= MAX_EVENTS:
        return changes
    newer = {names for change in changes[1:] for names in change.parameters}
    return changes[1:] if changes[0].parameters.keys() <= newer else changes


def _freeze(entry: Watched) -> None:
    parameter = entry.parameter()
    if parameter is not None and parameter.is_leaf:
        parameter.requires_grad = False
        parameter.grad = None


def _thaw(entry: Watched) -> None:
    parameter = entry.parameter()
    if parameter is not None:
        parameter.requires_grad = True


def _described(entries: Iterable[Watched], path: str) -> str:
    """Return the number of some parameters, and under which other names they are shared."""
    listed = list(entries)
    found = [parameter for each in listed if (parameter := each.parameter()) is not None]
    count = len(found)
    text = f"{count} parameter{'s' if count != 1 else ''}, {sum(p.numel() for p in found):,} values"
    others = [
        name for each in listed for name in each.names if not f"{name}.".startswith(f"{path}.")
    ]
    if not others:
        return text
    more = f" and {len(others) - _MAX_NAMED} more" if len(others) > _MAX_NAMED else ""
    return f"{text}; shared with {', '.join(others[:_MAX_NAMED])}{more}"
