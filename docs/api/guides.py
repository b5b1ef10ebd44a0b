"""The guides: Markdown files of the repository, whose links lead to each other's pages."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_AT_TOP = ("README.md", "LIMITATIONS.md", "CONTRIBUTING.md", "CHANGELOG.md")
_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")
_PICTURE = re.compile(r"(!\[[^\]]*\]\()([^)\s]+)\)")
_PICTURE_TAG = re.compile(r'((?:src|srcset)=")([^"]+)"')
_OUTSIDE = re.compile(r"^[a-z]+:")


@dataclass(frozen=True)
class Guide:
    """One Markdown file.

    Attributes
    ----------
    source : Path
    title : str
        Its first heading; "Overview" for the README.
    text : str
        Markdown, with links and pictures as the pages need them.
    pictures : tuple of Path
        The files of its pictures.
    """

    source: Path
    title: str
    text: str
    pictures: tuple[Path, ...]

    @property
    def page(self) -> str:
        """The name of its page."""
        return _page(self.source)


def guides() -> tuple[Guide, ...]:
    """Return the guides at the top level, then those in ``docs``.

    Examples
    --------
    >>> [guide.page for guide in guides()][:2]
    ['README.html', 'LIMITATIONS.html']
    """
    top = [ROOT / name for name in _AT_TOP if (ROOT / name).exists()]
    sources = [*top, *sorted((ROOT / "docs").glob("*.md"))]
    return tuple(_read(source, sources) for source in sources)


def copy_pictures(found: Iterable[Guide], folder: Path) -> None:
    """Copy the pictures of some guides into the folder of their pages."""
    for guide in found:
        for picture in guide.pictures:
            shutil.copy(picture, folder / picture.name)


def _read(source: Path, sources: list[Path]) -> Guide:
    text = source.read_text()
    pictures = [
        (source.parent / found[2]).resolve()
        for pattern in (_PICTURE, _PICTURE_TAG)
        for found in pattern.finditer(text)
        if not _OUTSIDE.match(found[2])
    ]
    return Guide(
        source=source,
        title="Overview" if source.stem == "README" else text.partition("\n")[0].removeprefix("# "),
        text=_rewritten(text, source, sources),
        pictures=tuple(pictures),
    )


def _rewritten(text: str, source: Path, sources: list[Path]) -> str:
    """Return Markdown with its links and pictures as the pages need them."""
    text = _LINK.sub(lambda found: _link(found, source, sources), text)
    text = _PICTURE.sub(_picture, text)
    return _PICTURE_TAG.sub(lambda found: f'{found[1]}{Path(found[2]).name}"', text)


def _link(found: re.Match[str], source: Path, sources: list[Path]) -> str:
    """Return a link to another guide's page; the text alone where it leads to any other file."""
    text, address, anchor = found[1], found[2], found[3] or ""
    if _OUTSIDE.match(address):
        return found[0]
    target = (source.parent / address).resolve()
    return f"[{text}]({_page(target)}{anchor})" if target in sources else text


def _picture(found: re.Match[str]) -> str:
    """Return a picture from the folder of the pages, or the one of another site as its text."""
    if _OUTSIDE.match(found[2]):
        return found[1].removeprefix("![").removesuffix("](")
    return f"{found[1]}{Path(found[2]).name})"


def _page(source: Path) -> str:
    return f"{source.stem}.html"
