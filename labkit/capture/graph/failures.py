"""What is known of a call that raised: its operation, its inputs, its place, and its error."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.operation_results import tensors_in
from labkit.capture.graph.source_lines import Line, is_labkits, is_users, local_variables, user_line
from labkit.capture.graph.tracebacks import (
    Frame,
    frames_of,
    line_of,
    modules_under_way,
    names_of,
    operation_at,
    roots_of_backward,
    tensors_at,
    tensors_of,
    users_frame,
)
from labkit.run.error_text import described

MAX_TEXT = 2_000
"""Maximum number of characters of an error's text in a graph."""
_IN_PLACE = {"iadd": "add_", "isub": "sub_", "imul": "mul_", "itruediv": "div_", "ipow": "pow_"}
_REFLECTED = {"radd": "add", "rsub": "sub", "rmul": "mul", "rtruediv": "div", "rpow": "pow"}
_NAMES = _IN_PLACE | _REFLECTED | {"truediv": "div", "rmatmul": "matmul"}


@dataclass
class Failure:
    """A call that raised.

    Attributes
    ----------
    op : str
        Name of the function of torch; if none raised, of the error's class.
    note : str
        The error's class and text.
    line : Line or None
        The line of the user's code that was under way.
    inputs : list of Tensor
        The tensors that went into the call, in order.
    modules : list of Module
        The modules whose calls were under way, the outermost first.
    names : mapping of int to str
        Names of the variables in the user's innermost frame, by the tensor's `id`.
    in_backward : bool
        Whether a backward pass raised; `inputs` are then the tensors to be differentiated.
    """

    op: str
    note: str
    line: Line | None
    inputs: list[torch.Tensor]
    modules: list[nn.Module]
    names: Mapping[int, str]
    in_backward: bool = False

    def creators(self) -> list[AutogradNode]:
        """Return the nodes that created the inputs."""
        nodes = map(torch_compat.creator, self.inputs)
        return list(dict.fromkeys(node for node in nodes if node is not None))


def text_of(error: BaseException) -> str:
    """Return the class and the text of an error, without torch's advice to search for its place."""
    text = described(error).partition(" Hint: enable anomaly detection")[0].strip()
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def function_name(function: Any) -> str:
    """Return the name of a function of torch in the way that graphs name operations.

    Examples
    --------
    >>> function_name(torch.Tensor.__matmul__), function_name(torch.Tensor.__iadd__)
    ('matmul', 'add_')
    """
    name = str(getattr(function, "__name__", type(function).__name__))
    if name == "__get__":  # a property
        name = str(getattr(getattr(function, "__self__", None), "__name__", "property"))
    plain = name.strip("_") if name.startswith("__") else name.removeprefix("_")
    return _NAMES.get(plain, plain)


def read_failure(
    error: BaseException,
    recorder: CodeType | None = None,
    is_used: Callable[[torch.Tensor], bool] = lambda tensor: False,
) -> Failure:
    """Return what the traceback of an error says about the call that raised it.

    Parameters
    ----------
    error : BaseException
    recorder : code object, optional
        Code of a function with the variables `func`, `args` and `named`, which makes every call of
        torch. Without it, the operation is found in the source code, and its inputs are the tensors
        of the innermost frame.
    is_used : callable
        Returns whether an operation has used a tensor already. Only others are taken to be inputs
        if the error comes from code in Python.
    """
    frames = frames_of(error)
    users = users_frame(frames)
    op, inputs = _recorded_call(frames, recorder) or _call_in_source(frames, is_used)
    failure = Failure(
        op or type(error).__name__,
        text_of(error),
        line_of(users) or user_line(),  # the traceback ends where the error is caught
        inputs,
        modules_under_way(frames[1:]),
        names_of(users),
    )
    for frame, _ in frames:
        roots = roots_of_backward(frame)
        if roots is not None:
            failure.op, failure.in_backward = "backward", True
            failure.inputs = roots
    return failure


def _recorded_call(
    frames: Sequence[Frame], recorder: CodeType | None
) -> tuple[str, list[torch.Tensor]] | None:
    """Return the recorded call that raised; None if it was the user's own code that did."""
    for frame, _ in reversed(frames):
        if is_users(frame.f_code):
            return None
        if frame.f_code is recorder:
            values = local_variables(frame)
            given = (values.get("args", ()), values.get("named", {}))
            return function_name(values.get("func")), list(tensors_in(given))
    return None


def _call_in_source(
    frames: Sequence[Frame], is_used: Callable[[torch.Tensor], bool]
) -> tuple[str | None, list[torch.Tensor]]:
    """Return the operation in the innermost line, and the tensors that went into it.

    These are the tensors that the line names, in a function of torch those among its variables. If
    there are none, they are those variables of the innermost method that no operation has used.
    """
    visible = [frame for frame in frames if not is_labkits(frame[0].f_code)]
    if not visible:
        return None, []
    innermost = visible[-1]
    op = operation_at(innermost)
    if is_users(innermost[0].f_code):
        named = tensors_at(innermost) if op is not None else []
        if named or len(visible) == 1:  # the outermost frame has tensors of earlier passes
            return op, named
    given = list(tensors_of(innermost[0]).values())
    return op, [tensor for tensor in given if not is_used(tensor)] or given
