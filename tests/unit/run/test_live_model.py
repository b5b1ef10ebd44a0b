"""A run with a live model attached, and after it is detached."""

import gc
import weakref

import pytest

from labkit.run import Finding, Run
from labkit.run.inspection import Inspection, RecordedNorm

FOUND = Finding("no-change", "warning", "The weights stand still.", (), (1, 3), "", ())
KNOWN = Inspection(None, None, (RecordedNorm("weight_norm", 2.0, 3),))


class FakeLiveModel:
    """Stands in for a watched model: three completed steps, two losses not written yet."""

    def __init__(self, run):
        self._table = run.recorder.table("loss", "loss", ["loss"])
        self._table.append(1, 3.0)
        self._waiting = [(2, 2.0), (3, 1.0)]

    def write(self):
        waiting, self._waiting = self._waiting, []
        for step, loss in waiting:
            self._table.append(step, loss)

    def steps(self):
        return 3

    def device_memory(self):
        return 1024

    def inspect(self, name):
        return KNOWN if name == "weight" else None

    def findings(self):
        return (FOUND,)


READS = {
    "series": lambda run: run.series("loss")[0].tolist(),
    "tables": lambda run: run.tables["loss"].points(0)[0].tolist(),
    "to_frame": lambda run: run.to_frame().index.tolist(),
    "detach": lambda run: (run.detach(), run.series("loss")[0].tolist())[1],
}


@pytest.mark.parametrize("read", READS)
def test_reading_writes_waiting_values_first(read):
    run = Run()
    run.attach(FakeLiveModel(run))
    assert READS[read](run) == [1, 2, 3]


def test_a_run_reads_from_its_live_model_until_it_is_detached():
    run = Run()
    live = FakeLiveModel(run)
    run.attach(live)
    assert (run.steps, run.state().step, run.state().device_memory) == (3, 3, 1024)
    run.control.at_step_end()  # makes this the training thread
    assert run.inspect("weight") == KNOWN
    run.log(accuracy=0.5)
    assert run.series("accuracy")[0].tolist() == [3]
    gone = weakref.ref(live)
    del live
    run.detach()
    run.detach()
    assert gone() is None
    assert (run.steps, run.state().device_memory, run.inspect("weight")) == (3, None, None)
    assert run.findings == (FOUND,)


def test_steps_of_a_run_without_a_model_are_stored():
    run = Run()
    run.advance_to(7)
    assert (run.steps, run.state().step) == (7, 7)


def test_an_unreferenced_run_is_freed_without_garbage_collection():
    run = Run()
    run.log(a=1.0)
    run.attach(FakeLiveModel(run))
    gone = weakref.ref(run)
    gc.disable()
    try:
        del run
        assert gone() is None
    finally:
        gc.enable()
