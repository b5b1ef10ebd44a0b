"""Widgets that display a run; each can be used alone in any layout.

One hidden channel widget per run sends and receives all messages. The views refer to it, and are
rendered by TypeScript code that a page loads once. The package uses ipywidgets and anywidget, and
does not import torch.
"""

from labkit.views.comparison import Comparison
from labkit.views.runs import RunsView
from labkit.views.stepper import StepperView
from labkit.views.views import (
    ActivationView,
    Controls,
    CurvesView,
    Dashboard,
    FindingsView,
    GradientView,
    GraphView,
    LayersView,
    SamplesView,
    View,
)

__all__ = [
    "ActivationView",
    "Comparison",
    "Controls",
    "CurvesView",
    "Dashboard",
    "FindingsView",
    "GradientView",
    "GraphView",
    "LayersView",
    "RunsView",
    "SamplesView",
    "StepperView",
    "View",
]
