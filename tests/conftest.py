"""One browser for all tests of a process: Playwright can be started only once per process."""

import pytest


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
