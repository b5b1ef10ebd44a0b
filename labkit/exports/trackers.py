"""Hands a run over to other tools through the user's own client: W&B, Trackio, MLflow."""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Container, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from labkit.exports.recorded_rows import (
    WallTimes,
    configuration,
    recorded_series,
    rows_by_step,
)
from labkit.run import Run
from labkit.run.logged.sample import LoggedSample
from labkit.run.optional import import_optional

_EVEN_BINS = "grad_linear/"
_MLFLOW_KEY = re.compile(r"[^\w.\- /]")
_MAX_KEY, _MAX_PARAMETER = 250, 500
_BATCH = 1000
"""Maximum number of metrics in one request to MLflow."""
_SUFFIXES = {"image": "png", "text": "txt", "plotly": "json"}


def to_wandb(run: Run, client: Any) -> None:
    """Log a run in a run of W&B: series, histograms of gradients, images, texts, configuration.

    Parameters
    ----------
    run : Run
        Ended or not.
    client : wandb.Run
        What ``wandb.init(...)`` returned. It should be new, as W&B takes only rising steps. It is
        not finished, so that more can be logged in it.

    Raises
    ------
    ImportError
        If wandb is not installed.
    TypeError
        If `client` cannot log.

    Notes
    -----
    Nothing is sent but by the client: with ``wandb.init(mode="offline")`` nothing leaves the
    machine.
    """
    wandb = import_optional("wandb", needed_by="to_wandb()")
    _check(client, "log", "to_wandb(run, wandb.init())")
    client.config.update(_missing(configuration(run), dict(client.config)))
    extras = _samples_by_step(run, lambda sample: _wandb_value(wandb, sample))
    for name, step, edges, counts in _histograms(run):
        value = wandb.Histogram(np_histogram=(counts, edges))
        extras.setdefault(step, {})[f"histograms/{name}"] = value
    _log_rows(run, client, extras)


def to_trackio(run: Run, client: Any) -> None:
    """Log the series and the texts of a run, and its configuration, in a run of Trackio.

    Parameters
    ----------
    run : Run
        Ended or not.
    client : trackio.Run
        What ``trackio.init(...)`` returned; it is not finished.

    Raises
    ------
    TypeError
        If `client` cannot log.
    """
    _check(client, "log", 'to_trackio(run, trackio.init(project="labkit"))')
    texts = _samples_by_step(run, lambda sample: sample.text if sample.kind == "text" else None)
    client.config.update(_missing(configuration(run), client.config))
    _log_rows(run, client, texts)


def to_mlflow(run: Run, client: Any, run_id: str) -> None:
    """Log a run in a run of MLflow: series, configuration, and images, texts and figures as files.

    MLflow takes letters, digits and ``_ - . /`` and spaces in names; other characters become
    underscores.

    Parameters
    ----------
    run : Run
        Ended or not.
    client : mlflow.MlflowClient
    run_id : str
        Of a run that exists, for example ``mlflow.active_run().info.run_id``.

    Raises
    ------
    ImportError
        If mlflow is not installed.
    TypeError
        If `client` cannot log.
    """
    entities = import_optional("mlflow.entities", needed_by="to_mlflow()")
    _check(client, "log_batch", "to_mlflow(run, mlflow.MlflowClient(), run_id)")
    series, times = recorded_series(run), WallTimes(run)
    metrics = (
        entities.Metric(_mlflow_key(name), value, int(1000 * times.at(step)), step)
        for step, row in rows_by_step(series)
        for name, value in row.items()
    )
    for batch in _batches(metrics, _BATCH):
        client.log_batch(run_id, metrics=batch)
    config = {_mlflow_key(name): value for name, value in configuration(run).items()}
    for name, value in _missing(config, client.get_run(run_id).data.params).items():
        client.log_param(run_id, name, str(value)[:_MAX_PARAMETER])
    with tempfile.TemporaryDirectory() as folder:
        for each in run.sample_log.series():
            key = _mlflow_key(each.name).strip("/. ") or "sample"
            for sample in run.sample_log.samples(each.name):
                file = Path(folder) / f"step_{sample.step}.{_SUFFIXES[sample.kind]}"
                file.write_bytes(sample.content)
                client.log_artifact(run_id, str(file), f"samples/{key}")


def _log_rows(run: Run, client: Any, extras: dict[int, dict[str, Any]]) -> None:
    """Log what belongs to a step in one call, in ascending order of the steps."""
    rows = dict(rows_by_step(recorded_series(run)))
    for step in sorted({*rows, *extras}):
        client.log({**rows.get(step, {}), **extras.get(step, {})}, step=step)


def _missing(config: dict[str, Any], present: Container[str]) -> dict[str, Any]:
    """Return what the other tool does not have already: the clients refuse to change a value."""
    return {name: value for name, value in config.items() if name not in present}


def _samples_by_step(run: Run, value_of: Any) -> dict[int, dict[str, Any]]:
    """Return the samples as the values of a client, by step; those without a value are left out."""
    found: dict[int, dict[str, Any]] = {}
    for each in run.sample_log.series():
        for sample in run.sample_log.samples(each.name):
            value = value_of(sample)
            if value is not None:
                found.setdefault(sample.step, {})[sample.name] = value
    return found


def _wandb_value(wandb: Any, sample: LoggedSample) -> Any:
    if sample.kind == "text":
        return wandb.Table(columns=[sample.name], data=[[sample.text]])
    if sample.kind == "plotly":
        plotly_io = import_optional("plotly.io", needed_by="to_wandb()")
        return wandb.Plotly(plotly_io.from_json(sample.text))
    image = import_optional("PIL.Image", needed_by="to_wandb()", package="pillow")
    picture = image.open(io.BytesIO(sample.content))
    return wandb.Image(picture, caption=sample.description or None)


def _histograms(run: Run) -> Iterable[tuple[str, int, Any, Any]]:
    for name in run.histograms.names():
        if name.startswith(_EVEN_BINS):
            log = run.histograms.read(name)
            for step, edges, counts in zip(log.steps.tolist(), log.edges, log.counts, strict=True):
                yield name.removeprefix(_EVEN_BINS), step, edges, counts


def _check(client: Any, method: str, example: str) -> None:
    if not callable(getattr(client, method, None)):
        raise TypeError(
            f"{type(client).__name__} has no method {method!r}. Example: lk.exports.{example}"
        )


def _mlflow_key(name: str) -> str:
    """Return a name that MLflow takes.

    Examples
    --------
    >>> _mlflow_key("a<b>/c"), _mlflow_key("")
    ('a_b_/c', '_')
    """
    return _MLFLOW_KEY.sub("_", name)[:_MAX_KEY] or "_"


def _batches(items: Iterable[Any], size: int) -> Iterable[list[Any]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
