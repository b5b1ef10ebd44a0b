"""Where the file of a run is written."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

from labkit.run.file.errors import FileError
from labkit.run.file.headers import header_of
from labkit.run.file.schema import check_header

SUFFIX = ".lab"
_EXAMPLE = 'Example: lk.watch(model, save="runs/mlp.lab")'
_MAX_NAME_BYTES = 160
"""Maximum size of the name of a run in that of its file; file systems allow some 255."""
_MAX_FILE_NAME_BYTES = 220
"""Maximum size of the name of a file: those of its journal and of its draft are longer."""


def saving_path(given: object, name: str) -> Path:
    """Return where to save a run, without creating anything.

    Parameters
    ----------
    given : object
        A path; that of a folder, or one that ends with a slash, gets a name from the run's name and
        the time.
    name : str
        Name of the run.

    Returns
    -------
    Path
        Absolute.

    Raises
    ------
    TypeError, ValueError
        If it is no path.
    """
    usage = f"save takes the path of a file or a folder. {_EXAMPLE}"
    return target_path(given, name, SUFFIX, usage)


def checked_path(given: object, name: str) -> Path:
    """Return where to save a run, as `saving_path` does.

    Raises
    ------
    TypeError, ValueError
        Also if there is a file of another kind.
    """
    path = saving_path(given, name)
    if os.path.exists(path):  # noqa: PTH110 - False where it may not be looked at
        check_is_run(path)
    return path


def target_path(given: object, name: str, suffix: str, usage: str) -> Path:
    """Return where to write a file, without creating anything.

    Parameters
    ----------
    given : object
        A path; that of a folder, or one that ends with a slash, gets a name. ``~`` is the home
        folder.
    name : str
        What the name of a file in a folder begins with; the time follows.
    suffix : str
    usage : str
        What is taken, with an example, for the error's text.

    Raises
    ------
    TypeError, ValueError
        If it is no path.
    """
    if not isinstance(given, (str, os.PathLike)):
        raise TypeError(f"{usage} Given was {type(given).__name__}.")
    text = os.fspath(given)
    if isinstance(text, bytes) or not text.strip() or "\0" in text:
        raise ValueError(f"{usage} Given was {given!r}.")
    whole = os.path.expanduser(text)  # noqa: PTH111 - no error where there is no such user
    path = Path(os.path.abspath(whole))  # noqa: PTH100 - links are left as they are
    is_folder = os.path.isdir(path)  # noqa: PTH112 - False where it may not be looked at
    if is_folder or text.endswith(("/", os.sep)):
        moment = time.strftime("%Y%m%d-%H%M%S")
        path = _free(path / f"{_file_name(name)}-{moment}{suffix}")
    size = len(os.fsencode(path.name))
    if size > _MAX_FILE_NAME_BYTES:
        raise ValueError(
            f"{usage} The name of the file has {size} bytes; it may have {_MAX_FILE_NAME_BYTES}."
        )
    return path


def check_is_run(path: Path) -> None:
    """Check that an existing file is that of a run, which may be empty.

    Raises
    ------
    ValueError
        If it is something else, which must not be overwritten.
    """
    problem: Exception | None = None
    is_run = path.is_file()  # a device would be replaced, and a pipe read for ever
    try:
        header = header_of(path) if is_run else None
        if header:
            check_header(header, path.name)
    except (FileError, OSError) as error:
        is_run, problem = False, error
    if not is_run:
        raise ValueError(
            f"{path} exists and is not the file of a run, so that nothing is saved there. Choose "
            f"another path. {_EXAMPLE}"
        ) from problem


def claim(path: Path) -> Path:
    """Create an empty file at a path, or at the next free one: ``mlp-2.lab`` for ``mlp.lab``.

    Its folder is created if necessary.

    Raises
    ------
    OSError
        If that is not possible.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for candidate in _names(path):
        with suppress(FileExistsError):
            os.close(os.open(candidate, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            return candidate
    raise AssertionError("unreachable")


def _free(path: Path) -> Path:
    """Return a path, or the next one at which there is no file."""
    return next(each for each in _names(path) if not os.path.lexists(each))


def _names(path: Path) -> Iterator[Path]:
    """Yield a path and those with numbers: ``mlp.lab``, ``mlp-2.lab``, ``mlp-3.lab`` ..."""
    yield path
    for number in count(2):
        yield path.with_name(f"{path.stem}-{number}{path.suffix}")


def _file_name(name: str) -> str:
    """Return a name of letters, digits, dots, hyphens and underscores.

    Examples
    --------
    >>> _file_name("G + D"), _file_name("../x"), _file_name("")
    ('G-D', 'x', 'run')
    """
    plain = re.sub(r"[^\w.-]+", "-", name[:_MAX_NAME_BYTES]).strip(".-")
    return plain.encode()[:_MAX_NAME_BYTES].decode(errors="ignore") or "run"
