"""Builds all pages: ``python -W error -m docs.api [folder]``."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from docs.api.guides import ROOT, copy_pictures, guides
from docs.api.pages import render


def main(folder: Path) -> None:
    """Build the pages into a folder, whose former content is deleted."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = guides()
    render(found, folder)
    copy_pictures(found, folder)
    sys.stdout.write(f"{folder / 'index.html'}\n")


main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "build" / "docs")
