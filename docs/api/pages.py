"""Renders the pages with pdoc, in labkit's own templates."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import pdoc
from pdoc import render as pdoc_render
from pdoc.render_helpers import to_html

import labkit
from docs.api.docstrings import with_stars
from docs.api.guides import Guide

MODULES = {
    "labkit": "`lk.watch`, the run and what it contains, the views",
    "labkit.graphing": "`lk.graph`: calling it, `lk.graph.capture` and `lk.graph.record`",
    "labkit.stepping": "`lk.stepper`: calling it, and the walk as plain data",
    "labkit.exports": "files and other tools: what is written, and what is read as a run",
    "labkit.exports.figures": "the figures of `run.figure`, and their look as a template",
    "labkit.learn": "what the notebooks of the course use",
    "labkit.run.graph.parts": "the nodes, edges and module calls of a computation graph",
    "labkit.run.graph.diff": "what differs between two graphs",
}
"""The documented modules, and what each has."""

_CALLABLES = {"labkit.graph": "labkit.graphing", "labkit.stepper": "labkit.stepping"}
"""Public objects that are called, and the modules that document their classes."""


def render(guides: Sequence[Guide], folder: Path) -> None:
    """Write the pages of all modules and guides, the index and the search index."""
    pdoc_render.configure(
        docformat="numpy",
        include_undocumented=False,
        footer_text=f"labkit {labkit.__version__}",
        show_source=False,
        template_directory=Path(__file__).parent / "templates",
    )
    pdoc_render.env.filters["with_stars"] = with_stars
    pdoc_render.env.globals.update(guides=guides, summaries=MODULES, callables=_CALLABLES)
    # The constructor of a named tuple has no module in which pdoc could look up its types.
    warnings.filterwarnings("ignore", message=r".*ForwardRef\('Tensor'\) for labkit\.learn\.Split")
    specs = [spec for name in MODULES for spec in (name, rf"!{re.escape(name)}\.")]
    pdoc.pdoc(*specs, output_directory=folder)
    template = pdoc_render.env.get_template("guide.html.jinja2")
    for guide in guides:
        page = template.render(guide=guide, content=to_html(guide.text), all_modules=MODULES)
        (folder / guide.page).write_text(page)
