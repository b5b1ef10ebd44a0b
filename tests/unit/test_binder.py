"""The files of binder/, checked without running its build (`make binder-check`)."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINDER = ROOT / "binder"


def pins(path):
    """Return the pinned versions of a requirements file, by package."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return dict(line.split("==") for line in lines if "==" in line)


def test_versions_match_the_constraints():
    constraints = pins(ROOT / "constraints.txt")
    required = pins(BINDER / "requirements.txt")
    assert {name: version.removesuffix("+cpu") for name, version in required.items()} == {
        name: constraints[name] for name in required
    }


def test_torch_is_the_cpu_build_from_the_only_extra_index():
    text = (BINDER / "requirements.txt").read_text()
    assert pins(BINDER / "requirements.txt")["torch"].endswith("+cpu")
    assert [line for line in text.splitlines() if "://" in line] == [
        "--extra-index-url https://download.pytorch.org/whl/cpu"
    ]


def test_the_requirements_do_not_install_labkit():
    lines = (BINDER / "requirements.txt").read_text().splitlines()
    assert not [line for line in lines if line.startswith((".", "-e", "-r", "-c"))]


def test_the_folder_has_only_files_that_binder_reads():
    assert sorted(path.name for path in BINDER.iterdir()) == [
        "postBuild",
        "requirements.txt",
        "runtime.txt",
        "start",
    ]


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_scripts_are_executable(name):
    assert os.access(BINDER / name, os.X_OK)
    assert (BINDER / name).read_text().startswith("#!/bin/bash\n")


def test_post_build_stops_at_the_first_error():
    assert "\nset -e\n" in (BINDER / "postBuild").read_text()


def test_start_executes_the_given_command():
    assert (BINDER / "start").read_text().rstrip().endswith('exec "$@"')
