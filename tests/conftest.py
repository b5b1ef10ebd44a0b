"""One browser for all tests of a process: Playwright can be started only once per process."""

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.lab import launch_browser


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        started = launch_browser(playwright)
        yield started
        started.close()
