"""The look of figures is that of the views, which state it in TypeScript."""

import re
from pathlib import Path

from labkit.exports.figures import look, splits

SOURCES = Path(__file__).resolve().parents[3] / "frontend" / "src"
COLOUR = re.compile(r'"(#[0-9a-f]{6})"')


def colours(path, name):
    """Return the colours of a constant."""
    text = (SOURCES / path).read_text()
    return tuple(COLOUR.findall(re.search(rf"const {name}\b[^=]*=(.*?);", text, re.DOTALL)[1]))


def test_the_colours_are_those_of_the_views():
    assert colours("parts/palette.ts", "PALETTE") == look.MAGNITUDES
    assert colours("parts/theme.ts", "LIGHT_SERIES") == look.LIGHT.series
    assert colours("parts/theme.ts", "DARK_SERIES") == look.DARK.series
    assert colours("heat-map/scale.ts", "SIGNED_LIGHT") == look.LIGHT.signed
    assert colours("heat-map/scale.ts", "SIGNED_DARK") == look.DARK.signed
    assert colours("heat-map/scale.ts", "NOT_FINITE_COLOUR") == (look.NOT_FINITE,)
    assert colours("plot/step-mark.ts", "WARNING") == (look.LIGHT.warning,)


def test_metrics_share_a_panel_as_in_the_views():
    tests = (SOURCES.parent / "tests" / "views" / "curves" / "splits.test.ts").read_text()
    cases = re.findall(r'\["([^"]+)", "([^"]+)", (?:"([^"]+)"|null)\]', tests)
    assert len(cases) > 10
    for name, quantity, split in cases:
        assert splits.split_of(name) == (quantity, split or None), name
