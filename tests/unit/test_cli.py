"""The command line: output, started programs and exit codes."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from labkit import cli, doctor
from labkit.doctor import Check
from labkit.run import Run


@pytest.fixture
def started(monkeypatch):
    """The commands started by the command line, with their working folders."""
    commands = []

    def run(command, *, cwd, check):
        commands.append((command, cwd))
        return subprocess.CompletedProcess(command, 3)

    monkeypatch.setattr(subprocess, "run", run)
    return commands


def test_doctor_prints_python_and_torch_versions(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "bundle_fault", lambda: None)
    assert cli.main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert sys.executable in printed
    assert "torch" in printed
    assert "cpu" in printed


def test_doctor_gives_advice_about_a_missing_bundle(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "bundle_fault", lambda: "it has not been built")
    assert cli.main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "broken  views in the browser: it has not been built" in printed
    assert "pip install -e ." in printed


def test_doctor_finds_the_extension_that_shows_saved_views(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(doctor.Path, "home", lambda: tmp_path)
    monkeypatch.delenv("JUPYTER_PATH", raising=False)
    assert doctor._saved_views().state == "note"
    package = tmp_path / "share" / "jupyter" / "labextensions" / "labkit" / "package.json"
    package.parent.mkdir(parents=True)
    package.write_text("{}")
    assert doctor._saved_views().state == "ok"


def test_doctor_reports_missing_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    (check,) = doctor._torch()
    assert check.state == "broken"
    assert "pip install torch" in check.advice


@pytest.mark.parametrize("package", ["ipywidgets", "anywidget", "plotly", "psutil"])
def test_doctor_reports_a_missing_package_that_views_need(monkeypatch, package, capsys):
    found = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: None if name == package else found(name))
    assert cli.main(["doctor"]) == 1
    assert f"broken  {package}: not installed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("installed", "state"),
    [
        ({"jupyterlab": "4.6.6", "ipykernel": "7.4.0"}, "ok"),
        ({"jupyterlab": "4.3.9", "ipykernel": "7.4.0"}, "ok"),
        ({"jupyterlab": None, "ipykernel": "7.4.0"}, "ok"),
        ({"jupyterlab": "4.6.6", "ipykernel": "7.1.0"}, "ok"),
        ({"jupyterlab": "4.3.9", "ipykernel": "7.1.0"}, "note"),
        ({"jupyterlab": "4.6.6", "ipykernel": "6.29.5"}, "ok"),
        ({"jupyterlab": "4.6.6", "ipykernel": None}, "note"),
    ],
)
def test_buttons_require_a_kernel_that_handles_them_while_a_cell_runs(
    monkeypatch, installed, state
):
    monkeypatch.setattr(doctor, "_version", installed.get)
    assert doctor._buttons().state == state


@pytest.mark.parametrize(
    ("found", "needed", "state"),
    [
        ("8.1.9", True, "ok"),
        ("7.7.1", True, "broken"),
        (None, True, "broken"),
        (None, False, "note"),
    ],
)
def test_a_package_is_compared_with_the_oldest_supported_version(monkeypatch, found, needed, state):
    monkeypatch.setattr(doctor, "_version", lambda _: found)
    check = doctor._package("ipywidgets", (8,), needed=needed)
    assert check.state == state
    assert ("pip install" in check.advice) == (state != "ok")


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("2.13.0+cpu", (2, 13)), ("2.4+cpu", (2, 4)), ("8.1.9", (8, 1)), ("4.6rc1", (4,)), ("", ())],
)
def test_versions_are_parsed_as_numbers(text, numbers):
    assert doctor._numbers(text) == numbers


def test_a_note_does_not_change_the_exit_code():
    assert cli.report([Check("jupyterlab", "note", "not installed", "Install it.")]) == 0


def test_lab_opens_the_first_notebook_and_passes_arguments_on(monkeypatch, tmp_path, started):
    notebook = tmp_path / cli.FIRST_NOTEBOOK
    notebook.parent.mkdir()
    notebook.write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab", "--no-browser", "--port", "8890"]) == 3
    ((command, folder),) = started
    assert folder == tmp_path
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in command
    assert command[-3:] == ["--no-browser", "--port", "8890"]


def test_lab_without_notebooks_prints_where_to_get_them(monkeypatch, tmp_path, capsys, started):
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab"]) == 1
    assert "clone" in capsys.readouterr().err
    assert not started


def test_lab_without_jupyterlab_prints_how_to_install_it(monkeypatch, tmp_path, capsys, started):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / cli.FIRST_NOTEBOOK).write_text("{}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli, "find_spec", lambda _: None)
    assert cli.main(["lab"]) == 1
    assert "pip install 'labkit[lab]'" in capsys.readouterr().err
    assert not started


@pytest.fixture
def runs(tmp_path):
    """A folder with the file of a run."""
    folder = tmp_path / 'it\'s "mine"'
    Run("mlp").save(folder / "mlp.lab")
    return folder


@pytest.mark.parametrize(("file", "verb"), [("", "lk.runs"), ("mlp.lab", "lk.load")])
def test_view_opens_a_temporary_notebook_that_runs(monkeypatch, runs, file, verb):
    notebooks = []

    def run(command, *, cwd, check):
        page = next(each for each in command if each.startswith("--LabApp.default_url="))
        notebooks.append((Path(cwd) / page.rpartition("/")[2]).read_text())
        assert command[-2:] == ["--no-browser", "--port=8890"]
        folders.append(cwd)
        return subprocess.CompletedProcess(command, 3)

    folders = []
    monkeypatch.setattr(subprocess, "run", run)
    assert cli.main(["view", str(runs / file), "--no-browser", "--port=8890"]) == 3
    notebook = nbformat.reads(notebooks[0], as_version=4)
    nbformat.validate(notebook)
    (code,) = (cell for cell in notebook.cells if cell.cell_type == "code")
    assert "mlp" in code.outputs[0].data["text/plain"]
    assert "mlp" in code.outputs[0].data["image/svg+xml"]
    assert verb in code.source
    exec(code.source, {})
    assert not folders[0].exists()
    assert [each.name for each in runs.iterdir()] == ["mlp.lab"]


def test_view_of_nothing_says_so(tmp_path, capsys, started):
    assert cli.main(["view", str(tmp_path / "nowhere")]) == 1
    assert "there is nothing at" in capsys.readouterr().err
    (tmp_path / "text.lab").write_text("no run")
    assert cli.main(["view", str(tmp_path / "text.lab")]) == 1
    assert "no SQLite database" in capsys.readouterr().err
    assert not started


@pytest.mark.parametrize(
    "arguments", [[], ["fly"], ["doctor", "--loud"], ["view"], ["view", "--no-browser"]]
)
def test_an_invalid_command_line_prints_the_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ending:
        cli.main(arguments)
    assert ending.value.code == 2
    assert "usage: labkit" in capsys.readouterr().err


def test_the_command_line_runs_as_a_module_without_loading_torch():
    program = (
        "import sys, runpy; sys.argv = ['labkit', '--version']\n"
        "try: runpy.run_module('labkit', run_name='__main__')\n"
        "except SystemExit as ending: assert not ending.code\n"
        "assert 'torch' not in sys.modules and 'ipywidgets' not in sys.modules"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.startswith("labkit ")
