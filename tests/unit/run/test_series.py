"""Series of bounded length: downsampling, widths, names and frames."""

import numpy as np
import pytest

from labkit.run import Run, SeriesTable
from labkit.run.series.recorder import Recorder


def filled(values, columns=1):
    table = SeriesTable("b", "metric", [f"c{i}" for i in range(columns)])
    for step, value in enumerate(values):
        table.append(step, value)
    return table


def test_short_series_are_returned_complete_and_in_order():
    values = np.random.default_rng(0).normal(size=500).astype(np.float32)
    steps, read = filled(values).points(0)
    assert steps.tolist() == list(range(500))
    np.testing.assert_array_equal(read, values)


def test_a_spike_of_one_step_in_a_million_is_kept_at_its_step():
    values = np.zeros(1_000_000, np.float32)
    values[123_457], values[777_777] = 9.0, -4.0
    steps, read = filled(values).points(0)
    assert len(steps) < 10_000
    assert steps[read == 9.0].tolist() == [123_457]
    assert steps[read == -4.0].tolist() == [777_777]
    assert np.all(np.diff(steps) > 0)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_a_non_finite_value_is_kept_at_its_step(odd):
    values = np.linspace(0, 1, 200_000).astype(np.float32)
    values[50_001] = odd
    steps, read = filled(values).points(0)
    assert steps[~np.isfinite(read)].tolist() == [50_001]


def test_every_point_of_a_downsampled_series_was_recorded():
    values = np.random.default_rng(1).normal(size=50_000).astype(np.float32)
    steps, read = filled(values).points(0)
    np.testing.assert_array_equal(read, values[steps])


def test_downsampling_keeps_the_extremes_of_every_column():
    rows = np.random.default_rng(2).normal(size=(30_000, 7)).astype(np.float32)
    table = filled(rows, columns=7)
    for column in range(7):
        _, read = table.points(column)
        assert read.max() == rows[:, column].max()
        assert read.min() == rows[:, column].min()


def test_wide_tables_have_fewer_rows():
    columns = 5_000
    row = np.ones(columns, np.float32)
    table = SeriesTable("grad_norm", "grad_norm", [f"p{i}" for i in range(columns)])
    for step in range(2_000):
        table.append(step, row)
    held = table.whole()
    assert len(held.buckets) + len(held.steps) <= 512


def test_rows_since_returns_new_rows_or_none_when_downsampled():
    table = filled(np.arange(10, dtype=np.float32))
    total, steps, values = table.rows_since(7)
    assert total == 10
    assert steps.tolist() == [7, 8, 9]
    assert values.ravel().tolist() == [7.0, 8.0, 9.0]
    for step in range(10, 10_000):
        table.append(step, 0.0)
    assert table.rows_since(7) is None


@pytest.mark.parametrize("portion", [1, 7, 300, 20_000])
def test_extend_stores_the_same_rows_as_append(portion):
    values = np.random.default_rng(0).normal(size=20_000).astype(np.float32)
    together = SeriesTable("b", "metric", ["c0"])
    for start in range(0, len(values), portion):
        rows = values[start : start + portion].tolist()
        together.extend(range(start, start + len(rows)), rows)
    for one, other in zip(filled(values).points(0), together.points(0), strict=True):
        np.testing.assert_array_equal(one, other)


def test_extend_pads_and_truncates_rows_of_another_width():
    run = Run()
    table = run.add_table("lr", "lr", ["0", "1"])
    table.extend([1, 2, 3, 5], [[0.1, 0.2], 0.3, [0.4, 0.5, 0.6], [0.7, 0.8]])
    table.extend([6, 8], [0.9, 1.0])
    steps, first = table.points(0)
    assert steps.tolist() == [1, 2, 3, 5, 6, 8]
    assert first.tolist() == pytest.approx([0.1, 0.3, 0.4, 0.7, 0.9, 1.0])
    second = table.points(1)[1]
    assert second.tolist() == pytest.approx([0.2, np.nan, 0.5, 0.8, np.nan, np.nan], nan_ok=True)
    assert ["lr held more values" in notice.text for notice in run.notices] == [True]


def test_extend_requires_one_row_per_step():
    table = SeriesTable("loss", "loss", ["loss"])
    with pytest.raises(ValueError, match="3 steps and 2 rows"):
        table.extend([1, 2, 3], [0.5, 0.25])
    assert len(table.points(0)[0]) == 0


def test_an_unknown_series_name_raises_with_the_known_names():
    run = Run()
    run.log(accuracy=1.0)
    with pytest.raises(KeyError, match="accuracy"):
        run.series("acuracy")


def test_to_frame_has_one_row_per_step():
    run = Run()
    run.log(a=1.0, b=2.0)
    run.advance_to(3)
    run.log(a=4.0)
    frame = run.to_frame()
    assert frame.index.tolist() == [0, 3]
    assert frame["a"].tolist() == [1.0, 4.0]
    assert np.isnan(frame["b"].iloc[1])


def test_names_lists_only_series_with_points():
    recorder = Recorder()
    recorder.table("loss", "loss", ["loss"])
    norms = recorder.table("grad_norm", "grad_norm", ["a", "b"])
    assert recorder.names() == []
    norms.append_columns(1, ["b"], [0.5])
    assert recorder.names() == ["grad_norm/b"]
    for step in range(2, 200_000, 1000):
        norms.extend(range(step, step + 1000), [[np.nan, np.nan]] * 1000)
    assert recorder.names() == ["grad_norm/b"]
    norms.append(300_000, [1.0, np.nan])
    recorder.table("grad_norm", "grad_norm", ["a", "b", "c"])
    recorder.table("loss", "loss", ["loss"]).append(1, np.nan)
    assert recorder.names() == ["loss", "grad_norm/a", "grad_norm/b"]
