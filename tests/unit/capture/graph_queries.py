"""Look up operations in a captured graph."""


def ops(graph, scope=None):
    return [n.op for n in graph.nodes if n.kind == "op" and scope in (None, n.scope)]


def only(graph, op):
    (found,) = [node for node in graph.nodes if node.op == op]
    return found
