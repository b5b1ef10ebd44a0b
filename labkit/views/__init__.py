"""Widgets on a run, each usable alone in any layout.

A hidden channel widget per run carries all messages; the views refer to it and are drawn by
TypeScript that the page loads once. Uses ipywidgets and anywidget, never torch.
"""

from labkit.views.stepper import StepperView
from labkit.views.views import (
    ActivationView,
    Controls,
    CurvesView,
    Dashboard,
    FindingsView,
    GradientView,
    GraphView,
    View,
)

__all__ = [
    "ActivationView",
    "Controls",
    "CurvesView",
    "Dashboard",
    "FindingsView",
    "GradientView",
    "GraphView",
    "StepperView",
    "View",
]
