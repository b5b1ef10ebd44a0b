"""Recordings that overlap, and modes of the user, leave torch's stacks of modes as they were."""

import threading

import torch
from torch import nn
from torch.overrides import TorchFunctionMode, _get_current_function_mode_stack
from torch.utils import _python_dispatch
from torch.utils._python_dispatch import TorchDispatchMode

import labkit as lk

from .graph_queries import ops

X = torch.ones(2, 3)


class Functions(TorchFunctionMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.names.append(func.__name__)
        return func(*args, **(kwargs or {}))


class Operations(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(func.name())
        return func(*args, **(kwargs or {}))


def flags():
    return {name: value for name, value in vars(_python_dispatch).items() if "_is_in" in name}


def test_recordings_may_end_in_any_order():
    model = nn.Linear(3, 3)
    first, second, mode = lk.graph.record(), lk.graph.record(), Functions()
    first.__enter__()
    model(X)
    second.__enter__()
    mode.__enter__()
    first.__exit__(None, None, None)
    model(X).sin()
    assert mode.names[-1] == "sin"
    second.__exit__(None, None, None)
    model(X).cos()
    assert mode.names[-1] == "cos"
    mode.__exit__(None, None, None)
    assert not _get_current_function_mode_stack()
    assert ops(first.graph) == ["t", "addmm"]
    assert ops(second.graph) == ["t", "addmm", "sin"]


def test_a_recording_may_end_on_another_thread():
    recording = lk.graph.record()
    hooks = dict(nn.modules.module._global_forward_hooks)

    def begin():
        recording.__enter__()
        nn.Linear(3, 3)(X)

    thread = threading.Thread(target=begin)
    thread.start()
    thread.join()
    recording.__exit__(None, None, None)
    assert ops(recording.graph) == ["t", "addmm"]
    assert dict(nn.modules.module._global_forward_hooks) == hooks
    assert not _get_current_function_mode_stack()


def test_graphs_on_several_threads_leave_the_flags_of_dispatch_modes():
    before = flags()
    models = [nn.Sequential(nn.Linear(3, 3), nn.ReLU()) for _ in range(3)]
    # Every thread enters its modes before any of them leaves its own.
    barrier = threading.Barrier(3)
    graphs = []

    class Meeting(nn.Module):
        def forward(self, x):
            barrier.wait(10)
            return x * 1

    def look(model):
        graphs.append(lk.graph(nn.Sequential(model, Meeting()), X).graph)

    threads = [threading.Thread(target=look, args=(model,)) for model in models]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [ops(graph) for graph in graphs] == [["t", "addmm", "relu", "mul"]] * 3
    assert flags() == before


def test_modes_of_the_user_see_only_the_operations_of_the_model():
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    for kind in (Functions, Operations):
        with kind() as plain:
            model(X)
        for look in (lk.graph, lk.graph.capture):
            with kind() as mode:
                look(model, X)
            extra = [name for name in mode.names if name not in plain.names]
            assert set(extra) <= {"_set_grad_enabled"}
