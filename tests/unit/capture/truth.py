"""Expected values of a run, computed by the training loop with plain torch.

A loop calls `add_loss` with each loss, `before_step` right before an update of the weights, and
`after_step` right after it. `record` runs a loop unwatched and watched, and compares the weights.
"""

import re

import numpy as np
import pytest
import torch

import labkit as lk

from .models import Net

KINDS = ("grad_norm", "grad_norm_unclipped", "update_ratio")


class Truth:
    """The losses, rates and norms of every step, by step numbers from 1.

    Parameters
    ----------
    label : str
        The label of the model if several are watched.
    """

    def __init__(self, label=""):
        self.prefix = f"{label}." if label else ""
        self.reset()

    def reset(self):
        """Discard all values and restart at step 1."""
        self.steps = 0
        self.losses = {}
        self.rates = {}
        self.norms = {kind: {} for kind in KINDS}
        self._weights = {}

    def add_loss(self, loss):
        """Add to the loss of the current step."""
        value = float(loss.detach())
        self.losses[self.steps + 1] = self.losses.get(self.steps + 1, 0.0) + value

    def drop_loss(self):
        """Discard the loss added since the last step: its gradients are discarded."""
        self.losses.pop(self.steps + 1, None)

    def before_clipping(self, model):
        """Store the gradient norms before clipping."""
        self._note_gradients("grad_norm_unclipped", model)

    def before_step(self, model, optimizer=None):
        """Store the gradient norms, the rates and the weights before an update."""
        self._note_gradients("grad_norm", model)
        for name, parameter in model.named_parameters():
            self._weights.setdefault(name, parameter.detach().clone())
        for number, group in enumerate([] if optimizer is None else optimizer.param_groups):
            rates = self.rates.setdefault(f"lr/{self.prefix}{number}", {})
            rates[self.steps + 1] = float(group["lr"])

    def after_step(self, model):
        """Store the update ratios, and count the step."""
        self.steps += 1
        for name, parameter in model.named_parameters():
            before, after = self._weights.get(name), parameter.detach()
            if before is None or before.shape != after.shape:
                continue
            moved = (after.double() - before.double()).norm()
            self._put("update_ratio", name, (moved / after.double().norm()).item())
        self._weights = {}

    def _note_gradients(self, kind, model):
        for name, parameter in model.named_parameters():
            gradient = parameter.grad
            norm = None if gradient is None else gradient.detach().to_dense().double().norm().item()
            self._put(kind, name, norm, self.steps + 1)

    def _put(self, kind, name, value, step=None):
        series = self.norms[kind].setdefault(f"{kind}/{self.prefix}{name}", {})
        series[self.steps if step is None else step] = value


def record(loop, make=Net, **options):
    """Run `loop(model, truth)` unwatched and watched; return the run and its expected values.

    Both must end with the same weights and losses, bit for bit.
    """
    torch.manual_seed(0)
    plain, plainly_seen = make(), Truth()
    loop(plain, plainly_seen)
    torch.manual_seed(0)
    model, truth = make(), Truth()
    with lk.watch(model, show=False, **{"budget": 1.0, **options}) as run:
        loop(model, truth)
    assert_same_weights(model, plain)
    assert truth.losses == pytest.approx(plainly_seen.losses, rel=0, abs=0, nan_ok=True)
    return run, truth


def assert_same_weights(model, plain):
    """Compare every parameter and buffer bit for bit."""
    expected = plain.state_dict()
    found = model.state_dict()
    assert found.keys() == expected.keys()
    for name, tensor in found.items():
        assert tensor.dtype == expected[name].dtype, name
        assert torch.equal(tensor.nan_to_num(), expected[name].nan_to_num()), name


def points(run, name):
    """Return a series as a dict from steps to values, without missing values (NaN)."""
    if name not in run.names():
        return {}
    steps, values = run.series(name)
    assert (np.diff(steps) > 0).all(), f"the steps of {name} do not rise: {steps.tolist()}"
    return {
        int(step): float(value)
        for step, value in zip(steps, values, strict=True)
        if not np.isnan(value)
    }


def assert_agrees(run, truth, *, loss="loss", ratios=True, norms=True, rates=True, skipped=()):
    """Compare a run of one model and one optimizer with its expected values."""
    checks = [
        lambda: assert_steps(run, truth.steps, skipped),
        lambda: assert_no_internal_error(run),
        lambda: assert_losses(run, truth, loss),
    ]
    if rates:
        checks.append(lambda: assert_rates(run, truth))
    if norms:
        checks += [
            lambda: assert_norms(run, truth, "grad_norm"),
            lambda: assert_norms(run, truth, "grad_norm_unclipped"),
        ]
    if ratios:
        checks.append(lambda: assert_norms(run, truth, "update_ratio", rtol=2e-3))
    assert_all(checks)


def assert_agrees_with_late_parameters(run, truth, *, rates=True):
    """As `assert_agrees`, but parameters added after step 1 may lack update ratios."""
    for kind in ("update_ratio", "grad_norm_unclipped"):
        for name, seen in list(truth.norms[kind].items()):
            if min(seen) > 1 and not points(run, name):
                del truth.norms[kind][name]
    assert_agrees(run, truth, rates=rates)


def assert_all(checks):
    """Run every check; fail with the messages of all that failed."""
    failed = []
    for check in checks:
        try:
            check()
        except AssertionError as error:
            failed.append(str(error)[:1500])
    assert not failed, "\n— and —\n".join(failed)


def assert_steps(run, steps, skipped=()):
    """Check the number of steps, and the steps that a gradient scaler skipped."""
    assert run.steps == steps, f"{run.steps} steps were counted, {steps} were made"
    found = run.state().skipped
    assert found == tuple(skipped), f"steps {found} count as skipped by a scaler, not {skipped}"


def assert_no_internal_error(run):
    """Check that no notice reports an exception inside labkit."""
    faults = [each.text for each in run.notices if re.search(r"\(\w+: |Error|Exception", each.text)]
    assert not faults, f"labkit had faults of its own: {faults}"


def assert_losses(run, truth, name="loss"):
    """Check that every step with a loss has the expected one."""
    assert_points(run, name, truth.losses)


def assert_rates(run, truth):
    """Check the learning rates of every step and group."""
    recorded = {name for name in run.names() if name.startswith("lr/")}
    assert recorded == set(truth.rates), f"rates are {recorded}, not {set(truth.rates)}"
    for name, expected in truth.rates.items():
        assert_points(run, name, expected)


def assert_points(run, name, expected):
    """Check that a series has exactly these points; NaN is a missing one."""
    found = points(run, name)
    wanted = {step: value for step, value in expected.items() if not np.isnan(value)}
    differ = {
        step: (found.get(step), wanted.get(step))
        for step in sorted(found.keys() | wanted.keys())
        if step not in found
        or step not in wanted
        or found[step] != pytest.approx(wanted[step], rel=1e-5, abs=1e-6)
    }
    first = ", ".join(f"{step}: {pair[0]} not {pair[1]}" for step, pair in list(differ.items())[:6])
    assert not differ, f"{name} differs at {len(differ)} of {len(wanted)} steps: {first}"


def assert_norms(run, truth, kind, *, rtol=1e-4, steps=None):
    """Check that norms were sampled, and their values at the sampled steps.

    The norm of a missing gradient is NaN or 0. `steps` maps step numbers of the loop to those of
    the run if they differ.
    """
    for name, seen in truth.norms[kind].items():
        expected = seen if steps is None else {steps[step]: seen[step] for step in seen}
        found = points(run, name)
        present = {step for step, value in expected.items() if value is not None}
        if present:
            assert found.keys() & present, f"{name} was never read"
        for step, value in found.items():
            assert step in expected, f"{name} has a value at step {step}, where there was none"
            wanted = expected[step] or 0.0
            same = value == pytest.approx(wanted, rel=rtol, abs=1e-7)
            assert same, f"{name} is {value} at step {step}, not {wanted}"
        if kind == "grad_norm" and len(present) >= 20:
            late = sorted(present)[int(len(present) * 0.7)]
            assert max(found) >= late, f"{name} ends at step {max(found)} of {max(present)}"
