"""Sizes that vary between passes get names; they are no new structure."""

from itertools import pairwise

import pytest

from labkit.run import ComputationGraph, Edge, ModuleCall, Node
from labkit.run.graph.log import MAX_SIZES, GraphLog
from labkit.run.graph.sizes import named_sizes

TIMES = "\N{MULTIPLICATION SIGN}"


def graph_of(batch, *, width=4, extra=0, modules=()):
    """Return a graph of a product, with further operations if wanted."""
    nodes = [
        Node("/w:0", "parameter", "parameter", "", (width, 3), "float32", parameters=("w",)),
        Node("/mm:0", "op", "mm", "", (batch, 3), "float32"),
        *(Node(f"/exp:{n}", "op", "exp", "", (batch, 3), "float32") for n in range(extra)),
    ]
    edges = [Edge(one.id, two.id, one.shape) for one, two in pairwise(nodes)]
    return ComputationGraph(tuple(nodes), tuple(edges), tuple(modules))


@pytest.mark.parametrize(
    ("passes", "texts"),
    [
        ([((32, 5),), ((7, 5),)], [("N", "5")]),
        ([((32, 10), (320,)), ((7, 10), (70,))], [("N", "10"), ("10N",)]),
        ([((320,), (32, 10)), ((70,), (7, 10))], [("10N",), ("N", "10")]),
        ([((8, 20),), ((8, 9),), ((5, 9),)], [("N", "M")]),
        (
            [((8, 20), (160,)), ((8, 9), (72,)), ((5, 9), (45,))],
            [("N", "M"), ("N\N{MIDDLE DOT}M",)],
        ),
        ([((20,), (18,)), ((9,), (7,))], [("N",), ("N\N{MINUS SIGN}2",)]),
        ([((2, 20), (3,)), ((2, 9), (3,))], [("2", "N"), None]),
        ([(None, ()), (None, ())], [None, None]),
    ],
)
def test_sizes_are_written_by_the_names_of_what_varies(passes, texts):
    assert list(named_sizes(passes).dims) == texts


def test_names_have_the_values_in_the_order_of_their_occurrence():
    named = named_sizes([((32,),), ((7,),), ((32,),), ((8,),)])
    assert named.values == {"N": (32, 7, 8)}


def test_a_smaller_last_batch_is_the_same_structure():
    log = GraphLog()
    for step, batch in enumerate((32, 32, 7, 32), start=1):
        log.add(graph_of(batch), step)
    assert [(span.first, span.last) for span in log.spans] == [(1, 4)]
    (stored,) = log.graphs
    assert log.latest is stored
    assert stored.sizes == {"N": (32, 7)}
    assert [node.dims for node in stored.nodes] == [None, ("N", "3")]
    assert stored.nodes[1].shape == (32, 3)
    assert "mm [N, 3]" in stored.to_dot()
    assert ComputationGraph.from_json(stored.to_json()) == stored


def test_other_parameters_or_operations_are_another_structure():
    log = GraphLog()
    for step, graph in enumerate(
        (graph_of(32), graph_of(7, width=5), graph_of(7, extra=1), graph_of(7)), start=1
    ):
        log.add(graph, step)
    assert len(log.graphs) == 3
    assert [span.title for span in log.spans] == ["1 operation"] * 2 + ["2 operations"] + [
        "1 operation"
    ]


def test_a_graph_that_does_not_change_stays_the_same_object():
    log = GraphLog()
    log.add(graph_of(32), 1)
    log.add(graph_of(7), 2)
    first = log.latest
    log.add(graph_of(32), 3)
    log.add(graph_of(7), 4)
    assert log.latest is first


def test_the_number_of_stored_sizes_is_limited_and_the_rest_is_mentioned():
    log = GraphLog()
    for step in range(1, 50):
        log.add(graph_of(step), step)
    assert log.latest.sizes == {"N": tuple(range(1, MAX_SIZES + 1))}
    assert log.latest.more_sizes


def test_a_graph_with_modules_replaces_the_one_captured_before_modules_were_recorded():
    log = GraphLog()
    log.add(graph_of(32), 1)
    log.add(graph_of(32, modules=[ModuleCall("#1", "", 1, "Net", None, 12)]), 2)
    log.add(graph_of(32, modules=[ModuleCall("#1", "", 1, "Net", None, 12)]), 3)
    assert len(log.graphs) == 1
    assert [(span.first, span.last) for span in log.spans] == [(2, 3)]


def test_an_unrolled_loop_of_another_length_is_named_by_its_length():
    log = GraphLog()
    for step, calls in ((1, 3), (2, 5)):
        modules = [ModuleCall(f"cell#{n}", "cell", n, "GRUCell", None, 12) for n in range(calls)]
        log.add(graph_of(32, extra=calls, modules=modules), step)
    assert [span.title for span in log.spans] == [f"{calls} {TIMES} GRUCell" for calls in (3, 5)]
