"""Reads from an error's traceback what was under way when it was raised."""

from __future__ import annotations

import ast
import linecache
import textwrap
from collections.abc import Mapping
from itertools import islice
from types import FrameType, TracebackType

import torch
from torch import nn
from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.operation_results import tensors_in
from labkit.capture.graph.source_lines import Line, is_users, local_variables, names_in

Frame = tuple[FrameType, TracebackType]
"""A frame, and its entry in the traceback."""

_OPERATORS: Mapping[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
}


def frames_of(error: BaseException) -> list[Frame]:
    """Return the frames of an error's traceback, the outermost first."""
    found = []
    entry = error.__traceback__
    while entry is not None:
        found.append((entry.tb_frame, entry))
        entry = entry.tb_next
    return found


def users_frame(frames: list[Frame]) -> Frame | None:
    """Return the innermost frame that is part of neither torch nor labkit."""
    users = (each for each in reversed(frames) if is_users(each[0].f_code))
    return next(users, None)


def line_of(frame: Frame | None) -> Line | None:
    """Return the line that was under way in a frame."""
    return None if frame is None else (frame[0].f_code, frame[1].tb_lineno)


def modules_under_way(frames: list[Frame]) -> list[nn.Module]:
    """Return the modules whose methods were under way, the outermost first."""
    found: list[nn.Module] = []
    for frame, _ in frames:
        # Only methods are read: their variables are found under the name of the first parameter.
        if frame.f_code.co_varnames[:1] != ("self",):
            continue
        module = local_variables(frame).get("self")
        if isinstance(module, nn.Module) and not any(module is each for each in found):
            found.append(module)
    return found


def tensors_of(frame: FrameType) -> dict[str, torch.Tensor]:
    """Return the tensors among a frame's variables, and the parameters of its module.

    The module is that of a method of a class of torch, where an operation that fails has these
    parameters as its inputs.
    """
    variables = local_variables(frame)
    found = {n: v for n, v in variables.items() if isinstance(v, torch.Tensor)}
    module = variables.get("self")
    if isinstance(module, nn.Module) and not is_users(frame.f_code):
        found |= torch_compat.direct_parameters(module)
    return found


def tensors_at(frame: Frame) -> list[torch.Tensor]:
    """Return the tensors that are named in the expression that was under way in a frame."""
    variables = local_variables(frame[0])
    found: dict[int, torch.Tensor] = {}
    expression = _expression(frame)
    for part in () if expression is None else ast.walk(expression):
        value: object = None
        if isinstance(part, ast.Name):
            value = variables.get(part.id)
        elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name):
            module = variables.get(part.value.id)
            if isinstance(module, nn.Module):
                value = torch_compat.direct_parameters(module).get(part.attr)
        if isinstance(value, torch.Tensor):
            found[id(value)] = value
    return list(found.values())


def roots_of_backward(frame: FrameType) -> list[torch.Tensor] | None:
    """Return the tensors that a function of torch differentiates; None for other frames."""
    name = torch_compat.variable_of_roots(frame.f_code)
    return None if name is None else list(tensors_in((local_variables(frame)[name],)))


def custom_node(frame: FrameType) -> AutogradNode | None:
    """Return the node of the custom function whose backward a frame of torch runs, or None."""
    name = torch_compat.variable_of_custom_node(frame.f_code)
    node = None if name is None else local_variables(frame).get(name)
    return node if isinstance(node, AutogradNode) else None


def names_of(frame: Frame | None) -> dict[int, str]:
    """Return the names of the tensors among a frame's variables, by the tensor's `id`."""
    return {} if frame is None else names_in(local_variables(frame[0]))


def operation_at(frame: Frame) -> str | None:
    """Return the name of the function or operator that was under way in a frame.

    None if the source is not available, or the line neither calls nor computes anything.
    """
    if torch_compat.calls_forward(frame[0].f_code):
        return "forward"
    expression = _expression(frame)
    if isinstance(expression, ast.Call):
        function = expression.func
        return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if isinstance(expression, ast.BinOp):
        return _OPERATORS.get(type(expression.op))
    if isinstance(expression, ast.AugAssign):
        name = _OPERATORS.get(type(expression.op))
        return None if name is None else f"{name}_"
    return None


def _expression(frame: Frame) -> ast.AST | None:
    code, last = frame[0].f_code, frame[1].tb_lasti
    place = next(islice(code.co_positions(), last // 2, None), (None,) * 4)
    first, end, left, right = place
    if first is None or end is None or left is None or right is None:
        return None
    lines = linecache.getlines(code.co_filename)[first - 1 : end]
    if not lines:
        return None
    # The columns count bytes.
    encoded = [line.encode() for line in lines]
    encoded[-1] = encoded[-1][:right]
    encoded[0] = encoded[0][left:]
    text = b"".join(encoded).decode(errors="replace")
    try:
        (statement,) = ast.parse(textwrap.dedent(text)).body
    except (SyntaxError, ValueError):
        return None
    return statement.value if isinstance(statement, ast.Expr) else statement
