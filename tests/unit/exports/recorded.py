"""Runs with everything that figures and files are made of, recorded without a model."""

import numpy as np

from labkit.run import Run
from labkit.run.activations import Picture
from labkit.run.graph.computation_graph import ComputationGraph
from labkit.run.graph.parts import Edge, ModuleCall, Node
from labkit.run.histograms import HISTOGRAM_BINS

HOSTILE = "<img src=x onerror=alert(1)>%{x}$\\alpha$\x07"
PARAMETERS = ("a.weight", "a.bias", "b.weight")


def recorded_run(name="demo", steps=40):
    """Return a run with curves, norms, histograms, pictures, samples and an event."""
    run = Run(name)
    every = np.arange(1, steps + 1)
    run.add_table("loss", "loss", ["loss"]).extend(every, 1 / every)
    run.add_table("lr", "lr", ["0", "1"]).extend(every, np.stack([0.1 / every, 0.2 / every], 1))
    for metric in ("accuracy", "val_accuracy", "f1"):
        run.add_table(f"metric/{metric}", "metric", [metric]).extend(every[::4], every[::4] / steps)
    norms = np.outer(1.0 / every, [1.0, 0.1, 0.01])
    run.add_table("grad_norm", "grad_norm", PARAMETERS).extend(every[::2], norms[::2])
    run.add_table("grad_cosine", "grad_cosine", PARAMETERS).extend(every[::2], norms[::2] - 0.01)
    for step in (1, 10, 30):
        counts = np.arange(HISTOGRAM_BINS, dtype=np.float32) * step
        for parameter in PARAMETERS[:2]:
            run.histograms.add(f"grad/{parameter}", step, counts)
    for kind in ("maps", "gates"):
        values = np.linspace(-1, 1, 48, dtype=np.float32).reshape(3, 4, 4)
        panels = ("input gate", "candidate", "cell state")
        run.activations.add(Picture("conv", kind, 7, values, panels, "height", "width", (1,)))
    for step in (0, 20, 39):
        run.epochs.begin(step, None)
        run.step_times.add(step, 60.0 * step)
    run.advance_to(steps)
    run.event_log.add(12, "freeze", "a", text="a frozen")
    return run


def small_graph():
    """Return a graph of two layers."""
    calls = [
        ModuleCall(f"{path}#1", path, 1, kind, parent, 6)
        for path, kind, parent in (
            ("", "Net", None),
            ("a", "Linear", "#1"),
            ("b", "Linear", "#1"),
        )
    ]
    nodes = [
        Node(
            "a#1/w:0", "parameter", "parameter", "a#1", (2, 3), "float32", parameters=("a.weight",)
        ),
        Node("a#1/mm:0", "op", "mm", "a#1", (5, 2), "float32", saved_bytes=24),
        Node("b#1/mm:0", "op", "mm", "b#1", (5, 1), "float32", saved_bytes=40),
        Node("/loss:0", "output", "loss", "", (), "float32"),
    ]
    pairs = [("a#1/w:0", "a#1/mm:0"), ("a#1/mm:0", "b#1/mm:0"), ("b#1/mm:0", "/loss:0")]
    edges = [Edge(*pair) for pair in pairs]
    return ComputationGraph(tuple(nodes), tuple(edges), tuple(calls), step=3)
