"""The wheel and the sdist have the built frontend and are built without Node.js."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from labkit.bundle import STATIC_FILES, bundle_fault

ROOT = Path(__file__).resolve().parents[2]


def build(target, source, into):
    """Build a wheel or an sdist on a machine without Node.js and return its path."""
    environment = {**os.environ, "PATH": str(into)}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(into)],
        cwd=source,
        env=environment,
        check=True,
        capture_output=True,
    )
    (built,) = into.glob("labkit-*")
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    assert bundle_fault() is None, "run `python hatch_build.py` first, as `make test` does"
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory):
    """The wheel that the unpacked sdist builds."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return build("wheel", source, tmp_path_factory.mktemp("wheel"))


def test_the_sdist_has_the_build_files_and_the_built_bundle(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames()}
    needed = ["frontend/package-lock.json", "hatch_build.py", "constraints.txt", "binder/postBuild"]
    assert names >= {*needed, *(f"labkit/static/{name}" for name in STATIC_FILES)}
    assert not [name for name in names if "node_modules" in name]


def test_the_wheel_has_the_bundle_and_type_marker_and_only_labkit(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    (extension,) = [
        name
        for name in names
        if name.endswith("labextensions/labkit/package.json") and ".data/" in name
    ]
    assert extension.endswith(".data/data/share/jupyter/labextensions/labkit/package.json")
    assert extension.replace("package.json", "static/entry.js") in names
    wanted = {"py.typed", "static/manifest.json", *(f"static/{name}" for name in STATIC_FILES)}
    assert {f"labkit/{name}" for name in wanted} <= set(names)
    assert {name.split("/")[0].split("-")[0] for name in names} == {"labkit"}
