"""The DOT source of a computation graph, with one cluster per module call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from labkit.run.graph.parts import Edge, ModuleCall, Node
from labkit.run.printable import printable


def dot_source(nodes: Sequence[Node], edges: Sequence[Edge], modules: Sequence[ModuleCall]) -> str:
    """Return the DOT source of a graph.

    Parameters
    ----------
    nodes : sequence of Node
    edges : sequence of Edge
        Between these nodes.
    modules : sequence of ModuleCall
        Every scope of a node, and the parents of these calls.
    """
    lines = ["digraph labkit {", "  rankdir=TB; node [shape=box, style=rounded];"]
    children: dict[str | None, list[ModuleCall]] = {}
    for module in modules:
        children.setdefault(module.parent, []).append(module)
    members: dict[str, list[Node]] = {}
    for node in nodes:
        members.setdefault(node.scope, []).append(node)
    numbers = {node.id: number for number, node in enumerate(nodes)}
    lines += [_dot_node(numbers[node.id], node, "  ") for node in members.get("", [])]
    lines += _dot_clusters(children, members, numbers, None, "  ")
    lines += [f"  n{numbers[e.source]} -> n{numbers[e.target]};" for e in edges]
    return "\n".join([*lines, "}"])


def _quoted(text: str) -> str:
    escaped = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _title(module: ModuleCall) -> str:
    """Return the path of a module, with its class beside a number: ``layers.0 · Linear``."""
    if module.path.rpartition(".")[2].isdigit():
        return f"{module.path} \N{MIDDLE DOT} {module.type}"
    return module.path or module.type


def _dot_node(number: int, node: Node, indent: str) -> str:
    label = ", ".join(node.parameters) or node.op
    if node.role is not None:
        label += f" ({node.role})"
    if node.shape is not None:
        label += f" [{', '.join(node.dims or map(str, node.shape))}]"
    if node.kind == "failed":
        error = _quoted(node.note or "")
        label = _quoted(f"{label} (failed)")
        return f'{indent}n{number} [label={label}, color="#C62828", tooltip={error}];'
    return f"{indent}n{number} [label={_quoted(label)}];"


def _dot_clusters(
    children: Mapping[str | None, list[ModuleCall]],
    members: Mapping[str, list[Node]],
    numbers: Mapping[str, int],
    parent: str | None,
    indent: str,
) -> Iterator[str]:
    for module in children.get(parent, []):
        yield f"{indent}subgraph {_quoted('cluster_' + module.id)} {{"
        yield f"{indent}  label={_quoted(_title(module))};"
        for node in members.get(module.id, []):
            yield _dot_node(numbers[node.id], node, indent + "  ")
        yield from _dot_clusters(children, members, numbers, module.id, indent + "  ")
        yield f"{indent}}}"
