"""The still picture of an exported page, for browsers that do not execute its script."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Sequence

from labkit.run import Run
from labkit.run.error_text import described
from labkit.run.printable import printable
from labkit.views.still import comparison, run_picture

_MAX_ALTERNATIVE = 300


def still_figure(runs: Sequence[Run], names: Sequence[str]) -> str:
    """Return an element, hidden at first, with the picture and the text of a saved notebook.

    Parameters
    ----------
    runs : sequence of Run
        One for a dashboard, several for a comparison.
    names : sequence of str
        Their names in a comparison.
    """
    try:
        picture, text = _picture_and_text(runs, names)
    except Exception as error:  # noqa: BLE001 - the interactive page must be written
        picture, text = "", f"No picture could be drawn: {described(error)}."
    source = b64encode(picture.encode("utf-8", "replace")).decode()
    shown = printable(text).encode("utf-8", "replace").decode()
    alternative = html.escape(" ".join(shown.split())[:_MAX_ALTERNATIVE])
    image = f'<img src="data:image/svg+xml;base64,{source}" alt="{alternative}">\n'
    return (
        "<figure data-labkit-still hidden>\n"
        "<figcaption>A still picture: the interactive page needs JavaScript.</figcaption>\n"
        f"{image if picture else ''}"
        f"<details><summary>As text</summary><pre>{html.escape(shown)}</pre></details>\n"
        "</figure>"
    )


def _picture_and_text(runs: Sequence[Run], names: Sequence[str]) -> tuple[str, str]:
    if len(runs) == 1:
        return run_picture.svg(runs[0], "dashboard"), run_picture.text(runs[0])
    return comparison.svg(runs, names), comparison.text(runs, names)
