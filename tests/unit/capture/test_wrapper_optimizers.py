"""Optimizers that wrap another optimizer: both are recorded as one."""

from collections import defaultdict

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from .models import batch
from .truth import assert_agrees, assert_all, assert_no_internal_error, points, record

STEPS = 30


class Delegating(torch.optim.Optimizer):
    """A torch optimizer that shares the groups of its base and calls its step."""

    def __init__(self, base):
        self.base = base
        super().__init__(base.param_groups, {})
        self.param_groups = base.param_groups

    def step(self, closure=None):
        return self.base.step(closure)


class Copying(torch.optim.Optimizer):
    """A torch optimizer with the same parameters in separate groups."""

    def __init__(self, base):
        self.base = base
        super().__init__([{"params": group["params"]} for group in base.param_groups], {"lr": 0.05})

    def step(self, closure=None):
        return self.base.step(closure)


class Lookahead(torch.optim.Optimizer):
    """As published with RAdam: no `super().__init__`, and slow weights every few steps."""

    def __init__(self, optimizer, k=5, alpha=0.5):
        self.optimizer = optimizer
        self.k, self.alpha = k, alpha
        self.param_groups = optimizer.param_groups
        self.state = defaultdict(dict)
        self.defaults = optimizer.defaults
        self.counter = 0
        self._optimizer_step_pre_hooks = {}
        self._optimizer_step_post_hooks = {}

    def step(self, closure=None):
        loss = self.optimizer.step(closure)
        self.counter += 1
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                slow = state.setdefault("slow", parameter.detach().clone())
                if self.counter % self.k == 0:
                    slow.add_(parameter.detach() - slow, alpha=self.alpha)
                    parameter.data.copy_(slow)
        return loss

    def zero_grad(self):
        self.optimizer.zero_grad()


class Plain:
    """A wrapper that is not a torch optimizer, as NoamOpt of the annotated Transformer."""

    def __init__(self, optimizer):
        self.optimizer = optimizer

    def step(self, closure=None):
        return self.optimizer.step(closure)

    def zero_grad(self):
        self.optimizer.zero_grad()


class SAM(torch.optim.Optimizer):
    """Sharpness-aware minimization in its common implementation."""

    def __init__(self, params, base, rho=0.05, **options):
        super().__init__(params, {"rho": rho, **options})
        self.base_optimizer = base(self.param_groups, **options)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self):
        gradients = [p.grad for group in self.param_groups for p in group["params"]]
        norm = torch.stack([each.norm() for each in gradients]).norm()
        for group in self.param_groups:
            for parameter in group["params"]:
                self.state[parameter]["old"] = parameter.data.clone()
                parameter.add_(parameter.grad * (group["rho"] / (norm + 1e-12)))
        self.zero_grad()

    @torch.no_grad()
    def second_step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.data = self.state[parameter]["old"]
        self.base_optimizer.step()
        self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        self.first_step()
        torch.enable_grad()(closure)()
        self.second_step()


def sgd(model):
    return torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)


@pytest.mark.parametrize("way", ["plain", "closure", "clipped", "accumulated", "scheduled"])
@pytest.mark.parametrize("wrapper", [Delegating, Copying, Lookahead, Plain])
def test_a_wrapped_optimizer_is_recorded_once(wrapper, way):
    def loop(model, truth):
        base = sgd(model)
        optimizer = wrapper(base)
        scheduler = torch.optim.lr_scheduler.ExponentialLR(base, 0.9)
        x, y = batch()
        passes = 2 if way == "accumulated" else 1

        def closure():
            base.zero_grad()
            for part in range(passes):
                loss = F.cross_entropy(model(x[part::passes]), y[part::passes])
                loss.backward()
                truth.add_loss(loss)
            if way == "clipped":
                truth.before_clipping(model)
                nn.utils.clip_grad_norm_(model.parameters(), 0.05)
            truth.before_step(model, base)

        for _ in range(STEPS):
            if way == "closure":
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            if way == "scheduled":
                scheduler.step()
            truth.after_step(model)

    run, truth = record(loop)
    # Lookahead's slow weights may count as a part of the step or not.
    assert_agrees(run, truth, ratios=wrapper is not Lookahead)


def test_nested_wrappers_are_recorded_once():
    def loop(model, truth):
        base = sgd(model)
        optimizer = Plain(Lookahead(Delegating(base)))
        x, y = batch()
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.add_loss(loss)
            truth.before_step(model, base)
            optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop), ratios=False)


def test_a_wrapper_created_during_the_run_continues_the_series():
    def loop(model, truth):
        base = optimizer = sgd(model)
        x, y = batch()
        for number in range(STEPS):
            if number == STEPS // 2:
                optimizer = Delegating(base)
            base.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.add_loss(loss)
            truth.before_step(model, base)
            optimizer.step()
            truth.after_step(model)

    assert_agrees(*record(loop))


@pytest.mark.parametrize("way", ["two-calls", "closure"])
def test_sharpness_aware_minimization_is_one_step_of_one_optimizer(way):
    """One of the two losses is recorded, the same at every step, and never their sum."""
    passes = []

    def loop(model, truth):
        optimizer = SAM(model.parameters(), torch.optim.SGD, lr=0.05, momentum=0.9)
        x, y = batch()
        passes.clear()

        def second():
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            passes[-1].append(loss.item())
            truth.before_step(model, optimizer)

        for _ in range(STEPS):
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            passes.append([loss.item()])
            if way == "closure":
                optimizer.step(second)
            else:
                optimizer.first_step()
                second()
                optimizer.second_step()
            truth.after_step(model)

    run, truth = record(loop)
    first, second = (dict(enumerate(losses, 1)) for losses in zip(*passes, strict=True))
    recorded = points(run, "loss")
    which = second if recorded.get(1) == pytest.approx(second[1], rel=1e-5) else first
    truth.losses = which
    assert_agrees(run, truth, ratios=False)
    assert [name for name in run.names() if name.startswith("loss")] == ["loss"]


def test_averaging_weights_is_not_a_step():
    def loop(model, truth):
        optimizer = sgd(model)
        average = torch.optim.swa_utils.AveragedModel(model)
        x, y = batch()
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            truth.add_loss(loss)
            truth.before_step(model, optimizer)
            optimizer.step()
            truth.after_step(model)
            average.update_parameters(model)

    assert_agrees(*record(loop))


def test_a_given_base_optimizer_is_recorded_when_its_wrapper_steps():
    """`lk.watch(model, base)` where the loop steps the wrapper."""
    from labkit import watch

    from .models import Net

    torch.manual_seed(0)
    model = Net()
    base = sgd(model)
    optimizer = Delegating(base)
    x, y = batch()
    losses = {}
    with watch(model, base, show=False, budget=1.0) as run:
        for number in range(1, STEPS + 1):
            base.zero_grad()
            loss = F.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            losses[number] = loss.item()
    assert_all(
        [
            lambda: assert_no_internal_error(run),
            lambda: check(run.steps == STEPS, f"{run.steps} steps"),
            lambda: check(points(run, "loss") == pytest.approx(losses), "losses differ"),
            lambda: check({n for n in run.names() if n[:3] == "lr/"} == {"lr/0"}, "more rates"),
        ]
    )


def check(condition, text):
    assert condition, text
