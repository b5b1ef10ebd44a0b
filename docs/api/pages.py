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
from docs.api.guides import Guide

MODULES = {
    "labkit": "`lk.watch`, `lk.graph`, `lk.stepper`, the run, what it holds, and the views",
    "labkit.learn": "what the notebooks of the course use",
    "labkit.run.graph_parts": "the nodes, edges and module calls of a computation graph",
    "labkit.run.graph_diff": "what differs between two graphs",
}
"""The documented modules, and what each has."""


def render(guides: Sequence[Guide], folder: Path) -> None:
    """Write the pages of all modules and guides, the index and the search index."""
    pdoc_render.configure(
        docformat="numpy",
        include_undocumented=False,
        footer_text=f"labkit {labkit.__version__}",
        show_source=False,
        template_directory=Path(__file__).parent / "templates",
    )
    pdoc_render.env.globals.update(guides=guides, summaries=MODULES)
    # The constructor of a named tuple has no module in which pdoc could look up its types.
    warnings.filterwarnings("ignore", message=r".*ForwardRef\('Tensor'\) for labkit\.learn\.Split")
    specs = [spec for name in MODULES for spec in (name, rf"!{re.escape(name)}\.")]
    pdoc.pdoc(*specs, output_directory=folder)
    template = pdoc_render.env.get_template("guide.html.jinja2")
    for guide in guides:
        page = template.render(guide=guide, content=to_html(guide.text), all_modules=MODULES)
        (folder / guide.page).write_text(page)
