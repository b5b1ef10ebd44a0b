"""The series of a run as arrays, as a table, and as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.run.figures import figures
from labkit.run.logged.sample import LoggedSample
from labkit.run.optional import import_optional
from labkit.run.printable import encodable
from labkit.run.run_data import RunData
from labkit.run.series.series_table import Floats, SeriesTable, Steps

if TYPE_CHECKING:
    import pandas
    import plotly.graph_objects


class ReadableRun(RunData):
    """A run whose series can be read.

    Each reading first writes the rows that capture has buffered.
    """

    @property
    def tables(self) -> dict[str, SeriesTable]:
        """The tables of series, by id, with all rows up to now."""
        self._write_buffered()
        return self.recorder.tables

    def names(self) -> list[str]:
        """Return the names of all series with points, in the order of their first appearance."""
        self._write_buffered()
        return self.recorder.names()

    def series(self, name: str) -> tuple[Steps, Floats]:
        """Return the recorded points of one series.

        Parameters
        ----------
        name : str
            ``"loss"``, the name of a logged metric, ``"lr/<group>"``, ``"grad_norm/<parameter>"``
            (or ``weight_norm``, ``update_ratio``) or ``"act_mean/<module>"``; `names` returns all
            names.

        Returns
        -------
        steps : ndarray, shape (n_points,), dtype int64
            Strictly increasing, counted from 1; 0 for metrics logged before the first step.
        values : ndarray, shape (n_points,), dtype float32
            In a long run the older points are the minima and maxima of groups of steps. Sampled
            series, for example norms, have points only at the steps at which they were read. The
            loss, learning rates and metrics may be NaN or infinite.

        Raises
        ------
        KeyError
            If there is no series of that name.
        """
        self._write_buffered()
        try:
            table, column = self.recorder.find(name)
        except KeyError:
            known = ", ".join(self.recorder.names()[:12]) or "nothing yet"
            raise KeyError(
                f"no series named {name!r} was recorded; there is: {known}. "
                "run.names() lists them all."
            ) from None
        return table.points(column)

    def logged_samples(self, name: str) -> tuple[LoggedSample, ...]:
        """Return the images, texts or figures that were logged under a name.

        Parameters
        ----------
        name : str
            As passed to `Run.log`.

        Returns
        -------
        tuple of LoggedSample
            In the order of their steps. Of a long run, the first, the newest, and some between
            them: at most 256 of a name, and 32 MB of all names.

        Raises
        ------
        KeyError
            If nothing was logged under this name; the message lists the names.

        Examples
        --------
        >>> from labkit.run import Run
        >>> run = Run("demo")
        >>> run.log(prompt="a cat")
        >>> [(sample.step, sample.kind, sample.text) for sample in run.logged_samples("prompt")]
        [(0, 'text', 'a cat')]
        """
        found = self.sample_log.samples(name)
        if not found:
            known = ", ".join(each.name for each in self.sample_log.series()) or "nothing yet"
            raise KeyError(
                f"no image, text or figure named {name!r} was logged; there is: {known}."
            )
        return found

    def to_frame(self) -> pandas.DataFrame:
        """Return all series as a `pandas.DataFrame` with one row per step and one column per name.

        The index is named ``"step"``. Values are float32, NaN at steps at which a series has no
        point.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        pandas = import_optional("pandas", needed_by="run.to_frame()")
        columns = {}
        for name in self.names():
            steps, values = self.series(name)
            columns[encodable(name)] = pandas.Series(values, index=steps)
        frame = pandas.DataFrame(columns)
        frame.index.name = "step"
        return frame.sort_index()

    def figure(
        self,
        name: str | Sequence[str] | None = None,
        *,
        x: str = "step",
        log: bool | None = None,
        smoothing: float = 0.0,
        kind: str | None = None,
        step: int | None = None,
        marks: bool = True,
        theme: str = "light",
    ) -> plotly.graph_objects.Figure:
        """Return a figure of plotly in labkit's look, to restyle, combine or print.

        Parameters
        ----------
        name : str or sequence of str, optional
            What to draw: ``"loss"``, ``"accuracy"`` or another metric with the same metric on other
            parts of the data (``"val_accuracy"``), ``"lr"``; the name of one series;
            ``"grad_norm"``, ``"weight_norm"``, ``"update_ratio"``, ``"act_std"`` or another kind of
            series of all parameters or modules; ``"histograms"`` of all gradients, or
            ``"histograms/<parameter>"`` over the steps; ``"activations/<module>"``, with the kind
            of the picture after another slash if there are several. Several names of curves become
            panels; None draws all curves.
        x : {"step", "epoch", "time"}
            The horizontal axis.
        log : bool, optional
            Whether the values, or the colours of a heat map, are logarithmic. By default those of
            magnitudes of parameters and modules are, and those of curves are not.
        smoothing : float
            Strength of a moving average of curves, 0 to 1.
        kind : str, optional
            ``"lines"`` instead of ``"heat map"`` for all parameters or modules, ``"ridge"`` instead
            of ``"heat map"`` for ``"histograms/<parameter>"``.
        step : int, optional
            The newest picture or histograms up to this step are drawn; by default the newest.
        marks : bool
            Whether findings, changes that a person made, and skipped steps are marked.
        theme : {"light", "dark"}

        Returns
        -------
        plotly.graph_objects.Figure
            ``figure.write_html("loss.html")`` writes a page, ``figure.write_image("loss.pdf")`` an
            image if kaleido is installed (``pip install kaleido``).

        Raises
        ------
        KeyError
            If there is no figure of that name; the message lists what there is.
        ValueError
            If another argument is invalid, or the epochs or times of the steps are not known.
        ImportError
            If plotly is not installed.

        Examples
        --------
        >>> from labkit.run import Run
        >>> run = Run("demo")
        >>> run.log(accuracy=0.5, val_accuracy=0.4)
        >>> figure = run.figure("accuracy", log=True)
        >>> len(figure.data), figure.layout.yaxis.type
        (2, 'log')
        """
        return figures("run.figure()").figure(
            self,
            name,
            x=x,
            log=log,
            smoothing=smoothing,
            kind=kind,
            step=step,
            marks=marks,
            theme=theme,
        )

    def _write_buffered(self) -> None:
        live = self._live
        if live is not None:
            live.write()
