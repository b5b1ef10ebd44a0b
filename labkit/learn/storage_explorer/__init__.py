"""The storage explorer: one strip of memory, and the shape, stride and offset that read it.

`recipes` reads what a learner typed and says in plain words what does not fit; `widget` shows the
storage and what is read from it. Every reading is a real view of the learner's own tensor.
"""

from __future__ import annotations

from labkit.learn.storage_explorer.widget import StorageExplorer

__all__ = ["StorageExplorer"]
