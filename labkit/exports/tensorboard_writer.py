"""Writes a run as event files of TensorBoard, with tensorboardX."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from typing import Any

import numpy as np

from labkit.exports.places import target
from labkit.exports.recorded_rows import (
    WallTimes,
    configuration,
    recorded_series,
    rows_by_step,
)
from labkit.run import Run
from labkit.run.logged.sample import LoggedSample
from labkit.run.optional import import_optional
from labkit.run.printable import encodable

_EVEN_BINS = "grad_linear/"


def to_tensorboard(run: Run, folder: str | PathLike[str]) -> None:
    """Write a run for TensorBoard: series, histograms of gradients, images, texts, configuration.

    Figures of plotly that were logged are not written, as TensorBoard shows none.

    Parameters
    ----------
    run : Run
        Ended or not.
    folder : str or path
        Created if necessary; a further file is added to an existing folder.

    Raises
    ------
    ImportError
        If tensorboardX is not installed.

    Examples
    --------
    >>> import tempfile
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_tensorboard(run, folder)
    ...     from labkit.exports import from_tensorboard
    ...     from_tensorboard(folder).series("accuracy")[1].tolist()
    [0.5]
    """
    import_optional("tensorboardX", needed_by="to_tensorboard()")
    series, times = recorded_series(run), WallTimes(run)
    with _writer(folder) as writer:
        _write_configuration(writer, configuration(run))
        for step, row in rows_by_step(series):
            _write_scalars(writer, step, row, times.at(step))
        _write_histograms(writer, run, times)
        for each in run.sample_log.series():
            for sample in run.sample_log.samples(each.name):
                _write_sample(writer, sample, times.at(sample.step))


@contextmanager
def _writer(folder: str | PathLike[str]) -> Iterator[Any]:
    from tensorboardX import SummaryWriter

    logger = logging.getLogger("tensorboardX")
    before = logger.level
    logger.setLevel(logging.ERROR)  # it warns of each value that is NaN or infinite
    writer = SummaryWriter(fspath(target(folder)))
    try:
        yield writer
    finally:
        writer.close()
        logger.setLevel(before)


def _write_scalars(writer: Any, step: int, row: dict[str, float], seconds: float) -> None:
    """Write the values of a step as one event: an event for each takes many times as long."""
    from tensorboardX.proto.summary_pb2 import Summary

    values = [Summary.Value(tag=name, simple_value=value) for name, value in row.items()]
    writer.file_writer.add_summary(Summary(value=values), step, seconds)


def _write_histograms(writer: Any, run: Run, times: WallTimes) -> None:
    """Write the histograms whose bins are even, as the others have no signs."""
    for name in run.histograms.names():
        if not name.startswith(_EVEN_BINS):
            continue
        log = run.histograms.read(name)
        for step, edges, counts in zip(log.steps.tolist(), log.edges, log.counts, strict=True):
            centres = (edges[1:] + edges[:-1]) / 2
            writer.add_histogram_raw(
                encodable(f"grad/{name.removeprefix(_EVEN_BINS)}"),
                min=float(edges[0]),
                max=float(edges[-1]),
                num=int(counts.sum()),
                sum=float(centres @ counts),
                sum_squares=float(np.square(centres) @ counts),
                bucket_limits=edges[1:].tolist(),
                bucket_counts=counts.tolist(),
                global_step=step,
                walltime=times.at(step),
            )


def _write_sample(writer: Any, sample: LoggedSample, seconds: float) -> None:
    if sample.kind == "text":
        # TensorBoard takes a text as Markdown, and loads the images in it, unless it is indented.
        lines = "".join(f"    {line}\n" for line in sample.text.splitlines())
        writer.add_text(encodable(sample.name), lines, sample.step, walltime=seconds)
    elif sample.kind == "image":
        from tensorboardX.proto.summary_pb2 import Summary

        # The bytes of the file are written as they are, so that no library has to decode them.
        image = Summary.Image(
            height=sample.height, width=sample.width, encoded_image_string=sample.content
        )
        summary = Summary(value=[Summary.Value(tag=encodable(sample.name), image=image)])
        writer.file_writer.add_summary(summary, sample.step, seconds)


def _write_configuration(writer: Any, config: dict[str, Any]) -> None:
    """Write the configuration for the page of hyperparameters, values of other types as text."""
    if not config:
        return
    from tensorboardX.summary import hparams

    plain = {
        encodable(name): value if isinstance(value, (bool, int, float)) else encodable(str(value))
        for name, value in config.items()
    }
    for summary in hparams(plain, {}):
        writer.file_writer.add_summary(summary)
