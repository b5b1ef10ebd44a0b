"""The table of front ends in the README, made from the record."""

from __future__ import annotations

import re
from typing import Any

from tests.frontends.environments import ROOT
from tests.frontends.front_ends import FRONT_ENDS, FrontEnd

README = ROOT / "README.md"
BEGIN, END = "<!-- front ends: made by `make frontends` -->", "<!-- end of front ends -->"
_WHEN = {"at once": "at once", "at the end": "when the cell ends", "never": "not at all"}
_HEADINGS = (
    "front end",
    "live while a cell trains",
    "clicks while it trains",
    "both with `%%train`",
    "views after a reload",
)


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Return the table of a record's rows, in Markdown."""
    lines = [_HEADINGS, ["---"] * len(_HEADINGS)]
    lines += [_line(each, rows[each.id]) for each in FRONT_ENDS if each.id in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def readme_table() -> str:
    """Return the table that the README has."""
    matched = re.search(f"{BEGIN}\n\n(.*?)\n\n{END}", README.read_text(encoding="utf-8"), re.DOTALL)
    if matched is None:
        raise ValueError(f"README.md has no table between {BEGIN} and {END}")
    return matched[1]


def write_readme_table(rows: dict[str, dict[str, Any]]) -> None:
    """Replace the table in the README."""
    text = README.read_text(encoding="utf-8")
    README.write_text(text.replace(readme_table(), table(rows)), encoding="utf-8")


def _line(front_end: FrontEnd, row: dict[str, Any]) -> list[str]:
    blocking, background = row["blocking"], row["background"]
    both = _joined(_live(background), _clicks(background))
    named = "" if front_end.background == "%%train" else f" (`{front_end.background}`)"
    return [
        _name(front_end, row["versions"]),
        _live(blocking),
        _clicks(blocking),
        both + named,
        _reload(blocking["reloaded"], background["reloaded"], front_end.background),
    ]


def _name(front_end: FrontEnd, versions: dict[str, str]) -> str:
    """Return the front end with its version, then its settings, then the kernel."""
    title, _, settings = front_end.title.partition(", ")
    text = f"{title} {versions[front_end.package]}"
    if "ipykernel" in versions:
        text += f", ipykernel {versions['ipykernel']}"
    return f"{text}: {settings}" if settings else text


def _live(outcome: dict[str, Any]) -> str:
    """Return whether all views are live, or which ones are."""
    live = [view for view, grows in outcome["live"].items() if grows]
    if not live:
        return "no"
    return "yes" if len(live) == len(outcome["live"]) else f"only {', '.join(live)}"


def _clicks(outcome: dict[str, Any]) -> str:
    if outcome["clicks"]:
        return "yes"
    return "no, which it says" if outcome["says"] else "no"


def _joined(live: str, clicks: str) -> str:
    return live if live == clicks else f"live: {live}; clicks: {clicks}"


def _reload(blocking: str, background: str, named: str) -> str:
    """Return when the views are back, in a cell that blocks and with what `named` names."""
    if blocking == background == "new kernel":
        return "runs again, in a new kernel"
    if blocking == background:
        return _WHEN[blocking]
    return f"{_WHEN[blocking]}; {_WHEN[background]} with `{named}`"
