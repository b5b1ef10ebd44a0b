"""Takes screenshots of the dashboard of six models in JupyterLab, while they train and after.

``python -m tests.browser.screens FOLDER --models cnn --widths 700 --themes dark``
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from .lab import NotebookPage, launch_browser, running_lab
from .six_models import IMPORTS, SIX_MODELS

THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
WIDTHS = (700, 1280, 2500)
HEIGHT = 900


def main() -> None:
    """Read the command line and take the screenshots."""
    parser = argparse.ArgumentParser(description="Takes screenshots of dashboards.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="*", choices=SIX_MODELS, default=list(SIX_MODELS))
    parser.add_argument("--themes", nargs="*", choices=THEMES, default=list(THEMES))
    parser.add_argument("--widths", nargs="*", type=int, default=WIDTHS)
    parser.add_argument("--seconds", type=float, default=8, help="of training")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_lab(Path(folder)) as lab,
        sync_playwright() as playwright,
    ):
        browser = launch_browser(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": HEIGHT})
        book = NotebookPage(page, lab, "screens.ipynb", [""])
        for model in options.models:
            for width in options.widths:
                for theme in options.themes:
                    page.set_viewport_size({"width": width, "height": HEIGHT})
                    book.set_theme(THEMES[theme])
                    cell = f"seconds = {options.seconds}\n" + SIX_MODELS[model]
                    book.replace_cells([IMPORTS, cell, ""])
                    take(book, options.folder / f"{model}-{width}-{theme}")
        browser.close()


def take(book: NotebookPage, stem: Path) -> None:
    """Run the cells; take a screenshot of the page during training and after it."""
    book.run_cell(0)
    book.await_idle()
    book.run_cell(1)
    dashboard = book.view("dashboard")
    expect(dashboard.locator(".labkit-status")).to_have_text("Running", timeout=30_000)
    book.page.wait_for_timeout(5000)
    book.page.screenshot(path=f"{stem}-training.png")
    expect(dashboard.locator(".labkit-status")).to_have_text("Finished", timeout=120_000)
    book.page.screenshot(path=f"{stem}-after.png")
    dashboard.screenshot(path=f"{stem}-whole.png")


if __name__ == "__main__":
    main()
