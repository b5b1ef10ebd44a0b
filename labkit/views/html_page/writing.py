"""Writes a page to a file, which is either the whole page or not there."""

from __future__ import annotations

from pathlib import Path

from labkit.run.file.errors import write_problem
from labkit.run.file.headers import header_of
from labkit.run.file.paths import claim, target_path
from labkit.views.html_page.document import MARK

_USAGE = (
    'export_html takes the path of a file or a folder. Example: run.export_html("runs/mlp.html").'
)


def checked_path(given: object, name: str) -> Path:
    """Return where to write a page, without creating anything.

    Parameters
    ----------
    given : object
        A path; that of a folder, or one that ends with a slash, gets a name.
    name : str
        What the name of a file in a folder begins with.

    Raises
    ------
    TypeError, ValueError
        If it is no path, or there is a file that is not such a page.
    """
    path = target_path(given, name, ".html", _USAGE)
    if path.exists() and not _is_page(path):
        raise ValueError(
            f"{path} exists and is not a page that labkit has exported, so that nothing is written "
            "there. Choose another path."
        )
    return path


def write_page(path: Path, page: str) -> None:
    """Write a page, replacing one that may be there; its folder is created if necessary.

    Raises
    ------
    OSError
        If the file cannot be written; then nothing is.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = claim(path.with_name(f".{path.name}.writing"))
        try:
            draft.write_text(page, encoding="utf-8")
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise OSError(f"{write_problem(error, path)}. Nothing was written.") from error


def _is_page(path: Path) -> bool:
    """Return whether an existing file is a page of labkit, or empty."""
    if not path.is_file():  # a device would be replaced, and a pipe read for ever
        return False
    try:
        header = header_of(path)
    except OSError:
        return False
    return header is not None and header[: len(MARK)] in {b"", MARK.encode()}
