"""Texts that do harm where something takes them for more than text."""

import json
from pathlib import Path

FIXTURE = Path(__file__).resolve().parents[1] / "fixtures/hostile.json"
"""The texts, which the frontend's tests read as well."""
HOSTILE = tuple(json.loads(FIXTURE.read_text()))
LONG = tuple(letter * 1_000_000 for letter in ("x", "<b>", "\u202e", '"'))
"""Texts of 1 to 3 MB."""
ADDRESS = "injected.invalid"
"""The host of all addresses in the texts."""

UNSAFE_IN_A_TERMINAL = (
    *map(chr, (*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), *range(0x7F, 0xA0))),
    *"\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
)
"""Control characters except tabs and ends of lines, and those that reorder the text after them."""
