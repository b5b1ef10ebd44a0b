"""The commands ``labkit doctor``, which checks an installation, ``labkit lab`` and ``view``."""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from labkit import __version__
from labkit.bundle import ROOT
from labkit.doctor import Check, run_checks

FIRST_NOTEBOOK = Path("notebooks", "00_start_here.ipynb")


def main(argv: Sequence[str] | None = None) -> int:
    """Execute a command and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program name; by default those of the process.

    Returns
    -------
    int
        0 on success.

    Raises
    ------
    SystemExit
        If the arguments are invalid, or after ``--help`` and ``--version``.
    """
    # Arguments of JupyterLab are passed on; argparse would interpret its options.
    arguments = list(sys.argv[1:] if argv is None else argv)
    asks_for_help = bool({"-h", "--help"} & set(arguments))
    if arguments[:1] == ["lab"] and not asks_for_help:
        return open_course(arguments[1:])
    path = next(iter(arguments[1:]), "-")
    if arguments[:1] == ["view"] and not asks_for_help and not path.startswith("-"):
        return open_runs(Path(path), arguments[2:])
    _parser().parse_args(arguments)
    return report(run_checks())


def report(checks: Sequence[Check]) -> int:
    """Print the results of the checks; return 1 if one has the state "broken", 0 otherwise."""
    for check in checks:
        print(_visible(f"{check.state:7} {check.subject}: {check.detail}"))
        if check.advice:
            print(_visible(f"{'':7} -> {check.advice}"))
    return int(any(check.state == "broken" for check in checks))


def _visible(text: str) -> str:
    """Return a text without signs that a terminal would execute.

    labkit.run is not imported: an installation that lacks numpy can be checked all the same.
    """
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def open_course(arguments: Sequence[str]) -> int:
    """Open the first notebook of the course in JupyterLab.

    Parameters
    ----------
    arguments : sequence of str
        Further arguments of JupyterLab.

    Returns
    -------
    int
        The exit code of JupyterLab; 1 if the notebook or JupyterLab is not found.
    """
    folder = next((f for f in (Path.cwd(), ROOT) if (f / FIRST_NOTEBOOK).is_file()), None)
    if folder is None:
        print(
            f"labkit: {FIRST_NOTEBOOK} is neither here nor beside labkit. The course is in "
            "labkit's repository: run this command in a clone of it.",
            file=sys.stderr,
        )
        return 1
    return _open_lab(folder, FIRST_NOTEBOOK, arguments)


def open_runs(place: Path, arguments: Sequence[str]) -> int:
    """Open a folder of runs, or one run, in JupyterLab.

    Parameters
    ----------
    place : Path
        A folder, or the file of a run.
    arguments : sequence of str
        Further arguments of JupyterLab.

    Returns
    -------
    int
        The exit code of JupyterLab; 1 if it or the runs are not found.
    """
    from labkit.viewing import write_notebook

    with TemporaryDirectory(prefix="labkit-view-") as folder:
        try:
            notebook = write_notebook(place, Path(folder))
        except (OSError, ValueError) as error:
            print(_visible(f"labkit: {error}"), file=sys.stderr)
            return 1
        return _open_lab(notebook.parent, Path(notebook.name), arguments)


def _open_lab(folder: Path, notebook: Path, arguments: Sequence[str]) -> int:
    """Run JupyterLab in a folder on one of its notebooks, and return its exit code."""
    if find_spec("jupyterlab") is None:
        print("labkit: JupyterLab is missing: pip install 'labkit[lab]'", file=sys.stderr)
        return 1
    page = f"--LabApp.default_url=/lab/tree/{notebook.as_posix()}"
    command = [sys.executable, "-m", "jupyterlab", page, *_as_root(), *arguments]
    try:
        with _ending_on_termination():
            return subprocess.run(command, cwd=folder, check=False).returncode
    except KeyboardInterrupt:
        return 0


@contextmanager
def _ending_on_termination() -> Iterator[None]:
    """Let a request to end this process end JupyterLab as well, and what is temporary."""

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _as_root() -> list[str]:
    """Return the option that JupyterLab requires for the root user, as in a container."""
    return ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []


class _Parser(argparse.ArgumentParser):
    """Repeats arguments that it refuses as visible text."""

    def error(self, message: str) -> NoReturn:
        super().error(_visible(message))


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="labkit", description="Watch PyTorch models train, live, beside the code."
    )
    parser.add_argument("--version", action="version", version=f"labkit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("doctor", help="check this installation; exit code 1 if it is broken")
    commands.add_parser(
        "lab",
        help="open JupyterLab on the course",
        usage="labkit lab [arguments of JupyterLab, such as --no-browser --port 8890]",
    )
    view = commands.add_parser(
        "view",
        help="open the runs in a folder, or the file of one, in JupyterLab",
        usage="labkit view PATH [arguments of JupyterLab, such as --no-browser --port 8890]",
    )
    view.add_argument("path", help="for example runs/ or runs/mlp.lab")
    return parser
