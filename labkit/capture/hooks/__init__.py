"""Hooks on backward passes, optimizer steps, data loaders and module calls.

One set of hooks serves all watches of the process. It is installed when the first watch opens and
removed when the last one closes, not with each watch, as torch iterates over its global hooks while
other threads step. Three kinds of hooks are added and removed in between: those of
`innermost_hooks` and of `step_bracket`, on single optimizers, and torch's global hooks on module
calls, which `graph.module_scopes` and `readings.activations` register for the training steps that
they record. Calls on a thread that trains no watched model are passed on unchanged.

What labkit replaces in torch, besides registering hooks:

============================= ============================ =========================================
replaced                      where                        how it is restored
============================= ============================ =========================================
`torch.autograd.backward`     `backward_passes`            With the last watch. If another wrapper
                                                           has been put around labkit's, labkit's
                                                           remains and passes calls on; a later last
                                                           watch removes it if it is outermost then.
`DataLoader.__iter__`         `loaders`                    With the last watch, unless it has been
                                                           replaced again.
`__next__`, `_next_index` of  `torch_compat.loaders`,      With the last watch; each one unless it
a loader's iterator class     called by `loaders`          has been replaced again.
`_compiled_call_impl` of a    `torch_compat.modules`,      By `CallInterceptor.close`, which deletes
single module                 called by `call_interceptor` the attribute, unless it has been
                                                           replaced.
torch's registries of global  `torch_compat.optimizers`,   Not restored: a registry that has only
step hooks                    called by `optimizer_steps`  labkit's hook is replaced by an empty one
                                                           when that hook is removed.
`forward` of the classes of   `torch_compat.forward_calls` When the recording of a graph ends (no
modules                       called by                    watch replaces it), unless it has been
                              `graph.module_scopes`        replaced again.
============================= ============================ =========================================
"""

from labkit.capture.hooks.brackets import (
    bracket_of,
    existing_bracket,
    groups_with_rules,
    own_value,
    restore_own_values,
    rule_of,
    used_rates,
)
from labkit.capture.hooks.call_interceptor import CallInterceptor
from labkit.capture.hooks.frozen_passes import leave_out_passes, raise_in_passes
from labkit.capture.hooks.installation import close, open_
from labkit.capture.hooks.listener import LoopListener
from labkit.capture.hooks.registry import parameters_changed
from labkit.capture.hooks.step_bracket import StepBracket
from labkit.capture.hooks.step_rule import MAX_SCALED, SMALLEST, Rule

__all__ = [
    "MAX_SCALED",
    "SMALLEST",
    "CallInterceptor",
    "LoopListener",
    "Rule",
    "StepBracket",
    "bracket_of",
    "close",
    "existing_bracket",
    "groups_with_rules",
    "leave_out_passes",
    "open_",
    "own_value",
    "parameters_changed",
    "raise_in_passes",
    "restore_own_values",
    "rule_of",
    "used_rates",
]
