"""What a run has figures of, and the search by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from labkit.exports.figures.splits import split_of
from labkit.run import Run
from labkit.run.activations import PictureKind
from labkit.run.series.kinds import SAMPLED_KINDS, series_name

LEARNING_RATE = "lr"
GRADIENTS = "histograms"
ACTIVATIONS = "activations"
_LOSS = "loss"
_HISTOGRAM_PREFIX = "grad/"
_MAX_LISTED = 12


@dataclass(frozen=True)
class Curves:
    """Series that share a panel: a loss with its validation loss, or one series of any kind.

    Attributes
    ----------
    key : str
        The name without the part of the data, which remains when further series are recorded.
    title : str
    series : tuple of str
        Names, as of `Run.series`.
    """

    key: str
    title: str
    series: tuple[str, ...]


@dataclass(frozen=True)
class Family:
    """The series of one kind, one per parameter or module.

    Attributes
    ----------
    kind : str
    names : tuple of str
        Names of the parameters or modules.
    """

    kind: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class GradientHistograms:
    """Histograms of the gradients: of one parameter over the steps, or of all at one step.

    Attributes
    ----------
    parameter : str or None
        None for all.
    """

    parameter: str | None


@dataclass(frozen=True)
class Activations:
    """The pictures of one module and kind."""

    module: str
    kind: PictureKind


Subject = Curves | Family | GradientHistograms | Activations


def curves(run: Run) -> list[Curves]:
    """Return the panels of the curves: the losses, then the metrics, then the learning rates.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5, val_accuracy=0.4, f1=0.3)
    >>> [(panel.title, panel.series) for panel in curves(run)]
    [('accuracy', ('accuracy', 'val_accuracy')), ('f1', ('f1',))]
    """
    recorded = set(run.names())
    groups: dict[str, tuple[str, list[str]]] = {_LOSS: (_LOSS, [])}
    tables = list(run.tables.values())
    for kind in ("loss", "metric", "lr"):
        for column in (name for table in tables if table.kind == kind for name in table.names):
            name = series_name(kind, column)
            key = {"loss": _LOSS, "lr": LEARNING_RATE}.get(kind) or split_of(column).quantity
            if name in recorded:
                groups.setdefault(key.lower(), (key, []))[1].append(name)
    return [
        Curves(key, _title(key, names), tuple(names)) for key, names in groups.values() if names
    ]


def families(run: Run) -> list[Family]:
    """Return the families of series of the sampled kinds, in recorded order."""
    found: dict[str, list[str]] = {}
    for name in run.names():
        kind, slash, rest = name.partition("/")
        if slash and kind in SAMPLED_KINDS:
            found.setdefault(kind, []).append(rest)
    return [Family(kind, tuple(names)) for kind, names in found.items()]


def histogram_names(run: Run) -> list[str]:
    """Return the names of the parameters with histograms of their gradients."""
    return [
        name.removeprefix(_HISTOGRAM_PREFIX)
        for name in run.histograms.names()
        if name.startswith(_HISTOGRAM_PREFIX)
    ]


def find(run: Run, name: str) -> Subject:
    """Return what a name stands for.

    Raises
    ------
    KeyError
        If there is nothing of that name; the message lists what there is.
    """
    for panel in curves(run):
        if name in (panel.key, panel.title):
            return panel
    if name in run.names():
        return Curves(name, name, (name,))
    for family in families(run):
        if family.kind == name:
            return family
    found = _histograms(run, name) or _activations(run, name)
    if found is None:
        raise KeyError(f"the run has no figure {name!r}; there is: {_listed(names(run))}.")
    return found


def names(run: Run) -> list[str]:
    """Return the names of all figures except those of the single series.

    Examples
    --------
    >>> run = Run("demo")
    >>> run.log(accuracy=0.5, val_accuracy=0.4)
    >>> names(run)
    ['accuracy']
    """
    parameters = histogram_names(run)
    return [
        *(panel.key if panel.key == LEARNING_RATE else panel.title for panel in curves(run)),
        *(family.kind for family in families(run)),
        *([GRADIENTS] if parameters else []),
        *(f"{GRADIENTS}/{name}" for name in parameters),
        *(f"{ACTIVATIONS}/{module}/{kind}" for module, kind in run.activations.subjects()),
    ]


def _histograms(run: Run, name: str) -> GradientHistograms | None:
    parameters = histogram_names(run)
    if name == GRADIENTS and parameters:
        return GradientHistograms(None)
    parameter = name.removeprefix(f"{GRADIENTS}/")
    return GradientHistograms(parameter) if name != parameter in parameters else None


def _activations(run: Run, name: str) -> Activations | None:
    """Return the pictures of a name with or without a kind; without one, those recorded first."""
    for module, kind in run.activations.subjects():
        if name in (f"{ACTIVATIONS}/{module}", f"{ACTIVATIONS}/{module}/{kind}"):
            return Activations(module, kind)
    return None


def _title(key: str, series: list[str]) -> str:
    if key == LEARNING_RATE:
        return "learning rate"
    return series[0] if len(series) == 1 and key != _LOSS else key


def _listed(found: Iterable[str]) -> str:
    every = [repr(name if len(name) <= 80 else f"{name[:80]} …") for name in found]  # noqa: PLR2004
    if not every:
        return "nothing yet"
    more = len(every) - _MAX_LISTED
    rest = f" and {more} more (labkit.exports.figures.names(run))" if more > 0 else ""
    return ", ".join(every[:_MAX_LISTED]) + rest
