"""Private names of torch for nested values: tuples, lists, dicts and registered containers."""

from __future__ import annotations

from torch.utils import _pytree

TreeSpec = _pytree.TreeSpec
tree_flatten = _pytree.tree_flatten
tree_leaves = _pytree.tree_leaves
tree_map = _pytree.tree_map
tree_unflatten = _pytree.tree_unflatten
