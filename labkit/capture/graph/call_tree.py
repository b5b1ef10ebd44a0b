"""The module calls of a graph, and the innermost call of each node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from torch.autograd.graph import Node as AutogradNode

from labkit.capture import torch_compat
from labkit.capture.graph.intervals import Interval
from labkit.capture.graph.module_scopes import ScopeRecorder
from labkit.capture.graph.source_lines import Line, source_of
from labkit.capture.graph.thread_calls import ThreadCall
from labkit.run.graph.parts import ModuleCall


@dataclass
class CallTree:
    """The module calls of one graph, and the innermost call of every node."""

    intervals: list[Interval]
    ids: dict[Interval, str]
    parents: dict[Interval, Interval | None]
    innermost: dict[AutogradNode, Interval]
    paths: frozenset[str]

    @classmethod
    def build(
        cls,
        intervals: Sequence[Interval],
        order: Sequence[AutogradNode],
        thread_calls: Sequence[ThreadCall] = (),
        under_way: Sequence[Interval] = (),
    ) -> CallTree:
        """Assign nodes, in the order of creation, to recorded calls.

        `thread_calls` are calls on other threads, whose nodes are numbered independently.
        `under_way` are calls that an error ended, the outermost first; they are part of the tree
        even if they created no node.
        """
        innermost: dict[AutogradNode, Interval] = {}
        parents: dict[Interval, Interval | None] = {}
        threads = dict.fromkeys(intervals, 0) if thread_calls else {}
        foreign: set[AutogradNode] = set()
        in_graph = set(order) if thread_calls else set()
        for number, call in enumerate(thread_calls, start=1):
            # Other threads of the process may call modules at the same time, for other graphs.
            nodes = call.nodes() & in_graph
            foreign |= nodes
            threads |= dict.fromkeys(call.intervals, number)
            on_own_thread = (each for each in intervals if (each.start, each.path) == call.around)
            around = next(on_own_thread, None)
            own = sorted(nodes, key=torch_compat.node_sequence)
            _sweep(call.intervals, own, around, innermost, parents)
        rest = [node for node in order if node not in foreign] if foreign else order
        _sweep(intervals, rest, None, innermost, parents)
        parents |= {inner: outer for outer, inner in pairwise(under_way)}
        used = _with_ancestors([*innermost.values(), *under_way[-1:]], parents, threads)
        counts: Counter[str] = Counter()
        ids = {}
        for each in used:
            counts[each.path] += 1
            ids[each] = f"{each.path}#{counts[each.path]}"
        return cls(used, ids, parents, innermost, frozenset(call.path for call in used))

    def scope(self, node: AutogradNode) -> str:
        """Return the id of a node's innermost call; ``""`` if it is outside all calls."""
        call = self.innermost.get(node)
        return "" if call is None else self.ids[call]

    def first_call(self, path: str) -> str:
        """Return the id of the first call of a module, or of the innermost called one around it.

        ``""`` if none was called.
        """
        while path and path not in self.paths:
            path = path.rpartition(".")[0]
        return f"{path}#1" if path in self.paths else ""

    def line(self, node: AutogradNode) -> Line | None:
        """Return the user's line that called the torch module in which a node was created."""
        call = self.innermost.get(node)
        while call is not None and call.is_torch_class:
            if call.line is not None:
                return call.line
            call = self.parents[call]
        return None

    def modules(self, scopes: ScopeRecorder) -> tuple[ModuleCall, ...]:
        """Return all calls that contain a node, and the calls around them, outer before inner."""
        sizes = {path: scopes.size(path) for path in self.paths}
        frozen = {path: scopes.frozen(path) for path in self.paths}
        return tuple(
            ModuleCall(
                id=self.ids[call],
                path=call.path,
                call=int(self.ids[call].rpartition("#")[2]),
                type=scopes.types[call.path],
                parent=None if parent is None else self.ids[parent],
                parameters=sizes[call.path],
                source=source_of(call.line),
                seconds=call.nanoseconds / 1e9 if call.nanoseconds else None,
                frozen=frozen[call.path],
            )
            for call in self.intervals
            for parent in [self.parents[call]]
        )


def _sweep(
    intervals: Sequence[Interval],
    order: Sequence[AutogradNode],
    around: Interval | None,
    innermost: dict[AutogradNode, Interval],
    parents: dict[Interval, Interval | None],
) -> None:
    """Assign the nodes of one thread to its calls."""
    waiting = sorted(intervals, key=lambda call: (call.start, -call.stop, len(call.path)))
    waiting.reverse()
    inside: list[Interval] = []
    for node in order:
        number = torch_compat.node_sequence(node)
        if number == torch_compat.NO_SEQUENCE:
            break
        while waiting and waiting[-1].start <= number:
            call = waiting.pop()
            while inside and inside[-1].stop <= call.start:
                inside.pop()
            parents[call] = inside[-1] if inside else around
            inside.append(call)
        while inside and inside[-1].stop <= number:
            inside.pop()
        if inside:
            innermost[node] = inside[-1]
        elif around is not None:
            innermost[node] = around


def _with_ancestors(
    calls: Iterable[Interval],
    parents: dict[Interval, Interval | None],
    threads: Mapping[Interval, int],
) -> list[Interval]:
    """Return calls and the calls around them, outer before inner, in the order of their starts."""
    used: dict[Interval, None] = {}
    for call in calls:
        current: Interval | None = call
        while current is not None and current not in used:
            used[current] = None
            current = parents.setdefault(current, None)

    def place(call: Interval) -> tuple[int, int, int, int]:
        return threads.get(call, 0), call.start, -call.stop, len(call.path)

    def places(call: Interval) -> list[tuple[int, int, int, int]]:
        above = parents[call]
        return [place(call)] if above is None else [*places(above), place(call)]

    # The numbers of two threads cannot be compared: inner calls are sorted after outer ones.
    return sorted(used, key=places if any(threads.values()) else lambda call: [place(call)])
