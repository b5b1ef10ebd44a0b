"""The broadcasting explorer: two shapes to edit, and how PyTorch fits tensors of them together.

`shapes` reads what a learner typed and asks PyTorch what becomes of it; `widget` shows that.
"""

from __future__ import annotations

from labkit.learn.broadcast_explorer.widget import BroadcastExplorer

__all__ = ["BroadcastExplorer"]
