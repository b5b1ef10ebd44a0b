"""The global state of torch and of the process that a watch must restore."""

import threading

import torch
from torch.nn.modules import module as module_hooks
from torch.optim import optimizer as optimizer_hooks
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from .models import Net


def global_state():
    """Return everything that a watch replaces or adds in the process."""
    return (
        torch.autograd.backward,
        DataLoader.__iter__,
        _BaseDataLoaderIter.__next__,
        _BaseDataLoaderIter._next_index,
        Net.forward,
        dict(optimizer_hooks._global_optimizer_pre_hooks),
        dict(optimizer_hooks._global_optimizer_post_hooks),
        dict(module_hooks._global_forward_hooks),
        dict(module_hooks._global_forward_pre_hooks),
        dict(module_hooks._global_forward_hooks_with_kwargs),
        {thread.name for thread in threading.enumerate() if "labkit" in thread.name},
    )
