"""The HTML of a page: scripts and data in base64, one small script that starts them, and a policy.

Nothing in the page is loaded from anywhere. Only the small script is executed as it stands, and the
policy names its digest; it unpacks the others. Whatever comes from a run is in base64, or escaped.
"""

from __future__ import annotations

import html
import json
import secrets
import time
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

from labkit.run import Run
from labkit.run.printable import shortened
from labkit.views import assets
from labkit.views.html_page.contents import replies, snapshot
from labkit.views.html_page.encoding import packed
from labkit.views.html_page.still import still_figure
from labkit.views.message_builders import PROTOCOL_VERSION
from labkit.views.messages.exported import ExportedPage
from labkit.views.messages.widgets import ViewName

MARK = "<!DOCTYPE html>\n<!-- labkit page -->"
"""The beginning of every page."""
DEFAULT_MEGABYTES = 25.0
"""Maximum size of a page by default, which many mail servers deliver."""
Theme = Literal["system", "light", "dark"]
"""The colours of a page; those of the system are what the reader's browser prefers."""
_BODY: dict[Theme, str] = {
    "system": "",
    "light": ' data-jp-theme-light="true"',
    "dark": ' data-jp-theme-light="false"',
}
"""The attributes of the body, by which views select their colours, as in JupyterLab."""
_MAX_NAME = 200
"""Maximum number of characters of a run's name in the title and in a comparison."""
_WITHOUT_SCRIPTS = "main { display: none; } figure[hidden] { display: block; }"
"""Shows the still picture in place of the view where no script is executed."""
_RESERVED_BYTES = 2_000
"""Upper bound on the size of the footer and of the elements around the runs' data."""
_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; padding: 12px; font: 13px system-ui, sans-serif; }
body { background: #ffffff; color: #222222; }
h1 { position: absolute; width: 1px; height: 1px; margin: 0; overflow: hidden; }
h1 { clip-path: inset(50%); } /* for screen readers */
footer { margin-top: 12px; color: #666666; font-size: 11px; }
body[data-jp-theme-light="true"] { color-scheme: light; }
body[data-jp-theme-light="false"] { color-scheme: dark; background: #111111; color: #e4e4e4; }
body[data-jp-theme-light="false"] footer { color: #a8a8a8; }
figure { margin: 0; }
figure img { display: block; max-width: 100%; height: auto; margin: 8px 0; }
figure pre { overflow: auto; }
@media (prefers-color-scheme: dark) {
  body:not([data-jp-theme-light]) { background: #111111; color: #e4e4e4; }
  body:not([data-jp-theme-light]) footer { color: #a8a8a8; }
}
"""


class PageRun(NamedTuple):
    """A run of a page.

    Attributes
    ----------
    name : str
        Its name in a comparison.
    run : Run
        Running or ended.
    """

    name: str
    run: Run


def html_page(
    view: ViewName, runs: Sequence[PageRun], max_megabytes: float, theme: Theme = "system"
) -> str:
    """Return a page with a view of runs as they are now.

    Parameters
    ----------
    view : str
        ``"dashboard"``, or ``"comparison"`` for several runs.
    runs : sequence of PageRun
        At least one.
    max_megabytes : float
        Maximum size in MB, greater than 0. Curves, the newest graph and the scripts are in the page
        in any case.
    theme : {"system", "light", "dark"}
        The colours; by default those that the reader's system prefers.

    Raises
    ------
    ValueError
        If the size or the theme is invalid.
    RuntimeError
        If the frontend was not built.
    """
    is_number = isinstance(max_megabytes, (int, float)) and not isinstance(max_megabytes, bool)
    if not (is_number and 0 < max_megabytes < float("inf")):
        raise ValueError(
            f"max_megabytes is a number greater than 0, not {max_megabytes!r}. "
            'Example: run.export_html("mlp.html", max_megabytes=10)'
        )
    if theme not in get_args(Theme):
        raise ValueError(
            f"theme is 'system', 'light' or 'dark', not {theme!r}. "
            'Example: run.export_html("mlp.html", theme="dark")'
        )
    scripts = "".join(_asset(name) for name in assets.ASSETS)
    page: ExportedPage = {
        "protocol": PROTOCOL_VERSION,
        "view": view,
        "runs": [{"run_id": each.run.id, "name": shortened(each.name, _MAX_NAME)} for each in runs],
    }
    blocks = scripts + _block("page", b64encode(json.dumps(page).encode()).decode())
    title = " and ".join(shortened(each.run.name, _MAX_NAME) for each in runs)
    still = still_figure([each.run for each in runs], [each.name for each in runs])
    without_runs = len(_document(title, still, blocks, "", theme).encode()) + _RESERVED_BYTES
    room = int(max_megabytes * 1e6 - without_runs) // len(runs)
    contents = [packed(snapshot(each.run), replies(each.run), room) for each in runs]
    blocks += "".join(_block(f"run {place}", each.text) for place, each in enumerate(contents))
    left_out = sum(each.left_out for each in contents)
    return _document(title, still, blocks, _footer(left_out, max_megabytes), theme)


def _document(title: str, still: str, blocks: str, footer: str, theme: Theme) -> str:
    script = assets.small_script("exported.js")
    nonce = secrets.token_urlsafe(16)
    return f"""{MARK}
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_policy(script, nonce)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_text(title)} - labkit</title>
<style nonce="{nonce}">{_STYLE}</style>
<style nonce="{nonce}" id="plotly.js-style-global"></style>
<noscript><style nonce="{nonce}">{_WITHOUT_SCRIPTS}</style></noscript>
</head>
<body{_BODY[theme]}>
<h1>{_text(title)}</h1>
<main data-labkit-page><p>This page draws its contents with JavaScript.</p></main>
{still}
<footer>{_text(footer)}</footer>
{_block("licences", _text(assets.small_script("THIRD_PARTY.txt")))}{blocks}<script>{script}</script>
</body>
</html>
"""


def _policy(script: str, nonce: str) -> str:
    """Return the content security policy.

    The scripts that the small one unpacks have addresses that begin with ``blob:``, which only a
    script of the page can make. The layout of graphs is computed by WebAssembly in a worker. Style
    attributes, which plotly sets, are allowed: under this policy they load nothing.
    """
    digest = b64encode(sha256(script.encode()).digest()).decode()
    return (
        "default-src 'none'; "
        f"script-src 'sha256-{digest}' blob: 'wasm-unsafe-eval'; "
        "worker-src blob:; "
        f"style-src 'nonce-{nonce}'; "
        "style-src-attr 'unsafe-inline'; "
        "img-src data: blob:; "
        "base-uri 'none'; "
        "form-action 'none'"
    )


def _asset(name: str) -> str:
    return _block(name, b64encode(assets.compressed_asset(name)).decode())


def _block(name: str, text: str) -> str:
    """Return an element with data, which the browser does not execute."""
    return f'<script type="text/plain" data-labkit="{name}">{text}</script>\n'


def _footer(left_out: int, max_megabytes: float) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M")
    text = f"Saved by labkit on {moment}. This page needs neither a network nor a kernel."
    if left_out == 0:
        return text
    return (
        f"{text} {left_out:,} pictures, samples or sets of histograms of some steps were left out, "
        f"since the page was limited to {max_megabytes:g} MB."
    )


def _text(text: str) -> str:
    """Return text for HTML, with a question mark for what UTF-8 cannot encode."""
    return html.escape(text.encode("utf-8", "replace").decode())
