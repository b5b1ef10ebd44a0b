"""The plan of chapter 09: recurrence, gradients through time, gates, text, lengths."""

from __future__ import annotations

from labkit.learn.chapters import Plan
from labkit.learn.chapters.rnn.clip_gradients import CLIP_GRADIENTS
from labkit.learn.chapters.rnn.last_states import LAST_STATES
from labkit.learn.chapters.rnn.new_cell import NEW_CELL
from labkit.learn.chapters.rnn.predictions import PREDICTIONS
from labkit.learn.chapters.rnn.rnn_step import RNN_STEP
from labkit.learn.chapters.rnn.teacher_forcing import TEACHER_FORCING
from labkit.learn.chapters.rnn.with_temperature import WITH_TEMPERATURE

PLAN = Plan(
    title="Recurrent networks",
    predictions=PREDICTIONS,
    exercises=(
        RNN_STEP,
        CLIP_GRADIENTS,
        NEW_CELL,
        TEACHER_FORCING,
        WITH_TEMPERATURE,
        LAST_STATES,
    ),
)
