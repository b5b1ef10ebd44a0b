"""A page that is displayed inside of a notebook's output."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class EmbeddedPage:
    """An exported page as the output of a cell, for notebooks that are given away.

    The page is part of the output, in a frame that has access to nothing outside of it. The output
    works without a kernel, and in HTML that nbconvert makes of the notebook.

    Attributes
    ----------
    page : str
        The HTML of the page.
    text : str
        What is displayed where there is no HTML.
    height : int
        In px.
    """

    page: str = field(repr=False)
    text: str
    height: int = 900

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": self.text}

    def _repr_html_(self) -> str:
        """Return the frame; scripts in it can save files, and reach no other page."""
        return (
            f'<iframe srcdoc="{html.escape(self.page)}" sandbox="allow-scripts allow-downloads" '
            f'style="width: 100%; height: {self.height}px; border: 0" '
            f'title="{html.escape(self.text)}"></iframe>'
        )
