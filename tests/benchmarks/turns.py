"""Measures two loops in alternation: the bare loop and a contender, in separate processes.

Three processes run the same loop on the same batches: the bare loop, the bare loop once more as
control, and the contender, set up once and left so. They run a block each in turn, of some tens of
milliseconds, while the others wait at their pipes; with one thread for torch all are bound to one
core. Every block of the contender so has a block of the bare loop beside it, of the same steps, on
the same core, within a tenth of a second: a machine that is slower for a while is so for both.

Why processes, and not one process that opens and closes the watch around each block: a bare loop
in a process with an open watch is slower too (labkit's hooks are global), so the watch would have
to be closed for each bare block. Each block would then measure the start of a watched loop: opening
the watch and the first readings, which ignore the budget. A block of 40 ms is too short for labkit
to reach its steady state. Here the process of the bare loop does not import labkit.

Why forks of one process that has imported torch: their memory is laid out alike. Two processes
still differ by up to a percent for as long as they live, as their pages lie elsewhere, so several
sets of processes are measured, each role forked first, second and third, and intervals are drawn
over sets as well as over blocks (`tests.benchmarks.intervals`). Four sets of five seconds each gave
x0.999 (0.993 to 1.005) for the bare MLP against itself on a machine with a load of 1 (2026-11-26).

``python -m tests.benchmarks.turns LOOP PLAN FILE`` writes the sets as JSON.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import permutations
from pathlib import Path
from typing import Any

from tests.benchmarks.worker import Block, Ending, Loop, work

_BARE, _CONTROL, _CONTENDER = "bare", "control", "contender"
_MIN_BLOCKS = 6
_TIMEOUT_FACTOR = 3.0
"""How many times longer than planned a measurement may take on a busy machine, then it is cut."""

KEEP_MEMORY = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}
"""Environment of every process that is timed: glibc keeps what torch has freed, in large pages.

Otherwise it gives some back and fetches it again, the more or the less by chance of what lies
where: a step of the bare CNN met 0 to 2,700 page faults, and took 9.9 to 12.6 ms (2026-11-21). With
small pages, the bare MLP in the process forked first took 2 to 4 % longer than in the one forked
second (12 sets, 2026-11-26), as its pages lie elsewhere; with large ones no order was seen.
"""


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes
    ----------
    sets : int
        Sets of processes, one after the other.
    openings : int
        Times that each set begins anew, to measure the first steps more than once.
    warm : float
        Seconds of a task that is thrown away, before anything is measured.
    first : float
        Seconds of the bare loop that count as its first steps.
    timed : float
        Seconds of the bare loop that are measured after the first steps.
    block : float
        Seconds a block; a step that takes longer is a block of its own.
    """

    sets: int
    openings: int
    warm: float
    first: float
    timed: float
    block: float = 0.04


@dataclass
class Turns:
    """Blocks that were run in turn: for each process, one block a round."""

    blocks: dict[str, list[Block]] = field(default_factory=dict)

    def add(self, role: str, block: Block) -> None:
        """Add the next block of a process."""
        self.blocks.setdefault(role, []).append(Block(*block))


@dataclass(frozen=True)
class ProcessSet:
    """What one set of processes measured.

    Attributes
    ----------
    step : float
        Seconds a step of the bare loop, from the calibration.
    block_steps : int
        Steps a block.
    first : list of Turns
        The first steps, once for each opening.
    steady : Turns
        The steps after the first ones of the last opening.
    opened : float
        Seconds that setting the contender up took the last time.
    endings : dict of str to Ending
        What each process said at the end.
    load : float
        The machine's load of the last minute.
    """

    step: float
    block_steps: int
    first: list[Turns]
    steady: Turns
    opened: float
    endings: dict[str, Ending]
    load: float


# A fork is laid out as the others are. Elsewhere than on Linux it is not safe.
_METHOD = "fork" if sys.platform == "linux" else "spawn"


class TurnProcess:
    """One process of a set, seen from the one that asks."""

    def __init__(self, loop: Loop, method: str = _METHOD) -> None:
        context: Any = multiprocessing.get_context(method)
        self._pipe, other = context.Pipe()
        self._process = context.Process(target=work, args=(loop, other), daemon=True)
        self._process.start()
        other.close()

    def ask(self, name: str, *arguments: float) -> Any:
        """Return the answer to a request; the process's fault is raised here."""
        self._pipe.send((name, *arguments))
        fault, answer = self._pipe.recv()
        if fault:
            raise RuntimeError(f"A process of the measurement failed:\n{fault}")
        return answer

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.join()
        self._pipe.close()


def measure(loop: Loop, plan: Plan) -> list[ProcessSet]:
    """Measure a contender, ``"bare"`` for the control alone; the core is chosen here.

    On a GPU a loop has threads of its own for the backward pass, so it may use all cores.
    """
    if loop.threads == 1 and loop.device == "cpu" and hasattr(os, "sched_getaffinity"):
        loop = replace(loop, core=max(os.sched_getaffinity(0)))
    return [_measure_set(loop, plan, number) for number in range(plan.sets)]


def _measure_set(loop: Loop, plan: Plan, number: int) -> ProcessSet:
    with _processes(loop, number) as processes:
        step = min([process.ask("warm", plan.warm) for process in processes.values()])
        block_steps = max(1, round(plan.block / step))
        first, opened = [], 0.0
        for _ in range(plan.openings):
            setting_up = {role: process.ask("open") for role, process in processes.items()}
            opened = setting_up.get(_CONTENDER, 0.0)
            rounds = _rounds(plan.first, step, block_steps, least=1)
            first.append(_take_turns(processes, range(rounds), block_steps, plan.first))
        later = range(rounds, rounds + _rounds(plan.timed, step, block_steps, _MIN_BLOCKS))
        steady = _take_turns(processes, later, block_steps, plan.timed)
        endings = {role: process.ask("end") for role, process in processes.items()}
    return ProcessSet(step, block_steps, first, steady, opened, endings, os.getloadavg()[0])


def _rounds(seconds: float, step: float, block_steps: int, least: int) -> int:
    return max(least, round(seconds / (step * block_steps)))


@contextmanager
def _processes(loop: Loop, number: int) -> Iterator[dict[str, TurnProcess]]:
    """Start a set of processes, in another order in each set."""
    bare = replace(loop, contender="bare")
    loops = [(_BARE, bare), (_CONTROL, bare)]
    if loop.contender != "bare":
        loops.append((_CONTENDER, loop))
    turned = [*loops[number % len(loops) :], *loops[: number % len(loops)]]
    with ExitStack() as stack:
        processes = {}
        for role, each in turned:
            processes[role] = TurnProcess(each)
            stack.callback(processes[role].stop)
        yield processes


def _take_turns(
    processes: dict[str, TurnProcess], rounds: range, block_steps: int, seconds: float
) -> Turns:
    """Run one block of each process a round, in every order equally often.

    `seconds` is what they should take in each process.
    """
    orders: Sequence[tuple[str, ...]] = list(permutations(sorted(processes)))
    turns, deadline = Turns(), time.monotonic() + _TIMEOUT_FACTOR * seconds * len(processes)
    for number in rounds:
        if number > rounds.start and time.monotonic() > deadline:
            break
        for role in orders[number % len(orders)]:
            turns.add(role, processes[role].ask("run", number * block_steps, block_steps))
    return turns


def read_sets(text: str) -> list[ProcessSet]:
    """Return the sets that `main` wrote."""
    sets = []
    for each in json.loads(text):
        turns = [_turns(one["blocks"]) for one in each["first"]]
        endings = {role: Ending(**ending) for role, ending in each["endings"].items()}
        steady = _turns(each["steady"]["blocks"])
        sets.append(ProcessSet(**{**each, "first": turns, "steady": steady, "endings": endings}))
    return sets


def _turns(blocks: dict[str, list[Sequence[float]]]) -> Turns:
    return Turns({role: [Block(*block) for block in each] for role, each in blocks.items()})


def main(loop: str, plan: str, file: str) -> None:
    """Measure and write the sets to a file; a file, since a contender may print."""
    sets = measure(Loop(**json.loads(loop)), Plan(**json.loads(plan)))
    Path(file).write_text(json.dumps([asdict(each) for each in sets]), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
