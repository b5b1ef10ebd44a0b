"""The plan of chapter 09: recurrence, gradients through time, gates, text, lengths."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.rnn.predictions import PREDICTIONS

PLAN = Plan(
    __name__,
    title="Recurrent networks",
    minutes=95,
    predictions=PREDICTIONS,
    exercise_names=(
        "rnn_step",
        "clip_gradients",
        "new_cell",
        "teacher_forcing",
        "with_temperature",
        "last_states",
    ),
)
