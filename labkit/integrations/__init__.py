"""Adapters to trainers: libraries that own the training loop.

`labkit.watch` takes a trainer in place of a model. What torch's hooks cannot see comes from the
trainer's own callbacks: its epochs, its number of steps, the metrics of its validations, and its
way to stop. Where its optimizer is not one of torch's, the adapter makes its steps visible, too.

No library is imported here: an object of one can only be given if the library is imported already,
so that an adapter takes what it needs from `sys.modules`.
"""

from labkit.integrations.finding import adapter_of
from labkit.integrations.recording import Recording

__all__ = ["Recording", "adapter_of"]
