"""Hostile texts in figures, DOT source, tables and the files of other tools."""

import csv
import json
import re

import pytest

from labkit.exports import from_csv_logger, to_csv, to_parquet
from labkit.run import Run

from .hostile import ADDRESS, HOSTILE, LONG
from .hostile_run import hostile_graph, hostile_run

FORMULAS = [text for text in HOSTILE if text.startswith(("=", "+", "-", "@"))]
DOT_LINE = re.compile(
    r'digraph labkit \{|\s*(rankdir=TB; node \[shape=box, style=rounded\];|subgraph "" \{|label="";'
    r'|n\d+ \[label=""(, color="", tooltip="")?\];|n\d+ -> n\d+;|\})'
)
MARKUP = re.compile(r"<(?!/?(?:b|span|sup|extra)>|br>|span style=\"color:#\w{6}\">)")
"""A tag that labkit's figures do not have."""
MAX_LETTERS = 2_000_000


@pytest.fixture(scope="module", params=[HOSTILE, (*HOSTILE[:4], *LONG[:2])], ids=["short", "long"])
def run(request):
    return hostile_run(request.param)


@pytest.mark.parametrize("name", ["loss", "grad_norm", "act_dead", HOSTILE[0]])
def test_figures_have_no_markup_of_names(run, name):
    check_figure(run.figure(name))


def test_the_figure_of_a_graph_has_no_markup_of_names(run):
    check_figure(run.graph.figure())


def check_figure(figure):
    shown = figure.to_json()
    assert len(shown) < MAX_LETTERS
    for text in texts_of(json.loads(shown)):
        assert not MARKUP.search(text), text[:300]
        assert "$" not in text


def texts_of(data):
    if isinstance(data, str):
        yield data
    elif isinstance(data, (list, dict)):
        for each in data.values() if isinstance(data, dict) else data:
            yield from texts_of(each)


def test_names_are_strings_in_dot_source():
    source = hostile_graph().to_dot()
    plain = re.sub(r'"(?:[^"\\]|\\.)*"', '""', source)
    assert [line for line in plain.splitlines() if not DOT_LINE.fullmatch(line)] == []


def test_no_name_is_a_formula_in_csv_and_all_are_read_again(tmp_path):
    run = Run("demo")
    for text in (*FORMULAS, "'=1+1", "'quoted'"):
        run.log(**{text: 0.5})
    to_csv(run, tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        heads = next(csv.reader(file))
    assert [head for head in heads if head.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert set(from_csv_logger(tmp_path / "run.csv").names()) == set(run.names())


def test_hostile_runs_are_written_for_other_tools(tmp_path):
    pytest.importorskip("pyarrow")
    run = hostile_run()
    to_csv(run, tmp_path / "run.csv")
    to_parquet(run, tmp_path / "run.parquet")
    assert [each.name for each in tmp_path.iterdir() if "injected" in each.name] == []
    frame = run.to_frame()
    assert len(frame.columns) >= len(HOSTILE)


def test_texts_are_literal_in_tensorboard(tmp_path):
    pytest.importorskip("tensorboardX")
    from labkit.exports import to_tensorboard

    run = hostile_run()
    to_tensorboard(run, tmp_path)
    written = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    image = f"![image](https://{ADDRESS}/markdown)".encode()
    logged = written[written.index(b"all texts") :]
    lines = [line for line in logged.split(b"\n") if image in line]
    assert lines
    assert all(line.startswith(b"    ") for line in lines), "TensorBoard would load an image"
