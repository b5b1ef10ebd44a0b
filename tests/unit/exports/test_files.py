"""A run as CSV, as Parquet and as event files of TensorBoard."""

import csv
import math
import subprocess
import sys

import numpy as np
import pandas
import pytest

from labkit import exports
from labkit.run import Run

from .recorded import HOSTILE, recorded_run

WITHOUT = """
import sys
sys.modules[{library!r}] = None
import numpy as np
from labkit import exports
from labkit.run import Run
run = Run("demo")
run.log(accuracy=0.5)
try:
    exports.{call}
except ImportError as error:
    print(error)
"""


@pytest.fixture(scope="module")
def run():
    return recorded_run()


def same_series(one, other, names):
    for name in names:
        (steps, values), (read_steps, read_values) = one.series(name), other.series(name)
        assert steps.tolist() == read_steps.tolist(), name
        np.testing.assert_array_equal(values, read_values, name)


def test_csv_has_a_row_per_step_and_empty_cells(run, tmp_path):
    exports.to_csv(run, tmp_path / "run.csv")
    frame = pandas.read_csv(tmp_path / "run.csv")
    assert frame.columns.tolist() == ["step", "epoch", "seconds", *run.names()]
    assert frame["step"].tolist() == list(range(1, 41))
    assert frame["accuracy"].notna().sum() == 10
    assert frame["epoch"][19] == 1.0


def test_csv_is_read_back_without_a_change(run, tmp_path):
    exports.to_csv(run, tmp_path / "run.csv")
    read = exports.from_csv_logger(tmp_path / "run.csv")
    assert read.names() == run.names()
    same_series(run, read, run.names())
    assert read.status == "finished"
    assert read.epoch == 2
    assert read.figure("loss", x="time").data[0].x[-1] == pytest.approx(39.0)


def test_names_and_values_that_are_not_usual_are_written(tmp_path):
    run = Run("demo")
    values = [1.0, math.nan, math.inf, -math.inf]
    for name in (HOSTILE, 'a "quoted", name\nof two lines', "step", "epoch"):
        run.add_table(f"metric/{name}", "metric", [name]).extend([1, 2, 3, 4], values)
    exports.to_csv(run, tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="", encoding="utf-8") as file:
        head = next(csv.reader(file))
    assert head == [
        "step",
        HOSTILE,
        'a "quoted", name\nof two lines',
        "step (logged)",
        "epoch (logged)",
    ]
    read = exports.from_csv_logger(tmp_path / "run.csv")
    np.testing.assert_array_equal(read.series(HOSTILE)[1], np.array(values, np.float32))


def test_names_are_written_for_tensorboard_as_they_are(tmp_path):
    run = Run("a \ud800")
    for name in (HOSTILE, "step time [ms]", "lone \ud800"):
        run.add_table(f"metric/{name}", "metric", [name]).extend([1, 2], [1.0, float("nan")])
    exports.to_tensorboard(run, tmp_path / "events")
    read = exports.from_tensorboard(tmp_path / "events")
    assert set(read.names()) == {HOSTILE, "step time [ms]", r"lone \ud800"}
    exports.to_csv(run, tmp_path / "run.csv")
    exports.to_parquet(run, tmp_path / "run.parquet")


def test_parquet_has_nulls_where_a_series_has_no_point(run, tmp_path):
    exports.to_parquet(run, tmp_path / "run.parquet")
    frame = pandas.read_parquet(tmp_path / "run.parquet")
    assert frame.dtypes["step"] == np.int64
    assert frame.dtypes["loss"] == np.float32
    steps, values = run.series("accuracy")
    there = frame.dropna(subset=["accuracy"])
    assert there["step"].tolist() == steps.tolist()
    assert there["accuracy"].tolist() == values.tolist()


def test_tensorboard_has_scalars_histograms_images_and_texts(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = recorded_run()
    run.histograms.add("grad_linear/a.weight", 10, np.ones(40, np.float32), (-1.0, 1.0))
    run.log(prompt="a cat", picture=np.zeros((6, 8)))
    exports.to_tensorboard(run, tmp_path)
    read = EventAccumulator(str(tmp_path)).Reload()
    assert set(run.names()) == set(read.Tags()["scalars"])
    assert (read.Images("picture")[0].width, read.Images("picture")[0].step) == (8, 40)
    assert read.Histograms("grad/a.weight")[0].histogram_value.num == 40
    assert read.Tags()["tensors"] == ["prompt/text_summary"]


def test_tensorboard_is_read_back_without_a_change(run, tmp_path):
    exports.to_tensorboard(run, tmp_path)
    read = exports.from_tensorboard(tmp_path, name="again")
    assert read.name == "again"
    same_series(run, read, run.names())
    assert read.step_times.knots()[-1].value == pytest.approx(38 * 60, abs=0.1)


@pytest.mark.filterwarnings("ignore:The inplace keyword")  # in the code of tbparse
def test_a_configuration_becomes_hyperparameters(tmp_path):
    import tbparse

    run = recorded_run()
    run.config = {"lr": 0.1, "layers": [1, 2]}
    exports.to_tensorboard(run, tmp_path)
    (file,) = tmp_path.iterdir()
    found = tbparse.SummaryReader(str(file), event_types={"hparams"}).hparams
    assert dict(zip(found["tag"], found["value"], strict=True)) == {"lr": 0.1, "layers": "[1, 2]"}


@pytest.mark.parametrize(
    ("library", "call", "package"),
    [
        ("pyarrow", 'to_parquet(run, "x.parquet")', "pyarrow"),
        ("tensorboardX", 'to_tensorboard(run, "x")', "tensorboardX"),
        ("tbparse", 'from_tensorboard("x")', "tbparse"),
        ("wandb", "to_wandb(run, None)", "wandb"),
        ("mlflow", 'to_mlflow(run, None, "1")', "mlflow"),
    ],
)
def test_a_missing_library_is_named(library, call, package, tmp_path):
    program = WITHOUT.format(library=library, call=call)
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert f"pip install {package}" in answer.stdout


@pytest.mark.parametrize("write", [exports.to_csv, exports.to_parquet, exports.to_tensorboard])
def test_something_else_than_a_run_is_refused(write, tmp_path):
    with pytest.raises(TypeError, match="is a run, not dict"):
        write({}, tmp_path / "x")


def test_folders_are_created_and_a_tilde_is_the_home_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    exports.to_csv(run, "~/new/run.csv")
    exports.to_tensorboard(run, "~/logs/run")
    assert exports.from_csv_logger("~/new/run.csv").steps == run.steps
    assert exports.from_tensorboard("~/logs/run").steps == run.steps
