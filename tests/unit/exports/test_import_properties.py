"""Importers raise nothing but ValueError, whatever the bytes of a file."""

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from labkit import exports

from .recorded import recorded_run

QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read(importer, content, name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        try:
            run = importer(path)
        except ValueError as error:
            text = str(error)
        else:
            text = f"{path}: {run.status}"
            assert run.names()
        assert str(path) in text  # the text is not that of a parser


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    run = recorded_run(steps=6)
    exports.to_csv(run, folder / "run.csv")
    exports.to_tensorboard(run, folder / "events")
    history = [{"loss": 1.0, "step": step, "epoch": step / 2} for step in range(4)]
    (events,) = (folder / "events").iterdir()
    return {
        "csv": (folder / "run.csv").read_bytes(),
        "events": events.read_bytes(),
        "state": json.dumps({"log_history": history}).encode(),
    }


IMPORTERS = {
    "csv": (exports.from_csv_logger, "run.csv"),
    "events": (exports.from_tensorboard, "x.tfevents"),
    "state": (exports.from_trainer_state, "trainer_state.json"),
}


@pytest.mark.parametrize("kind", IMPORTERS)
@QUICK
@given(data=st.data())
def test_flipped_bytes_raise_only_a_value_error(files, kind, data):
    content = bytearray(files[kind])
    places = st.integers(0, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        content[place] ^= data.draw(st.integers(1, 255))
    end = data.draw(st.integers(len(content) // 2, len(content)))
    read(IMPORTERS[kind][0], bytes(content[:end]), IMPORTERS[kind][1])


@pytest.mark.parametrize("kind", IMPORTERS)
@QUICK
@given(content=st.binary(max_size=300))
def test_any_bytes_raise_only_a_value_error(kind, content):
    read(IMPORTERS[kind][0], content, IMPORTERS[kind][1])


cells = st.one_of(st.text(max_size=8), st.floats().map(str), st.integers().map(str))


@QUICK
@given(rows=st.lists(st.tuples(st.integers(0, 30), st.floats(), cells), max_size=12))
def test_steps_rise_and_values_are_those_written_last(rows):
    content = "step,loss,other\n" + "".join(
        f"{step},{value!r},{json.dumps(cell) if ',' not in cell else 1}\n"
        for step, value, cell in rows
    )
    read(exports.from_csv_logger, content.encode(errors="replace"), "run.csv")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
entries = st.dictionaries(st.sampled_from(["step", "epoch", "loss", "x"]), json_values)


@QUICK
@given(history=st.lists(entries, max_size=6))
def test_any_history_is_read_or_refused(history):
    content = json.dumps({"log_history": history}).encode()
    read(exports.from_trainer_state, content, "trainer_state.json")
