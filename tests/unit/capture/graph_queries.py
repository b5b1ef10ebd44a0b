"""Look up operations in a captured graph, and lines in a test."""

from pathlib import Path


def ops(graph, scope=None):
    return [n.op for n in graph.nodes if n.kind == "op" and scope in (None, n.scope)]


def only(graph, op):
    (found,) = [node for node in graph.nodes if node.op == op]
    return found


def failed(graph):
    return [node for node in graph.nodes if node.kind == "failed"]


def sources(graph, node):
    """Return the shapes of the tensors that go into a node, by kind and name of what made them."""
    shapes = {edge.source: edge.shape for edge in graph.edges if edge.target == node.id}
    return {
        (each.kind, each.parameters[0] if each.parameters else each.op): shapes[each.id]
        for each in graph.nodes
        if each.id in shapes
    }


def line_of(file, text):
    """Return the number of the first line of a file that contains a text."""
    lines = Path(file).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if text in line)
