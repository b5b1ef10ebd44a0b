"""Control characters of paths, names and errors, which a terminal would execute."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import labkit as lk
from labkit import cli
from labkit.doctor import Check
from labkit.learn.feedback import Feedback
from labkit.run.file import errors
from labkit.viewing import write_notebook

from .hostile import HOSTILE, UNSAFE_IN_A_TERMINAL
from .hostile_run import hostile_graph, hostile_run

CONTROLS = tuple(text for text in HOSTILE if set(text) & set(UNSAFE_IN_A_TERMINAL))


def is_safe(text):
    return not set(text) & set(UNSAFE_IN_A_TERMINAL)


def test_doctor_prints_no_control_characters(monkeypatch, capsys):
    checks = [Check(text, "broken", text, text) for text in CONTROLS]
    monkeypatch.setattr(cli, "run_checks", lambda: checks)
    assert cli.main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 2 * len(CONTROLS)
    assert is_safe(printed)


@pytest.mark.parametrize("arguments", [["doctor"], []])
@pytest.mark.parametrize("text", CONTROLS)
def test_refused_arguments_are_repeated_without_control_characters(arguments, text, capsys):
    with pytest.raises(SystemExit):
        cli.main([*arguments, text])
    printed = capsys.readouterr().err
    assert "error" in printed
    assert is_safe(printed)


@pytest.mark.parametrize("text", CONTROLS)
def test_a_path_with_nothing_is_named_without_control_characters(text, capsys):
    assert cli.main(["view", f"./{text}"]) == 1
    assert is_safe(capsys.readouterr().err)


def test_the_name_of_a_folder_is_a_string_in_the_notebook_that_shows_it(tmp_path):
    folder = tmp_path / '\'); import os  # """ \\ \n \033[31m <b data-injected>'
    folder.mkdir()
    shown = folder / "a.lab"
    hostile_run().save(shown)
    for place in (folder, shown):
        book = json.loads(write_notebook(place, tmp_path).read_text())
        how, code = book["cells"]
        assert "data-injected" not in how["source"]
        (given,) = [
            node.value
            for node in ast.walk(ast.parse(code["source"]))
            if isinstance(node, ast.Constant)
        ]
        assert given == str(place)
        assert is_safe(code["outputs"][0]["data"]["text/plain"])


def test_a_warning_about_a_file_has_no_control_characters():
    for text in CONTROLS:
        with pytest.warns(RuntimeWarning, match="labkit") as caught:
            errors.warn(errors.write_problem(FileNotFoundError(), Path(text)))
        assert is_safe(str(caught[0].message).replace("\t", ""))


def test_the_end_of_a_process_names_its_tasks_without_control_characters():
    code = (
        "import time, labkit.run.background.process_end as end\n"
        "from labkit.run.background.task import BackgroundTask\n"
        "task = BackgroundTask(lambda: time.sleep(0.2), 'red \\033[31m')\n"
        "task.start()\n"
        "end._stop_all()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "red [31m is stopped" in done.stderr
    assert is_safe(done.stderr)


def test_the_answer_of_a_chapter_has_no_control_characters():
    for text in CONTROLS:
        answer = Feedback("wrong", (f"`f` raised {text}", text), label=text)
        assert is_safe(repr(answer).replace("\t", ""))


@pytest.mark.parametrize("text", CONTROLS[:4])
def test_the_text_of_a_graph_has_no_control_characters(text):
    view = lk.GraphView(hostile_graph((text,)))
    assert is_safe(view._repr_mimebundle_()[0]["text/plain"].replace("\t", ""))
    view.close()
