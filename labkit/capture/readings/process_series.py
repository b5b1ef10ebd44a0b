"""What differs between the processes that train one model: times of a step, and memory."""

from __future__ import annotations

from labkit.run import Run


class ProcessSeries:
    """Records how long the steps of this process take, and how much memory it uses.

    The series are ``"step_seconds"``, the mean time of the steps since the newest point;
    ``"data_seconds"``, the part of it in which the loop waited for a batch of a data loader; and
    ``"memory_mb"``, of the device or, on the CPU, of the process.
    """

    def __init__(self) -> None:
        self._loading_ns = 0

    def record(self, run: Run, step: int, steps: int, loop_ns: int) -> None:
        """Record the newest steps.

        Parameters
        ----------
        run : Run
        step : int
            The newest step.
        steps : int
            Number of steps, at least 1, that took `loop_ns` nanoseconds.
        """
        _append(run, "step_seconds", step, loop_ns / steps / 1e9)
        observed = run.observations
        if observed.batches:
            loading_ns, self._loading_ns = self._loading_ns, observed.loading_ns
            waited_ns = observed.loading_ns - loading_ns
            _append(run, "data_seconds", step, waited_ns / steps / 1e9)
        live = run.live
        memory = None if live is None else live.device_memory()
        memory = _process_memory() if memory is None else memory
        if memory is not None:
            _append(run, "memory_mb", step, memory / 1e6)


def _append(run: Run, name: str, step: int, value: float) -> None:
    run.recorder.table(f"metric/{name}", "metric", (name,)).append(step, value)


def _process_memory() -> int | None:
    """Return the resident memory of this process, in bytes; None if it is unknown."""
    try:
        import psutil
    except ImportError:
        return None
    return int(psutil.Process().memory_info().rss)
