"""What the README says of each front end is what `make frontends` has seen last."""

import re

import pytest

from tests.frontends import table
from tests.frontends.environments import DEVELOPMENT, requirements_of
from tests.frontends.front_ends import FRONT_ENDS
from tests.frontends.results import recorded

SEEN = {
    "versions": {"jupyterlab": "4.6.6", "ipykernel": "7.4.0"},
    "blocking": {
        "live": {"curves": True, "graph": True},
        "clicks": True,
        "says": "",
        "reloaded": "at the end",
    },
    "background": {
        "live": {"curves": True, "graph": True},
        "clicks": True,
        "says": "",
        "reloaded": "at once",
    },
}


def changed(kind, **parts):
    return {**SEEN, kind: {**SEEN[kind], **parts}}


def cells(row, id="lab"):
    return [each.strip() for each in table.table({id: row}).splitlines()[2].split("|")[1:-1]]


def test_the_readme_has_the_table_of_the_record():
    assert table.readme_table() == table.table(recorded()), "run `make frontends`"


def test_every_front_end_was_tried():
    assert list(recorded()) == [each.id for each in FRONT_ENDS]


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda each: each.id)
def test_the_recorded_versions_are_the_pinned_ones(front_end):
    versions = recorded()[front_end.id]["versions"]
    pins = (
        table.ROOT / "constraints.txt"
        if front_end.environment == DEVELOPMENT
        else requirements_of(front_end.environment)
    )
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)$", pins.read_text(), re.MULTILINE))
    for name in (front_end.package, *front_end.kernel):
        assert versions[name] == pinned[name], "run `make frontends`"


def test_a_row_names_the_versions_and_the_settings():
    assert cells(SEEN)[0] == "JupyterLab 4.6.6, ipykernel 7.4.0"
    named = "JupyterLab 4.6.6, ipykernel 7.4.0: subshells disabled"
    assert cells(SEEN, "lab-without-subshells")[0] == named


def test_a_row_says_what_is_live_and_what_arrives():
    reload = "when the cell ends; at once with `%%train`"
    assert cells(SEEN)[1:] == ["yes", "yes", "yes", reload]
    assert cells(changed("blocking", clicks=False, says="Wait."))[2] == "no, which it says"
    assert cells(changed("blocking", live={}, clicks=None))[1:3] == ["no", "no"]
    assert cells(changed("blocking", live={"curves": True, "graph": False}))[1] == "only curves"
    assert cells(changed("background", clicks=False))[3] == "live: yes; clicks: no"


def test_marimo_has_a_function_in_place_of_the_cell_magic():
    seen = {**SEEN, "versions": {"marimo": "0.25.2"}}
    assert cells(seen, "marimo")[3:] == [
        "yes (`lk.background`)",
        "when the cell ends; at once with `lk.background`",
    ]
