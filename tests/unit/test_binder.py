"""The facts of binder/ that can be checked without walking its steps (`make binder-check`)."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"


def pins(path):
    """Return the versions by package of a file of requirements."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return dict(line.split("==") for line in lines if "==" in line)


def test_the_versions_are_those_of_the_constraints():
    constraints = pins(ROOT / "constraints.txt")
    required = pins(BINDER / "requirements.txt")
    assert {name: version.removesuffix("+cpu") for name, version in required.items()} == {
        name: constraints[name] for name in required
    }


def test_torch_is_the_cpu_build_and_its_index_the_only_address():
    text = (BINDER / "requirements.txt").read_text()
    assert pins(BINDER / "requirements.txt")["torch"].endswith("+cpu")
    assert [line for line in text.splitlines() if "://" in line] == [
        "--extra-index-url https://download.pytorch.org/whl/cpu"
    ]


def test_labkit_is_left_to_the_last_step():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    assert not [line for line in lines if line.startswith((".", "-e", "-r", "-c"))]


def test_nothing_makes_binder_ignore_the_requirements():
    assert sorted(path.name for path in BINDER.iterdir()) == [
        "postBuild",
        "requirements.txt",
        "runtime.txt",
        "start",
    ]


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_a_script_can_be_run(name):
    assert os.access(BINDER / name, os.X_OK)
    assert (BINDER / name).read_text().startswith("#!/bin/bash\n")


def test_a_failing_step_stops_the_build():
    assert "\nset -e\n" in (BINDER / "postBuild").read_text()


def test_the_start_hands_over_to_what_it_is_given():
    assert (BINDER / "start").read_text().rstrip().endswith('exec "$@"')
