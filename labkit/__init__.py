"""labkit draws the computation graph, gradients and loss curves of a PyTorch model as it trains.

The public names are imported when they are first used. Importing labkit is therefore quick, and
the parts that need neither torch nor ipywidgets can be used where these are not installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit import exports
    from labkit.backgrounding import background
    from labkit.comparing import compare
    from labkit.graphing import graph
    from labkit.listing import Runs, runs
    from labkit.loading import load
    from labkit.playing import playground
    from labkit.playing.widget import Playground
    from labkit.run import (
        ComputationGraph,
        Finding,
        Incident,
        ParameterGroup,
        Run,
        RunEvent,
        Stopped,
    )
    from labkit.run.background.task import BackgroundTask
    from labkit.stepping import stepper
    from labkit.views import (
        ActivationView,
        Comparison,
        Controls,
        CurvesView,
        Dashboard,
        FindingsView,
        GradientView,
        GraphView,
        LayersView,
        SamplesView,
        StepperView,
    )
    from labkit.watching import watch

__version__ = "0.1.0"

__all__ = [
    "ActivationView",
    "BackgroundTask",
    "Comparison",
    "ComputationGraph",
    "Controls",
    "CurvesView",
    "Dashboard",
    "Finding",
    "FindingsView",
    "GradientView",
    "GraphView",
    "Incident",
    "LayersView",
    "ParameterGroup",
    "Playground",
    "Run",
    "RunEvent",
    "Runs",
    "SamplesView",
    "StepperView",
    "Stopped",
    "background",
    "compare",
    "exports",
    "graph",
    "load",
    "playground",
    "runs",
    "stepper",
    "watch",
]

_MODULES = {
    "BackgroundTask": "labkit.run.background.task",
    "ComputationGraph": "labkit.run",
    "Finding": "labkit.run",
    "Incident": "labkit.run",
    "ParameterGroup": "labkit.run",
    "Playground": "labkit.playing.widget",
    "Run": "labkit.run",
    "RunEvent": "labkit.run",
    "Runs": "labkit.listing",
    "Stopped": "labkit.run",
    "ActivationView": "labkit.views",
    "Comparison": "labkit.views",
    "Controls": "labkit.views",
    "CurvesView": "labkit.views",
    "Dashboard": "labkit.views",
    "FindingsView": "labkit.views",
    "GradientView": "labkit.views",
    "GraphView": "labkit.views",
    "LayersView": "labkit.views",
    "SamplesView": "labkit.views",
    "StepperView": "labkit.views",
    "background": "labkit.backgrounding",
    "compare": "labkit.comparing",
    "exports": "labkit.exports",
    "graph": "labkit.graphing",
    "load": "labkit.loading",
    "playground": "labkit.playing",
    "runs": "labkit.listing",
    "stepper": "labkit.stepping",
    "watch": "labkit.watching",
}


def load_ipython_extension(shell: Any) -> None:
    """Add the cell magic ``%%train``; IPython calls this for ``%load_ext labkit``."""
    from labkit.cell_magic import register

    register(shell)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'labkit' has no attribute {name!r}")
    module = import_module(_MODULES[name])
    value = module if name == "exports" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
