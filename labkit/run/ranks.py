"""Which process a run was recorded in, of several that train one model together.

Each process records a run of its own. That of rank 0 is the one to look at; the others record what
differs between the processes. Nothing is exchanged during training: each writes a file, and what
belongs together is found by the names of the files and the id of the run of rank 0.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

_requests: Counter[str] = Counter()
"""How often a run of this process was to be saved under each path, as it was given."""


@dataclass(frozen=True)
class RankFacts:
    """The place of a run among those of all processes.

    Attributes
    ----------
    rank : int
        Number of the process, counted from 0.
    world_size : int
        Number of the processes, at least 2.
    main : str
        Id of the run of rank 0; ``""`` while it is unknown.
    main_file : str
        Name of the file of that run; ``""`` while it is unknown.
    """

    rank: int
    world_size: int
    main: str = ""
    main_file: str = ""


def save_key(given: str) -> str:
    """Return what names the same run in all processes, as they save runs in the same order.

    Parameters
    ----------
    given : str
        The path as it was given: a folder gets other file names in each process.

    Examples
    --------
    >>> save_key("a.lab"), save_key("a.lab"), save_key("b.lab")
    ('a.lab#1', 'a.lab#2', 'b.lab#1')
    """
    _requests[given] += 1
    return f"{given}#{_requests[given]}"


def rank_path(main: Path, rank: int) -> Path:
    """Return where a process saves its run, beside the file of rank 0.

    Examples
    --------
    >>> rank_path(Path("runs/mlp-2.lab"), 1).name
    'mlp-2.rank1.lab'
    """
    return main.with_name(f"{main.stem}.rank{rank}{main.suffix}")


def rank_of_file(path: Path, main: Path) -> int | None:
    """Return the rank of a file beside that of rank 0, by its name; None if it is another file.

    Examples
    --------
    >>> main = Path("mlp.lab")
    >>> [rank_of_file(Path(name), main) for name in ("mlp.rank10.lab", "mlp.rank1-2.lab", "a.lab")]
    [10, 1, None]
    """
    pattern = rf"{re.escape(main.stem)}\.rank(\d{{1,6}})(-\d+)?{re.escape(main.suffix)}"
    found = re.fullmatch(pattern, path.name)
    return int(found[1]) if found else None


def main_of(path: Path) -> Path | None:
    """Return the file of rank 0 beside which a file is, by its name; None if it is no such file.

    Examples
    --------
    >>> main_of(Path("runs/mlp.rank1-2.lab")).name, main_of(Path("runs/mlp.lab"))
    ('mlp.lab', None)
    """
    found = re.fullmatch(r"(.+)\.rank\d{1,6}(-\d+)?", path.stem)
    return path.with_name(found[1] + path.suffix) if found else None
