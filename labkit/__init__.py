"""labkit draws the computation graph, gradients and loss curves of a PyTorch model as it trains.

The public names are imported when they are first used. Importing labkit is therefore quick, and
the parts that need neither torch nor ipywidgets can be used where these are not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.graphing import graph
    from labkit.run import ComputationGraph, Finding, Incident, Run, Stopped
    from labkit.stepping import stepper
    from labkit.views import (
        ActivationView,
        Controls,
        CurvesView,
        Dashboard,
        FindingsView,
        GradientView,
        GraphView,
        StepperView,
    )
    from labkit.watching import watch

__version__ = "0.1.0"

__all__ = [
    "ActivationView",
    "ComputationGraph",
    "Controls",
    "CurvesView",
    "Dashboard",
    "Finding",
    "FindingsView",
    "GradientView",
    "GraphView",
    "Incident",
    "Run",
    "StepperView",
    "Stopped",
    "graph",
    "stepper",
    "watch",
]

_HOMES = {
    "ComputationGraph": "labkit.run",
    "Finding": "labkit.run",
    "Incident": "labkit.run",
    "Run": "labkit.run",
    "Stopped": "labkit.run",
    "ActivationView": "labkit.views",
    "Controls": "labkit.views",
    "CurvesView": "labkit.views",
    "Dashboard": "labkit.views",
    "FindingsView": "labkit.views",
    "GradientView": "labkit.views",
    "GraphView": "labkit.views",
    "StepperView": "labkit.views",
    "graph": "labkit.graphing",
    "stepper": "labkit.stepping",
    "watch": "labkit.watching",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'labkit' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
