"""What is trained: the same models, data and loop for every contender."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from tests.benchmarks import models

BATCH = 64
BATCHES = 32
PASSES = 4
"""Passes a step of the loop that accumulates gradients."""
TRAINED_BEFORE = 300
"""Steps that the watched model of the row ``foreign`` trains before another model does."""

AfterStep = Callable[[int, torch.Tensor], None]
"""What a contender does after each optimizer step: takes the step's number and the loss."""

Step = Callable[[int], torch.Tensor]
"""One step of the user's loop: takes its number and returns the loss."""

Batches = list[tuple[torch.Tensor, torch.Tensor]]


@dataclass(frozen=True)
class Task:
    """Something about to be trained.

    Attributes
    ----------
    model : Module or mapping of str to Module
        What a contender watches.
    step : callable
        One step of the loop.
    before : callable, optional
        What is done once when the contender is set up, before the loop.
    """

    model: nn.Module | Mapping[str, nn.Module]
    step: Step
    before: Callable[[], object] = lambda: None

    @property
    def only_model(self) -> nn.Module:
        """The one model, for a contender that takes no more."""
        if not isinstance(self.model, nn.Module):
            raise TypeError("This task has several models, and this contender takes one.")
        return self.model


@dataclass(frozen=True)
class Kind:
    """A row of the bench.

    Attributes
    ----------
    title : str
        The row's words.
    make : callable
        Takes a device and returns a fresh task.
    aim, threaded_aim : float
        The ratio that recording may have with one thread, and with torch's default threads.
    """

    title: str
    make: Callable[[str], Task]
    aim: float = 1.03
    threaded_aim: float = 1.05


def make_task(kind: str, device: str = "cpu") -> Task:
    """Return a fresh task of a kind, the same at every call."""
    torch.manual_seed(0)
    return KINDS[kind].make(device)


def train(task: Task, steps: range, after_step: AfterStep) -> None:
    """Run the loop that is timed."""
    step = task.step
    for number in steps:
        after_step(number, step(number))


def _classify(build: Callable[[], nn.Module], *shape: int) -> Callable[[str], Task]:
    """Return what makes the task of a classifier trained by plain SGD."""

    def make(device: str) -> Task:
        model = build().to(device)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
        return Task(model, _plain(model, optimizer, _images(device, *shape), _cross_entropy))

    return make


def _images(device: str, *shape: int) -> Batches:
    return [
        (torch.randn(BATCH, *shape, device=device), torch.randint(0, 10, (BATCH,), device=device))
        for _ in range(BATCHES)
    ]


def _cross_entropy(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(model(inputs), labels)


def _next_token(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    output = model(inputs)
    logits = (output if isinstance(output, torch.Tensor) else output.logits)[:, :-1]
    return functional.cross_entropy(logits.transpose(1, 2), labels[:, 1:])


def _plain(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    batches: Batches,
    find_loss: Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor],
) -> Step:
    def step(number: int) -> torch.Tensor:
        inputs, labels = batches[number % BATCHES]
        loss = find_loss(model, inputs, labels)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        return loss

    return step


def _language(
    build: Callable[[], nn.Module], vocabulary: int, *shape: int
) -> Callable[[str], Task]:
    """Return what makes the task of a language model; `shape` is a batch's."""

    def make(device: str) -> Task:
        model = build().to(device)
        tokens = torch.randint(0, vocabulary, (BATCHES, *shape), device=device)
        optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)
        batches = [(each, each) for each in tokens]
        return Task(model, _plain(model, optimizer, batches, _next_token))

    return make


def _linear(device: str) -> Task:
    """Return the smallest loop there is: a line through 64 points."""
    model = nn.Linear(1, 1).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    points = torch.randn(BATCHES, 2, BATCH, 1, device=device)

    def find_loss(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return functional.mse_loss(model(x), y)

    return Task(model, _plain(model, optimizer, [(x, y) for x, y in points], find_loss))


def _gan(device: str) -> Task:
    """Return two models trained against each other, with an optimizer each."""
    maker, judge = models.generator().to(device), models.discriminator().to(device)
    maker_optimizer = torch.optim.Adam(maker.parameters(), lr=2e-4)
    judge_optimizer = torch.optim.Adam(judge.parameters(), lr=2e-4)
    real = torch.randn(BATCHES, BATCH, 784, device=device)
    noise = torch.randn(BATCHES, BATCH, 32, device=device)
    ones, zeros = torch.ones(BATCH, 1, device=device), torch.zeros(BATCH, 1, device=device)
    judge_loss = functional.binary_cross_entropy_with_logits

    def step(number: int) -> torch.Tensor:
        made = maker(noise[number % BATCHES])
        loss = judge_loss(judge(real[number % BATCHES]), ones)
        loss = loss + judge_loss(judge(made.detach()), zeros)
        judge_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        judge_optimizer.step()
        loss = judge_loss(judge(made), ones)
        maker_optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        maker_optimizer.step()
        return loss

    return Task({"G": maker, "D": judge}, step)


def _foreign(*, trained: bool) -> Callable[[str], Task]:
    """Return what makes the loop of a model that is not watched, while another is."""

    def make(device: str) -> Task:
        watched, own = _classify(models.mlp, 784)(device), _classify(models.mlp, 784)(device)

        def train_watched() -> None:
            train(watched, range(TRAINED_BEFORE), lambda *_: None)

        return Task(watched.model, own.step, train_watched if trained else lambda: None)

    return make


def _accumulate(device: str) -> Task:
    model = models.mlp().to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    batches = _images(device, 784)

    def step(number: int) -> torch.Tensor:
        for inputs, labels in (batches[(PASSES * number + n) % BATCHES] for n in range(PASSES)):
            loss = _cross_entropy(model, inputs, labels) / PASSES
            loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return Task(model, step)


def _closure(build: Callable[[nn.Module], torch.optim.Optimizer]) -> Callable[[str], Task]:
    """Return what makes a loop whose forward and backward passes are within a closure."""

    def make(device: str) -> Task:
        model = models.mlp().to(device)
        optimizer, batches = build(model), _images(device, 784)

        def step(number: int) -> torch.Tensor:
            inputs, labels = batches[number % BATCHES]

            def closure() -> torch.Tensor:
                optimizer.zero_grad()
                loss = _cross_entropy(model, inputs, labels)
                loss.backward()  # type: ignore[no-untyped-call]
                return loss

            loss: torch.Tensor = optimizer.step(closure)  # type: ignore[arg-type, assignment]
            return loss

        return Task(model, step)

    return make


def _sgd(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.SGD(model.parameters(), lr=0.01)


def _lbfgs(model: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.LBFGS(model.parameters(), lr=0.01, max_iter=4, history_size=4)


def _amp(device: str) -> Task:
    """Return mixed precision with a gradient scaler, of half floats on CUDA."""
    model = models.mlp().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    on_cuda = device.startswith("cuda")
    scaler = torch.amp.GradScaler(device, enabled=on_cuda)
    precision = torch.float16 if on_cuda else torch.bfloat16
    batches = _images(device, 784)

    def step(number: int) -> torch.Tensor:
        inputs, labels = batches[number % BATCHES]
        with torch.autocast(torch.device(device).type, dtype=precision):
            loss = _cross_entropy(model, inputs, labels)
        optimizer.zero_grad()
        scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        scaler.step(optimizer)
        scaler.update()
        return loss

    return Task(model, step)


KINDS = {
    "mlp": Kind("MLP", _classify(models.mlp, 784), 1.03, 1.05),
    "cnn": Kind("CNN", _classify(models.cnn, 1, 28, 28), 1.005, 1.01),
    "gpt2": Kind("GPT-2", _language(models.gpt2, 512, 8, 64), 1.01, 1.01),
    "gan": Kind("GAN: two MLPs, two optimizers, both watched", _gan),
    "linear": Kind("`nn.Linear(1, 1)`", _linear, 1.04, 1.05),
    "foreign": Kind(
        "another model's loop, after the watched model trained", _foreign(trained=True), 1.01, 1.01
    ),
    "foreign-idle": Kind(
        "another model's loop, the watched model never trains", _foreign(trained=False), 1.01, 1.01
    ),
    "accumulate": Kind(f"MLP, gradients of {PASSES} passes a step", _accumulate),
    "closure": Kind("MLP, SGD with a closure", _closure(_sgd)),
    "lbfgs": Kind("MLP, LBFGS of 4 iterations a step", _closure(_lbfgs)),
    "transformer": Kind(
        "Transformer of 44 million parameters",
        _language(models.large_transformer, 12_000, 2, 16),
        1.01,
        1.01,
    ),
    "gpt": Kind(
        "GPT of 12 layers in plain torch", _language(models.small_gpt, 512, 8, 64), 1.01, 1.01
    ),
    "amp": Kind("MLP, mixed precision and a gradient scaler", _amp),
}
"""Each row by the name that ``--rows`` takes."""
