"""The widget: the lines of a loop with their switches, and the curves of two runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import traitlets

from labkit.learn.loop_switches.run import LoopRun, finite, run_loop
from labkit.learn.loop_switches.source import LoopSource, with_own_globals
from labkit.learn.loop_switches.still import still_picture
from labkit.learn.queries import QueriedWidget
from labkit.views.assets import small_script
from labkit.views.messages.loop import LoopCurves, LoopLine
from labkit.views.saved_output import view_data


class LoopSwitches(QueriedWidget):
    """A training loop whose lines can be switched off, with the curves of the runs.

    A switch trains twice from the same start: with all lines, and without those that are off. Both
    runs are real; nothing is simulated. Names of the notebook have the values that they had when
    this was created.

    Parameters
    ----------
    train : callable
        The loop. Its last argument is `record`, a function that takes numbers by their name, as
        ``record(loss=loss.item())``; the lines that call it have no switch.
    fresh : callable
        Returns the other arguments as a tuple, such as a new model and its optimizer. It sets the
        seed, so that the runs begin alike.

    Examples
    --------
    >>> def count(step, record):
    ...     total = 0
    ...     for _ in range(3):
    ...         total += step
    ...         record(total=total)
    >>> switches = LoopSwitches(count, lambda: (2,))
    >>> switches.run().values("total"), switches.run("total +=").values("total")
    ([2.0, 4.0, 6.0], [0.0, 0.0, 0.0])
    """

    lines: traitlets.List[Any] = traitlets.List().tag(sync=True)
    off = traitlets.List(traitlets.Int()).tag(sync=True)
    runs: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, train: Callable[..., Any], fresh: Callable[[], tuple[Any, ...]]) -> None:
        self._source = LoopSource(train)
        self._fresh = with_own_globals(fresh)
        self._training = threading.Lock()
        self._whole: LoopRun | None = None
        super().__init__(lines=self._shown_lines(), _esm=small_script("loop.js"))
        self.answer_queries(off=[])

    def run(self, *without: str) -> LoopRun:
        """Train from the start without some lines, and return what the loop reported.

        Parameters
        ----------
        *without : str
            The lines, or how they begin, as ``"optimizer.zero_grad()"``; none for all lines.

        Raises
        ------
        ValueError
            If a text is not the begin of a line that has a switch.
        """
        return self._train(self._source.numbers(without))

    def _train(self, off: tuple[int, ...]) -> LoopRun:
        with self._training:
            if off:
                return run_loop(self._source, self._fresh, off)
            if self._whole is None:
                self._whole = run_loop(self._source, self._fresh, ())
            return self._whole

    def _repr_mimebundle_(self, **options: Any) -> Any:
        if not self.runs:
            self.said = self._show_runs()
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        still = {
            "text/plain": f"A training loop with switches. {self.said}",
            "image/svg+xml": still_picture(self.lines, self.off, self.runs),
        }
        return {**(data or {}), **view_data(self.model_id), **still}, metadata

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Train without the lines that the page has switched off."""
        asked = query.get("off")
        numbers = [line.number for line in self._source.lines if line.has_switch]
        self.off = [each for each in numbers if isinstance(asked, list) and each in asked]
        return self._show_runs()

    def _show_runs(self) -> str:
        shown = [self._train(())]
        if self.off:
            shown.append(self._train(tuple(sorted(self.off))))
        self.runs = [_curves(run) for run in shown]
        return _sentence(shown)

    def _shown_lines(self) -> list[LoopLine]:
        return [
            {"number": line.number, "text": line.text, "has_switch": line.has_switch}
            for line in self._source.lines
        ]


def _curves(run: LoopRun) -> LoopCurves:
    return {
        "label": run.label,
        "series": [
            {
                "name": name,
                "steps": [step for step, _ in points],
                "values": [finite(value) for _, value in points],
            }
            for name, points in run.series.items()
        ],
        "error": run.error,
    }


def _sentence(runs: list[LoopRun]) -> str:
    if len(runs) == 1:
        return repr(runs[0]) + ". Switch a line off to train without it."
    same = runs[0].series == runs[1].series and not any(run.error for run in runs)
    if same:
        return f"{runs[1]}. Each number is exactly the same as with all lines."
    return f"{runs[0]}. {runs[1]}."
