"""Turns what was measured into the table of the README."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from statistics import median

from tests.benchmarks.contenders import CONTENDERS
from tests.benchmarks.measure import ONE_SECOND, Pair

PACKAGES = ("torch", "jupyterlab", "ipykernel", "tensorboard", "wandb", "livelossplot")

Pairs = Mapping[tuple[str, str], Sequence[Pair]]


def table(names: Sequence[str], pairs: Pairs) -> str:
    """Return the results as Markdown: the ratios, and what they were measured on.

    Parameters
    ----------
    names : sequence of str
        The contenders, in the order of the rows.
    pairs : mapping of (task, contender) to sequence of Pair
        What was measured.

    Returns
    -------
    str
        Each ratio is the median over all pairs, with the quartiles behind it.
    """
    kinds = [kind for kind in ONE_SECOND if any(measured == kind for measured, _ in pairs)]
    titles = [f"{kind.upper()}, {_bare_ms(kind, pairs):.2f} ms a step" for kind in kinds]
    lines = [f"| | {' | '.join(titles)} |", f"|{'---|' * (len(titles) + 1)}"]
    for name in names:
        cells = [_ratio([pair.ratio for pair in pairs[kind, name]]) for kind in kinds]
        lines.append(f"| {CONTENDERS[name][0]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", _conditions(len(pairs[next(iter(pairs))])), ""])


def _ratio(ratios: Sequence[float]) -> str:
    ordered = sorted(ratios)
    low, high = ordered[len(ordered) // 4], ordered[-1 - len(ordered) // 4]
    return f"x{median(ordered):.3f} ({low:.3f} to {high:.3f})"


def _bare_ms(kind: str, pairs: Pairs) -> float:
    return 1000 * median(pair.bare for key in pairs if key[0] == kind for pair in pairs[key])


def _conditions(count: int) -> str:
    found = [f"{name} {_version(name)}" for name in PACKAGES if _version(name)]
    return (
        f"Time of the loop against the bare loop: median of {count} measurements, each turn about "
        f"in one process (in brackets: the middle half). {time.strftime('%Y-%m-%d')}, "
        f"{os.cpu_count()} cores, one thread for torch, "
        f"glibc told to keep the memory that torch frees, Python {platform.python_version()}, "
        f"{', '.join(found)}."
    )


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
