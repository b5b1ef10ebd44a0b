"""Operations are in the boxes of their modules, whatever the modules call under `no_grad`."""

import torch
from torch import nn

import labkit as lk

X = torch.ones(2, 3)


class Student(nn.Module):
    """A module that calls another one, and itself, without gradients."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 3)
        self.teacher = nn.Sequential(nn.Linear(3, 3), nn.ReLU())

    def forward(self, x, again=True):
        y = self.layer(x)
        with torch.no_grad():
            target = self.teacher(x) if again else y
            if again:
                target = target + self(x, again=False)
        return y * target


class Around(nn.Module):
    def __init__(self):
        super().__init__()
        self.student = Student()
        self.head = nn.Linear(3, 1)

    def forward(self, x):
        return self.head(self.student(x).sin()).exp()


class Enabling(Around):
    """A module in which gradients are enabled for a part of the code only."""

    def forward(self, x):
        with torch.no_grad():
            start = self.head(x)
            with torch.enable_grad():
                return self.student(x).sin() * start


EXPECTED = [
    "(model) [Around]: sin → exp",
    "  student [Student]: mul",
    "    student.layer [Linear]: t → addmm",
    "  head [Linear]: t → addmm",
]


def test_a_call_without_gradients_does_not_affect_the_calls_around_it():
    model = Around()
    assert lk.graph.capture(model, X).outline().splitlines() == EXPECTED
    with lk.graph.record(model) as recording:
        model(X)
    assert recording.graph.outline().splitlines() == EXPECTED
    outline = lk.graph.capture(Enabling(), X).outline().splitlines()
    assert outline == ["(model) [Enabling]: sin → mul", *EXPECTED[1:3]]


def test_a_watched_model_that_calls_modules_without_gradients_has_its_boxes():
    model = Around()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with lk.watch(model, show=False, budget=1.0) as run:
        for _ in range(3):
            optimizer.zero_grad()
            model(X).sum().backward()
            optimizer.step()
    expected = [*EXPECTED, "sum"]
    assert run.graph.outline().splitlines() == expected


def test_an_operation_that_fails_without_gradients_is_in_its_module():
    class Failing(Student):
        def forward(self, x):
            y = super().forward(x, again=False)
            with torch.no_grad():
                return y @ torch.ones(7)

    with lk.graph.record(keep_errors=True) as recording:
        Failing()(X)
    (failed,) = (node for node in recording.graph.nodes if node.kind == "failed")
    assert (failed.op, failed.scope) == ("matmul", "Failing#1")
