"""The fast path: passes and steps of quiet rounds, which add a loss and a row and nothing else.

Code that runs once between two steps is cold, as the model's own work has emptied the caches of it:
each function and each object costs many times what it costs in a tight loop. So what an everyday
pass or step needs is written out in one function each. Whatever is out of the ordinary goes to the
step machine's general path, before anything is changed.
"""

from __future__ import annotations

import time
from threading import get_ident
from typing import Any, Protocol

import torch
from torch import Tensor

from labkit.capture.hooks.listener import Backward
from labkit.capture.steps.loop import Loop, State
from labkit.capture.steps.losses import PRODUCT
from labkit.capture.steps.optimizer_recorder import OptimizerRecorder, rates_of
from labkit.capture.torch_compat import tensor_version

_QUIET = State.QUIET
_SEARCHED_EVERY = 64
"""One pass in so many is searched while none was ever found to be the watched model's."""


class GeneralPath(Protocol):
    """Takes what is out of the ordinary."""

    def miss(self, tensors: object) -> None:
        """Record a pass that moved no watched gradient that is looked at."""

    def after_pass(self, tensors: object) -> None:
        """Record that a pass ended."""

    def pass_failed(self) -> None:
        """Record that a pass raised."""

    def after_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        """Record that a step ended."""


class QuietRounds:
    """Takes the calls of a step machine while its rounds are quiet.

    Parameters
    ----------
    loop : Loop
    general : GeneralPath
    """

    __slots__ = ("_general", "_is_alone", "_loop")

    def __init__(self, loop: Loop, general: GeneralPath) -> None:
        self._loop = loop
        self._general = general
        self._is_alone = True
        """Whether a round is one step of one optimizer."""

    def enter_beside(self) -> None:
        """Take passes of another model's loop, which are to be seen as such and no more."""
        loop = self._loop
        loop.leave_quiet_rounds()
        recorders = loop.rounds.recorders
        if all(each.mark.parameter is not None for each in recorders):
            loop.quiet_recorders = recorders
            loop.run_pass = self.run_pass

    def enter(self) -> None:
        """Take the calls from now on: a quiet round begins on the thread that trains."""
        loop = self._loop
        loop.leave_quiet_rounds()
        recorders, members = loop.rounds.recorders, loop.rounds.members
        if loop.rounds.inside is not None or loop.rounds.unannounced:
            return
        if any(each.thread != loop.thread or each.mark.parameter is None for each in recorders):
            return
        loop.quiet_recorders = recorders
        self._is_alone = len(members) == 1
        for each in members:
            if each.takes_everyday_steps():
                each.quiet = self
        loop.run_pass = self.run_pass

    def run_pass(  # noqa: C901, PLR0912, PLR0915 - one cold function
        self, original: Backward, tensors: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        """Run a backward pass, and add its loss to what waits for a step."""
        loop = self._loop
        if loop.thread != get_ident() or loop.is_in_pass:  # as in `begin_pass`
            original(tensors, *args, **kwargs)
            return
        loop.is_in_pass = True
        try:
            began_ns = time.perf_counter_ns() if loop.timing else 0
            recorders, value = loop.quiet_recorders, None
            if recorders and not loop.sees_clearing and type(tensors) is Tensor and tensors.is_cpu:
                try:
                    value = tensors.item()
                    if not value <= (loop.beside_limit if loop.is_beside else loop.limit) or (
                        type(tensors.grad_fn) is PRODUCT and loop.scales.may_be_used
                    ):
                        value = None
                except Exception:  # noqa: BLE001 - not one real number, or a mode forbids it
                    value = None
            for recorder in recorders:
                mark = recorder.mark
                parameter = mark.parameter
                if parameter is None or (
                    recorder.depth and (recorder.passes or recorder.evaluations)
                ):
                    value = None
                    break
                mark.before = gradient = parameter.grad
                if gradient is None:
                    mark.cleared = True
                    if recorder.passes:  # cleared, and no step was taken
                        value = None
                        break
                    continue
                mark.cleared = False
                mark.before_version = version = tensor_version(gradient)
                if recorder.passes and (
                    version != mark.left_version
                    or id(gradient) != mark.left_id
                    or not recorder.accumulates
                    or recorder.never_announced
                ):
                    value = None
                    break
            if value is None:
                loop.is_in_pass = False
                loop.run_any_pass(original, tensors, args, kwargs)
                return
            if began_ns:
                loop.sample_ns += time.perf_counter_ns() - began_ns
            gradients = loop.gradients.read() if loop.is_beside else None
            original(tensors, *args, **kwargs)
            if (
                loop.quiet_recorders is not recorders
                or (  # an optimizer stepped inside, for example
                    loop.state is not _QUIET
                    and any(recorder.mark.moved() for recorder in recorders)
                )
            ):
                loop.value = value
                self._general.after_pass(tensors)
                return
            if began_ns:
                began_ns = time.perf_counter_ns()
            loop.pass_number = number = loop.pass_number + 1
            moved = False
            for recorder in recorders:
                mark = recorder.mark
                before, mark.before = mark.before, None
                gradient = mark.parameter.grad  # type: ignore[union-attr]  # looked at above
                if gradient is None:
                    continue
                version = tensor_version(gradient)
                if gradient is before and version == mark.before_version:
                    continue
                moved = True
                if recorder.passes and before is not None:
                    recorder.passes += 1
                    recorder.loss += value
                else:  # the first one, or the first since gradients were cleared
                    recorder.passes, recorder.first_pass = 1, number
                    recorder.loss = value
                    recorder.evaluations = recorder.depth  # 1 within a closure
                recorder.has_loss = True
                recorder.last_pass = number
                mark.left_id, mark.left_version = id(gradient), version
                mark.left_weights = tensor_version(mark.parameter)
            if moved:
                loop.is_beside = False
            elif (
                gradients is not None
                and loop.gradients.are_still(gradients)
                and not (loop.saw_nothing and loop.misses % _SEARCHED_EVERY == 0)
            ):
                loop.misses += 1
            else:
                loop.value = value
                self._general.miss(tensors)
            loop.is_in_pass = False
            if began_ns:
                loop.sample_ns += time.perf_counter_ns() - began_ns
        except BaseException:
            self._general.pass_failed()
            raise

    def end_step(self, recorder: OptimizerRecorder, optimizer: torch.optim.Optimizer) -> None:
        """Add a row for the step that ends, and begin another round where it ends one."""
        loop = self._loop
        began_ns = time.perf_counter_ns() if loop.timing else 0
        groups = optimizer.param_groups
        rates = groups[0].get("lr") if len(groups) == 1 else rates_of(optimizer)
        rounds = loop.rounds
        if (
            recorder.depth != 1
            or recorder.outermost != id(optimizer)
            or loop.is_in_pass
            or not recorder.passes
            or recorder.evaluations > 1
            or recorder.suspects
            or isinstance(rates, Tensor)
            or not (self._is_alone or not rounds.loss_is_taken(recorder))
            or loop.plan.quiet <= 1
            or loop.control.pending
        ):
            self._general.after_step(recorder, optimizer)
            return
        recorder.depth, recorder.outermost, recorder.evaluations = 0, 0, 0
        step, loss = loop.steps_done + 1, recorder.loss
        if recorder.has_loss:
            loop.recent.append(loss)
            recorder.rows.append((step, loss, rates))
            recorder.has_loss = False
        else:
            recorder.rows.append((step, None, rates))
        is_complete = self._is_alone
        if is_complete:
            recorder.passes, recorder.loss = 0, 0.0
        else:
            rounds.finish(recorder)
            is_complete = rounds.is_complete
        if began_ns:
            loop.plan.pace.learn_cost(loop.sample_ns + time.perf_counter_ns() - began_ns)
            loop.sample_ns, loop.timing = 0, False
        if not is_complete:
            return
        loop.plan.quiet -= 1
        loop.steps_done = step
        if not self._is_alone:
            rounds.begin()
