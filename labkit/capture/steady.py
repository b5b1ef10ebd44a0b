"""The short way for the everyday loop.

Most loops call backward once and step one optimizer, thousands of times. For them a step
costs two short functions, written out without further calls: code that runs once between
two steps is cold, and costs some twenty times what it costs warm, so with steps of half a
millisecond thirty calls of small functions are a tenth of the loop's time. What can wait
(series, budget, plans) is done for several steps at once. Whatever is out of the ordinary is
left to the probe's general way.
"""

from __future__ import annotations

import functools
import time
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_pre_hook

from labkit.capture.interception import Backward
from labkit.capture.pace import Pace
from labkit.capture.steppers import Stepper
from labkit.capture.torch_compat import takes_usual_arguments, tensor_version
from labkit.run import Run

if TYPE_CHECKING:
    from labkit.capture.probe import Probe

_LONGEST_BATCH_NS = 500_000_000
"""Time after which the books are closed at the latest."""
_LONGEST_UNSEEN_NS = 1_000_000_000
"""The same while no page shows the run."""
_LARGEST_BATCH = 2048
NORMS = frozenset({"gradient norms"})
_SOON = 16
"""Norms are read again so soon that to be told of every step until then costs less."""


class SteadyLoop:
    """Stands before a probe: takes the steps of an everyday loop, passes on all others.

    Parameters
    ----------
    probe : Probe
        Takes what is out of the ordinary, and the readings that are planned.
    run : Run
        Not kept alive.
    """

    __slots__ = (
        "__weakref__",
        "_control",
        "_handle",
        "_incidents",
        "_inside_ns",
        "_left",
        "_limit",
        "_longest_ns",
        "_norms_due",
        "_norms_follow",
        "_open",
        "_optimizer",
        "_pace",
        "_parameter",
        "_probe",
        "_ready",
        "_sample_ns",
        "_scalars",
        "_stepped_with",
        "_stepper",
        "_steps_accounted",
        "_timed",
        "_uncleared",
        "_value",
        "_waiting",
    )

    def __init__(self, probe: Probe, run: Run) -> None:
        self._probe = probe
        self._control = run.control
        self._incidents = probe.incidents
        self._limit = self._incidents.limit
        self._scalars = run.tally.waiting
        self._open = False
        self._ready = False
        """Whether the next pass is taken without a second thought: open, and nothing waits."""
        self._handle: torch.utils.hooks.RemovableHandle | None = None
        self._optimizer: Callable[[], torch.optim.Optimizer | None] = lambda: None
        self._parameter: Callable[[], torch.Tensor | None] = lambda: None
        self._stepper: Stepper | None = None
        self._waiting = False
        self._norms_due = False
        """Whether norms are read in the last of the steps that are left."""
        self._norms_follow = False
        """Whether they are read in the step after these."""
        self._uncleared = run.observations.uncleared
        self._stepped_with: tuple[int, int] | None = None
        """Identity and version of the gradient as the last batch's last step ended."""
        self._value = 0.0
        self._left = 1
        """Steps until it is seen what comes next."""
        self._timed = False
        self._steps_accounted = 0
        self._inside_ns = self._sample_ns = 0
        self._longest_ns = _LONGEST_BATCH_NS
        self._pace = Pace()

    def open(
        self,
        stepper: Stepper,
        optimizer: torch.optim.Optimizer,
        parameter: torch.Tensor,
        steps: int,
    ) -> None:
        """Take the steps of this optimizer after so many; the parameter stands for all."""
        if self._optimizer() is not optimizer:
            self._optimizer = weakref.ref(optimizer)
        if self._parameter() is not parameter:
            self._parameter = weakref.ref(parameter)
        self._stepper = stepper
        self._open = self._timed = True
        self._ready = self._norms_follow = False
        self._limit = self._incidents.limit
        self._stepped_with = self._look_at_gradient()
        self._norms_due = self._probe.readings.planned == NORMS
        self._left = 1
        self.hear_steps_begin(wanted=self._norms_due)
        self._steps_accounted = steps

    def leave(self) -> None:
        """Hand over to the general way: the books, and a loss whose step is still to come."""
        if not self._open:
            return
        self._open = self._ready = False
        self.hear_steps_begin(wanted=True)
        self._probe.guarded(self._close_books, time.perf_counter_ns())
        if self._waiting:
            self._waiting = False
            self._probe.pending.put(self._value)
            gradient = self._look_at_gradient()
            if gradient is not None:
                self._probe.sentinel.decided(*gradient)

    # ── told by torch ────────────────────────────────────────────────────────

    def around_backward(self, proceed: Backward) -> Backward:
        """Return what lets a backward pass run, and takes its loss if it changed the gradients.

        The arguments are named as torch names them: to gather and spread them would cost more
        than all that is done here.
        """
        if not takes_usual_arguments(proceed):
            return functools.partial(self._take_any_pass, proceed)

        def timed_pass(*args: Any) -> None:
            entered_ns = time.perf_counter_ns()
            proceed(*args)
            self._inside_ns = time.perf_counter_ns() - entered_ns

        return self._around(proceed, self._around(timed_pass, None))

    def _around(self, proceed: Backward, timed: Backward | None) -> Backward:
        def backward(
            tensors: Any,
            grad_tensors: Any = None,
            retain_graph: Any = None,
            create_graph: Any = False,  # noqa: FBT002 - torch's own arguments
            grad_variables: Any = None,
            inputs: Any = None,
        ) -> None:
            parameter = self._parameter()
            if (
                not self._ready
                or parameter is None
                or type(tensors) is not Tensor
                or not tensors.is_cpu
            ):
                given = tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs
                if self._open and self._timed and not self._waiting and timed is not None:
                    self._time_pass(timed, given)
                else:
                    self._take_any_pass(proceed, *given)
                return
            before = parameter.grad
            version = -1 if before is None else tensor_version(before)
            try:
                value = tensors.item()
                if not value <= self._limit:
                    self._probe.guarded(self._probe.alarmed, [tensors], value)
            except (RuntimeError, TypeError):  # not one real number
                value = None
            proceed(tensors, grad_tensors, retain_graph, create_graph, grad_variables, inputs)
            after = parameter.grad
            if (
                after is not None
                and value is not None
                and (after is not before or version != tensor_version(after))
            ):
                self._value = value
                self._ready = False
                self._waiting = True
                if self._norms_due and self._left == 1:
                    self._probe.guarded(self._read_raw_norms)
                return
            self._probe.sentinel.recall(before, version)
            self._probe.after_backward(tensors)

        return backward

    def _take_any_pass(self, proceed: Backward, tensors: Any, *args: Any, **kwargs: Any) -> None:
        """Take a pass that is out of the ordinary."""
        self.leave()
        self._probe.before_backward(tensors)
        proceed(tensors, *args, **kwargs)
        self._probe.after_backward(tensors)

    def before_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """Let an ordinary step begin; hand over before any other."""
        if self._waiting and optimizer is self._optimizer():
            if self._norms_due and self._left == 1:
                self._probe.guarded(self._read_norms)
            return
        self.leave()
        self._probe.before_step(optimizer)

    def after_step(self, optimizer: torch.optim.Optimizer, args: Any, kwargs: Any) -> None:
        """Write what every step has, and now and then close the books of several."""
        if not self._waiting or optimizer is not self._optimizer() or len(args) > 1:
            self._take_any_step(optimizer)
            return
        began_ns = time.perf_counter_ns() if self._sample_ns else 0
        groups = optimizer.param_groups
        try:
            rates = groups[0]["lr"] if len(groups) == 1 else [group["lr"] for group in groups]
        except KeyError:
            self._take_any_step(optimizer)
            return
        self._waiting = False
        self._ready = True
        self._scalars.append((self._value, rates))
        if began_ns:
            self._pace.learn_cost(self._sample_ns + time.perf_counter_ns() - began_ns)
            self._sample_ns = 0
        self._left -= 1
        if self._left <= 0 or self._control.pending:
            if self._norms_follow and not self._control.pending:
                self._await_norms()
                return
            self._probe.guarded(self._look_ahead)
            self._probe.between_steps()

    def _take_any_step(self, optimizer: torch.optim.Optimizer) -> None:
        """Take a step that is out of the ordinary, of which nobody was told as it began."""
        unheard = self._open and self._handle is None
        self.leave()
        if unheard:
            self._probe.before_step(optimizer)
        self._probe.after_step(optimizer)

    def hear_steps_begin(self, *, wanted: bool) -> None:
        """Have steps told as they begin, or not: that costs a call, and few steps need it."""
        if wanted and self._handle is None:
            self._handle = register_optimizer_step_pre_hook(self.before_step)
        elif not wanted and self._handle is not None:
            self._handle.remove()
            self._handle = None

    # ── now and then ─────────────────────────────────────────────────────────

    def _look_at_gradient(self) -> tuple[int, int] | None:
        """Return identity and version of the gradient as it is now."""
        parameter = self._parameter()
        gradient = None if parameter is None else parameter.grad
        return None if gradient is None else (id(gradient), tensor_version(gradient))

    def _time_pass(self, timed: Backward, given: tuple[Any, ...]) -> None:
        """Take a pass as always, and see what watching it costs where it is really done."""
        self._timed = False
        self._ready = True
        if self._stepped_with is not None:
            self._uncleared.add(seen=self._look_at_gradient() == self._stepped_with)
            self._stepped_with = None
        began_ns = time.perf_counter_ns()
        timed(*given)
        self._sample_ns = time.perf_counter_ns() - began_ns - self._inside_ns

    def _read_norms(self, run: Run) -> None:
        stepper = self._stepper
        if stepper is None:
            return
        steps = run.tally.steps + 1
        self._probe.readings.read_norms(run, stepper, steps)
        left, norms_follow = self._see_what_follows(time.perf_counter_ns(), steps)
        if norms_follow and left < _SOON:
            self._left = 1 + left  # the step under way is one of them

    def _read_raw_norms(self, run: Run) -> None:
        stepper = self._stepper
        if stepper is not None:
            self._probe.readings.after_pass(run, stepper, None)

    def _look_ahead(self, run: Run) -> None:
        """See what the next steps read; close the books when it is time, or a reading needs it."""
        readings, steps, now_ns = self._probe.readings, run.tally.steps, time.perf_counter_ns()
        left, self._norms_follow = self._see_what_follows(now_ns, steps)
        if left == 0:
            self._close_books(run, now_ns)
            readings.plan(run, now_ns, steps + 1)
            left = 1
        elif self._norms_follow and left < _SOON:
            readings.planned, self._norms_follow = NORMS, False
        else:
            readings.planned = frozenset()
            left -= self._norms_follow
        self._left = left
        self._norms_due = readings.planned == NORMS
        self._open = self._norms_due or not readings.planned
        self._timed = left > 1
        self._ready = self._open and not self._timed
        self._stepped_with = self._look_at_gradient()
        self.hear_steps_begin(wanted=self._norms_due or not self._open)

    def _see_what_follows(self, now_ns: int, steps: int) -> tuple[int, bool]:
        """Return how many steps go by without a look, and whether the last of them reads norms.

        There are none where the books must be closed before the next step.
        """
        if not self._pace.known:
            return 0, False
        readings = self._probe.readings
        open_ns = now_ns - self._probe.step_began_ns
        closing_in = self._pace.steps_in(self._longest_ns - open_ns)
        rest = min(readings.bound_at - steps - 1, closing_in, _LARGEST_BATCH)
        credit = readings.budget.credit + (steps - self._steps_accounted) * self._pace.earned
        to_norms = readings.steps_to_norms(self._pace, credit, now_ns, steps)
        if to_norms < rest:
            return 1 + int(to_norms), True
        return max(0, int(rest)), False

    def _await_norms(self) -> None:
        """Let the next step read norms, as was seen before."""
        self._norms_follow, self._norms_due, self._left = False, True, 1
        self._probe.readings.planned = NORMS
        self.hear_steps_begin(wanted=True)

    def _close_books(self, run: Run, now_ns: int) -> None:
        """Account for the steps since this was last done; see what one took and earned."""
        budget = self._probe.readings.budget
        steps, credit = run.tally.steps - self._steps_accounted, budget.credit
        self._steps_accounted += steps
        loop_ns, self._probe.step_began_ns = now_ns - self._probe.step_began_ns, now_ns
        self._probe.account(run, loop_ns, int(steps * self._pace.cost_ns))
        self._incidents.note(run.tally.take_newest())
        self._limit = self._incidents.limit
        self._longest_ns = _LONGEST_BATCH_NS if run.audience.present else _LONGEST_UNSEEN_NS
        if steps:
            self._pace.learn(steps, loop_ns, budget.credit - credit)
