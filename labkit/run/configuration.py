"""The configuration and the results of a run as rows of text, by which runs are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import numpy as np

from labkit.run.config import plain_config
from labkit.run.run import Run
from labkit.run.run_setup import GroupSetup, RunSetup, SchedulerSetup
from labkit.run.state import ModelFacts

LOSS_NODE = "loss"
_MAX_CONFIG_ROWS = 200
_MAX_LETTERS = 200
_NEWEST_NODES = 64
"""Number of nodes, the newest, among which the loss is searched: a graph may have thousands."""


class Configured(Protocol):
    """The attributes that the configuration of a run is read from."""

    @property
    def config(self) -> Mapping[str, Any]:
        """What the user gave as the configuration."""

    @property
    def note(self) -> str:
        """The user's note."""

    @property
    def environment(self) -> Mapping[str, str]:
        """Versions, machine, program and commit."""

    @property
    def model(self) -> ModelFacts:
        """The device and the numbers of parameters."""

    @property
    def setup(self) -> RunSetup:
        """The classes and hyperparameters at the start."""


def configuration_of(run: Run) -> dict[str, str]:
    """Return what a run was configured with, in the order in which it is displayed.

    These are what the user gave as ``config``, the note, what was recorded of the model and its
    optimizers, and the environment. Hyperparameters are those at the start of the run; changes by a
    scheduler are series.

    Parameters
    ----------
    run : Run
        Running or ended.

    Returns
    -------
    dict of str to str
        Rows by name. What is unknown has no row.

    Examples
    --------
    >>> from labkit.run.run_setup import GroupSetup
    >>> run = Run("demo")
    >>> run.add_group_setups([GroupSetup("0", "SGD", {"lr": "0.1"})])
    >>> configuration_of(run)
    {'optimizer': 'SGD', 'lr': '0.1', 'device': 'unknown'}
    >>> run.config = {"data": {"size": 128}}
    >>> configuration_of(run)["config.data.size"]
    '128'
    """
    return configuration_rows(run, _last_operation(run))


def configuration_rows(run: Configured, last_operation: str | None = None) -> dict[str, str]:
    """Return the rows of `configuration_of` for a run of which only the description is known.

    Parameters
    ----------
    run : Configured
    last_operation : str, optional
        The operation whose result is the loss; given as the loss function if none was named.
    """
    setup, facts = run.setup, run.model
    rows = {
        **dict(islice(_config_rows(plain_config(run.config), "config"), _MAX_CONFIG_ROWS)),
        "note": _cut(str(run.note or "")),
        "model": _by_label(setup.models),
        "parameters": f"{facts.parameters:,}" if facts.parameters else "",
        "trainable parameters": f"{facts.trainable:,}" if facts.parameters else "",
        "loss function": setup.loss_function or last_operation or "",
        **_optimizer_rows(setup.groups),
        **_scheduler_rows(setup.schedulers),
        "device": facts.device,
        "dtype": ", ".join(setup.dtypes),
        **run.environment,
    }
    return {_cut(name): _cut(text) for name, text in rows.items() if text}


def results_of(run: Run) -> dict[str, str]:
    """Return what a run has come to: its status, length, speed, and its losses and metrics.

    Parameters
    ----------
    run : Run
        Running or ended.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5)
    >>> results_of(run)["accuracy, last"]
    '0.5'
    """
    state = run.state()
    rate = state.steps_per_second
    rows = {
        "status": state.status,
        "steps": f"{state.step:,}",
        "time per step": f"{1000 / rate:.3g} ms" if rate else "",
    }
    for name in (name for name in run.names() if "/" not in name or name.startswith("loss/")):
        values = run.series(name)[1]
        finite = values[np.isfinite(values)]
        rows[f"{name}, last"] = f"{values[-1]:.4g}" if len(values) else ""
        rows[f"{name}, lowest"] = f"{finite.min():.4g}" if len(finite) else ""
        if LOSS_NODE not in name:
            rows[f"{name}, highest"] = f"{finite.max():.4g}" if len(finite) else ""
    return {name: text for name, text in rows.items() if text}


def differing(columns: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the names of the rows that are not the same in all columns, in their order.

    Examples
    --------
    >>> differing([{"lr": "0.1", "device": "cpu"}, {"lr": "0.2", "device": "cpu"}])
    ['lr']
    """
    names = dict.fromkeys(name for column in columns for name in column)
    return [name for name in names if len({column.get(name) for column in columns}) > 1]


def _config_rows(config: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield the values of nested mappings by their paths."""
    for name, value in config.items():
        key = f"{path}.{name}"
        if isinstance(value, Mapping) and value:
            yield from _config_rows(value, key)
        else:
            is_float = isinstance(value, float)
            yield key, (f"{value:.6g}" if is_float else str(value)) or "''"


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LETTERS else f"{text[:_MAX_LETTERS]}…"


def _by_label(models: Mapping[str, str]) -> str:
    return ", ".join(f"{label}: {kind}" if label else kind for label, kind in models.items())


def _optimizer_rows(groups: Sequence[GroupSetup]) -> dict[str, str]:
    rows = {"optimizer": ", ".join(dict.fromkeys(group.optimizer for group in groups))}
    names = dict.fromkeys(name for group in groups for name in group.values)
    for name in names:
        found = {group.name: group.values[name] for group in groups if name in group.values}
        if len(groups) == 1 or len(set(found.values())) == 1:
            rows[name] = next(iter(found.values()))
        else:
            rows |= {f"{name}, group {group}": text for group, text in found.items()}
    return rows


def _scheduler_rows(schedulers: Sequence[SchedulerSetup]) -> dict[str, str]:
    rows = {"scheduler": ", ".join(each.name for each in schedulers)}
    for each in schedulers:
        rows |= {f"{each.name}.{name}": text for name, text in each.values.items()}
    return rows


def _last_operation(run: Run) -> str | None:
    """Return the operation whose result is the newest loss, by its name in the graph."""
    graph = run.graph
    if graph is None:
        return None
    newest = {node.id: node for node in graph.nodes[-_NEWEST_NODES:]}
    losses = [node.id for node in newest.values() if (node.op, node.kind) == (LOSS_NODE, "output")]
    sources = [
        newest[edge.source].op
        for edge in graph.edges[-_NEWEST_NODES:]
        if edge.target in losses and edge.source in newest
    ]
    return sources[-1] if sources else None
