"""Tables under widening, rows out of order, threads, finalizers and interrupts."""

import gc
import threading

import numpy as np
import pytest

from labkit.run import Run
from labkit.run.series import row_buffer
from labkit.run.series.rows import concatenated


def test_a_table_is_widened_up_to_4096_columns_with_a_notice():
    run = Run()
    first = [f"m{number}" for number in range(4000)]
    table = run.recorder.table("act_mean", "act_mean", first)
    more = [f"n{number}" for number in range(200)]
    assert run.recorder.table("act_mean", "act_mean", more) is table
    table.append_columns(1, more, np.arange(200.0))
    assert len(table.names) == 4096
    assert run.series("act_mean/n95")[1].tolist() == [95.0]
    with pytest.raises(KeyError):
        run.series("act_mean/n96")
    assert len(run.notices) == 1
    run.recorder.table("act_mean", "act_mean", more)
    assert len(run.notices) == 1


def test_a_module_called_in_every_third_step_has_points_at_those_steps_only():
    run = Run()
    for step in range(1, 3001):
        called = ["always", "rare"] if step % 3 == 0 else ["always"]
        table = run.recorder.table("act_mean", "act_mean", called)
        table.append_columns(step, called, [step] * len(called))
    assert list(run.tables) == ["act_mean"]
    steps, values = run.series("act_mean/rare")
    assert (steps % 3 == 0).all()
    assert steps[-1] == 3000
    np.testing.assert_array_equal(values, steps)


def test_rows_out_of_order_are_counted_with_one_notice():
    run = Run()
    table = run.recorder.table("grad_norm", "grad_norm", ["w"])
    for step in (1, 306, 122, 306, 307):
        table.append(step, [float(step)])
    assert run.series("grad_norm/w")[0].tolist() == [1, 306, 307]
    assert run.recorder.refused == 2
    assert ["only rise" in notice.text for notice in run.notices] == [True]


def test_concurrent_writers_and_a_reader_lose_no_row():
    run = Run()
    table = run.recorder.table("grad_norm", "grad_norm", ["thread", "step"])
    rows, got, total = 20_000, [], 0
    written = threading.Barrier(3)
    counter = iter(range(1, 10**9))

    def work(thread):
        written.wait()
        for _ in range(rows):
            step = next(counter)
            table.append(step, [thread, step])

    threads = [threading.Thread(target=work, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    written.wait()
    alive = True
    while alive:
        alive = any(thread.is_alive() for thread in threads)
        new = table.rows_since(total)
        if new is None:  # downsampled in the meantime
            total = table.whole().total
            continue
        assert new.total == total + len(new.steps)
        np.testing.assert_array_equal(new.steps, new.values[:, 1])
        total = new.total
        got.append(new.steps)
    assert total == table.total
    assert total + run.recorder.refused == 2 * rows
    assert (np.diff(np.concatenate(got)) > 0).all()


def test_a_finalizer_can_read_and_write_while_rows_are_stored(monkeypatch):
    """A finalizer can run at any time; here it runs while rows are moved into the arrays."""
    run = Run()
    table = run.recorder.table("loss", "loss", ["loss"])
    seen = []

    def interrupted(pending, columns):
        if not seen:
            seen.append(run.series("loss")[0].tolist())
            run.log(finalized=1.0)
            table.append(4, 0.25)
        return concatenated(pending, columns)

    table.extend([1, 2], [1.0, 0.5])
    monkeypatch.setattr(row_buffer, "concatenated", interrupted)
    table.append(3, 0.5)
    assert run.series("loss")[0].tolist() == [1, 2, 3]
    assert seen == [[1, 2]]
    assert run.series("loss")[0].tolist() == [1, 2, 3, 4]
    assert run.series("finalized")[1].tolist() == [1.0]


def test_an_interrupt_while_rows_are_stored_loses_no_row(monkeypatch):
    table = Run().recorder.table("loss", "loss", ["loss"])

    def interrupted(pending, columns):
        monkeypatch.undo()
        raise KeyboardInterrupt

    monkeypatch.setattr(row_buffer, "concatenated", interrupted)
    table.append(1, 1.0)
    table.append(2, 0.5)
    with pytest.raises(KeyboardInterrupt):
        table.points(0)
    assert table.points(0)[0].tolist() == [1, 2]


def test_rows_after_one_that_cannot_be_stored_are_stored():
    run = Run()
    table = run.recorder.table("loss", "loss", ["loss"])
    table.append(2**80, 1.0)
    assert table.points(0)[0].tolist() == []
    table.append(1, 0.5)
    assert table.points(0)[0].tolist() == [1]
    assert ["could not be recorded" in notice.text for notice in run.notices] == [True]


def test_append_columns_requires_one_value_per_name():
    table = Run().recorder.table("act_mean", "act_mean", ["a", "b"])
    with pytest.raises(ValueError, match="2 names and 3 values"):
        table.append_columns(1, ["a", "b"], [1.0, 2.0, 3.0])
    assert table.total == 0


def test_no_lock_is_held_while_the_live_model_writes():
    run = Run()
    run.log(a=1.0)
    done = threading.Event()

    class FakeLiveModel:
        def write(self):
            reader = threading.Thread(
                target=lambda: (run.recorder.find("a")[0].whole(), done.set())
            )
            reader.start()
            reader.join(5)

        def steps(self):
            return 7

        def device_memory(self):
            return None

        def inspect(self, name):
            return None

        def findings(self):
            return ()

    run.attach(FakeLiveModel())
    assert run.series("a")[1].tolist() == [1.0]
    assert done.is_set()
    run.detach()
    assert run.steps == 7


def test_names_can_be_read_while_a_garbage_collection_adds_a_series():
    run = Run()
    modules = [f"m{number}" for number in range(1000)]
    run.add_table("act_mean", "act_mean", modules).append(1, np.ones(len(modules)))
    added = []

    def add(phase, _):
        added.append(phase)
        run.add_table("grad_norm", "grad_norm", [f"p{len(added)}"])

    thresholds = gc.get_threshold()
    gc.callbacks.append(add)
    gc.set_threshold(20)
    try:
        names = run.names()
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(add)
    assert added
    assert set(names) >= {f"act_mean/{name}" for name in modules}
