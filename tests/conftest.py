"""One browser per process, one worker for all tests that load the machine, and a small heap."""

import gc
import os
import sys

import pytest

# Before torch is imported. The workers and their kernels share the cores, and where torch has more
# threads than there are free cores, these use them up by waiting for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

HEAVY = ("tests/browser/", "tests/hammer/")
"""Tests with a server, a kernel and a browser, or with all cores: two at once are too slow."""

FIRST = (*HEAVY, "tests/notebooks/", "tests/widgets/", "tests/realworld/", "tests/unit/test_")
"""Folders with the longest files, which begin first: one at the end would leave a worker idle."""


def pytest_collection_modifyitems(items):
    def place(item):
        return next((n for n, each in enumerate(FIRST) if item.nodeid.startswith(each)), len(FIRST))

    items.sort(key=place)  # of equal ones, the order remains


@pytest.fixture(autouse=True, scope="module")
def no_views_and_runs_of_other_modules():
    """Let go of the views that a module displayed and did not close, and end its open runs."""
    yield
    lifetimes = sys.modules.get("labkit.views.lifetimes")
    if lifetimes is not None and lifetimes.ShownViews._cells:
        lifetimes.ShownViews._cells.clear()
        gc.collect()
    runs = sys.modules.get("labkit.run.run")
    if runs is not None:
        for run in runs.Run.open_runs():
            run.close()


def pytest_addoption(parser):
    parser.addoption(
        "--all-seeds",
        action="store_true",
        help="train each healthy run with three seeds instead of one of them",
    )
    parser.addoption(
        "--all-chapters",
        action="store_true",
        help="open every chapter of the course in JupyterLab instead of one of them",
    )
    parser.addoption(
        "--files",
        type=int,
        help="how many damaged files each fuzz test reads; some hundred by default",
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Return pytest-xdist's scheduler of whole files, with all heavy files on one worker."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            return "heavy" if nodeid.startswith(HEAVY) else super()._split_scope(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session")
def browser():
    """Return Chromium; Playwright can be started only once in a process."""
    # Imported here, as these take seconds that a single unit test does without.
    from playwright.sync_api import sync_playwright

    from tests.browser.lab import launch_browser

    with sync_playwright() as playwright:
        started = launch_browser(playwright)
        yield started
        started.close()


@pytest.fixture(scope="module", autouse=True)
def small_heap():
    """Exclude the objects that existed before a file's first test from garbage collection.

    `lk.watch` asks the collector which objects refer to a parameter, and the collector visits all
    that it knows. A worker has imported every test file, torch's compiler and the trainers: each
    of some thousand searches would take tenths of a second. A test finds its own objects only.
    """
    gc.freeze()
    yield
    gc.collect()  # here, as a warning about what is collected is one of this file
