"""Tries labkit in every front end: ``make frontends``.

Each front end runs in a virtual environment of its own under ``build/frontends``, with a real
kernel and a real browser. What is seen is recorded in ``results.json``, from which the table in
``README.md`` is written; a test compares the two. Pictures of the pages lie in
``build/frontends/pictures``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from tests.browser.lab import launch_browser
from tests.frontends import results
from tests.frontends.cells import Progress
from tests.frontends.environments import BUILD, ROOT, program_of
from tests.frontends.front_ends import FRONT_ENDS, FrontEnd
from tests.frontends.measuring import Outcome, measure, reload
from tests.frontends.notebooks import Server
from tests.frontends.table import write_readme_table

PICTURES = BUILD / "pictures"
_SIZE = ViewportSize(width=1280, height=2400)
"""All views are in sight, as a view out of sight is not drawn."""


def main() -> int:
    """Try the front ends, record what was seen, write the table in the README."""
    wanted = _wanted()
    os.environ |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    PICTURES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        for front_end in wanted:
            browser = launch_browser(playwright)
            result = try_out(front_end, browser)
            browser.close()
            print(results.summary(front_end, result), flush=True)
            results.record(front_end, result)
    write_readme_table(results.recorded())
    return 0


def _wanted() -> list[FrontEnd]:
    """Return the front ends that the command line names; all without names."""
    parser = argparse.ArgumentParser(prog="make frontends", description=__doc__)
    known = {each.id: each for each in FRONT_ENDS}
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(known)}")
    names = parser.parse_args().names or list(known)
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no front end is named {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names]


def try_out(front_end: FrontEnd, browser: Browser) -> results.Result:
    """Return what is seen in a front end, with a blocking cell and with one in the background."""
    program = program_of(front_end.environment)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, "server")
        place.mkdir()
        with front_end.start(place, program) as server:
            blocking = _try_cell(front_end, server, browser, Path(folder), "blocking")
            background = _try_cell(front_end, server, browser, Path(folder), "background")
        versions = Progress(Path(folder, "blocking")).versions
    return results.Result(versions, blocking, background)


def _try_cell(
    front_end: FrontEnd, server: Server, browser: Browser, folder: Path, kind: str
) -> Outcome:
    """Train twice in a page of its own, the second time with a reload; return what was seen."""
    progress = Progress(folder / kind)
    progress.folder.mkdir()
    setup = progress.setup((front_end.package, *front_end.kernel)) + front_end.load
    if kind == "background":
        cells = [setup, front_end.in_background(progress.training())]
    elif front_end.is_split:
        cells = [setup, *progress.split_training()]
    else:
        cells = [setup, progress.training()]
    page = browser.new_page(viewport=_SIZE)
    book = server.open(page, cells)
    book.prepare()
    outcome = measure(book, progress, PICTURES / f"{front_end.id}-{kind}.png")
    reload(book, progress, outcome)
    page.screenshot(path=PICTURES / f"{front_end.id}-{kind}-reloaded.png")
    page.close()
    return outcome


if __name__ == "__main__":
    sys.exit(main())
