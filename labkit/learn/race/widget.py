"""The widget in which optimizers race: a map, every optimizer's way over it, and its state.

The whole race is run by the kernel when it is made, and again whenever the page wants another
start, rate or surface; the page then plays it at any speed, forward and step by step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import traitlets

from labkit.learn.queries import QueriedWidget
from labkit.learn.race.entries import as_lane, as_map
from labkit.learn.race.running import Lane, Make, failure, run_lane
from labkit.learn.race.still import race_svg, race_text
from labkit.learn.race.surfaces import SURFACES, Axis, HeightMap, Surface, height_map
from labkit.views.assets import small_script
from labkit.views.saved_output import view_data

if TYPE_CHECKING:
    from labkit.learn.race.running import StepLoss
    from labkit.learn.race.surfaces import Loss

_MOST_STEPS, _MOST_LANES = 2000, 8


class OptimizerRace(QueriedWidget):
    """Optimizers of torch on one loss of two parameters, from one start.

    Parameters
    ----------
    surface : {"ravine", "turned ravine", "saddle", "banana"} or callable
        A named loss, or one that takes two tensors without dimensions and returns one.
    optimizers : dict of str to callable, optional
        Each takes a list with one parameter and returns an optimizer, or an optimizer and its
        scheduler; by default SGD, momentum, RMSprop and Adam.
    first, second : (str, float, float), optional
        Name and range of each parameter; needed with a loss of your own.
    start : (float, float), optional
        Where all begin; by default the start of the surface, or the middle of the map.
    steps : int
        The number of steps, up to 2000.
    step_loss : callable, optional
        Takes the two parameters and the number of the step; the steps use its gradient (of a
        minibatch, say), while the map shows the loss.

    Examples
    --------
    >>> import torch
    >>> race = OptimizerRace("ravine", {"SGD": lambda p: torch.optim.SGD(p, lr=0.03)}, steps=50)
    >>> race["SGD"].steps, race["SGD"].arrival(1.0)
    (50, 35)
    >>> print(race)
    Race on the ravine from (-4, 1), 50 steps.
    SGD, lr 0.03: from a loss of 33 to 0.38.
    """

    surface = traitlets.Unicode().tag(sync=True)
    surfaces = traitlets.List(traitlets.Unicode()).tag(sync=True)
    map = traitlets.Dict().tag(sync=True)
    start = traitlets.List(traitlets.Float()).tag(sync=True)
    steps = traitlets.Int().tag(sync=True)
    lanes = traitlets.List(traitlets.Dict()).tag(sync=True)

    def __init__(
        self,
        surface: str | Loss = "ravine",
        optimizers: Mapping[str, Make] | None = None,
        *,
        first: Axis | None = None,
        second: Axis | None = None,
        start: tuple[float, float] | None = None,
        steps: int = 120,
        step_loss: StepLoss | None = None,
    ) -> None:
        chosen = _chosen(surface, first, second, start)
        self._step_loss = step_loss
        self._makes = dict(_usual() if optimizers is None else optimizers)
        _validate(self._makes, steps)
        known = {} if step_loss is not None else SURFACES
        self._surfaces = {chosen.name: chosen, **{k: s for k, s in known.items() if s != chosen}}
        self._maps: dict[str, HeightMap] = {}
        self._rates: dict[str, float] = {}
        self._results: dict[str, Lane] = {}
        super().__init__(steps=steps, surfaces=list(self._surfaces), _esm=small_script("race.js"))
        self.run(surface=chosen.name, start=start)
        self.answer_queries(start=self.start, rates={}, surface=chosen.name)

    def run(
        self,
        surface: str | None = None,
        start: tuple[float, float] | None = None,
        rates: Mapping[str, float] | None = None,
    ) -> OptimizerRace:
        """Run the race again.

        Parameters
        ----------
        surface : str, optional
            Another surface of the race's menu; then the start is the usual one of this surface.
        start : (float, float), optional
            Another start.
        rates : dict of str to float, optional
            Other learning rates, by the names of the optimizers.
        """
        drawn = self._surfaces[self.surface if surface is None else surface]
        if start is None:
            start = (self.start[0], self.start[1]) if drawn.name == self.surface else drawn.start
        begin = (float(start[0]), float(start[1]))
        wanted = {**self._rates, **(rates or {})}
        results = {
            name: run_lane(name, make, drawn, begin, self.steps, wanted.get(name), self._step_loss)
            for name, make in self._makes.items()
        }
        if drawn.name not in self._maps:
            self._maps[drawn.name] = height_map(drawn)
        self._rates, self._results = wanted, results
        with self.hold_sync():
            self.surface, self.start, self.said = drawn.name, list(begin), ""
            self.map = dict(as_map(drawn, self._maps[drawn.name]))
            self.lanes = [dict(as_lane(lane)) for lane in results.values()]
        return self

    def __getitem__(self, name: str) -> Lane:
        """Return what the optimizer of this name did."""
        if name not in self._results:
            raise KeyError(f"there is no {name!r} in this race; there is {', '.join(self)}")
        return self._results[name]

    def __iter__(self) -> Iterator[str]:
        """Return an iterator over the names of the optimizers."""
        return iter(self._results)

    def __repr__(self) -> str:
        return race_text(self.surface, self.start, self.steps, self._results.values())

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        drawn, lanes = self._surfaces[self.surface], tuple(self._results.values())
        svg = race_svg(drawn, self._maps[drawn.name], lanes)
        still = {"text/plain": repr(self), "image/svg+xml": svg}
        return {**(data or {}), **view_data(self.model_id), **still}, metadata

    def answer_query(self, query: Mapping[str, Any]) -> str:
        """Run the race that the page wants; what is not possible is left as it is."""
        try:
            self.run(*_read(query, self._surfaces, self._makes))
        except Exception as error:  # noqa: BLE001 - a learner's loss may raise anything
            return failure(error)
        return ""


def _chosen(
    surface: str | Loss, first: Axis | None, second: Axis | None, start: tuple[float, float] | None
) -> Surface:
    """Return the surface that the race begins with."""
    if isinstance(surface, str):
        if surface not in SURFACES:
            raise ValueError(f"there is no surface {surface!r}; there is {', '.join(SURFACES)}")
        return SURFACES[surface]
    if first is None or second is None:
        raise ValueError(
            "a loss of your own needs the ranges of its map, as in "
            'OptimizerRace(loss, first=("w", -1, 5), second=("b", -2, 4))'
        )
    for name, low, high in (first, second):
        if not low < high:
            raise ValueError(f"{name} runs from {low} to {high}; give the lower end first")
    name = getattr(surface, "__name__", "")
    middle = ((first[1] + first[2]) / 2, (second[1] + second[2]) / 2)
    named = name.replace("_", " ") if name.isidentifier() and name not in SURFACES else "loss"
    return Surface(named, surface, first, second, start or middle)


def _validate(makes: Mapping[str, Callable[..., Any]], steps: int) -> None:
    if not 1 <= len(makes) <= _MOST_LANES:
        raise ValueError(f"1 to {_MOST_LANES} optimizers race; got {len(makes)}")
    if not 1 <= steps <= _MOST_STEPS:
        raise ValueError(f"steps is a number from 1 to {_MOST_STEPS}; got {steps}")


def _usual() -> dict[str, Make]:
    from torch import optim

    return {
        "SGD": lambda p: optim.SGD(p, lr=0.03),
        "momentum": lambda p: optim.SGD(p, lr=0.01, momentum=0.9),
        "RMSprop": lambda p: optim.RMSprop(p, lr=0.1),
        "Adam": lambda p: optim.Adam(p, lr=0.3),
    }


def _read(
    query: Mapping[str, Any], surfaces: Mapping[str, Surface], makes: Mapping[str, Make]
) -> tuple[str | None, tuple[float, float] | None, dict[str, float]]:
    """Return the surface, the start and the rates that a page wants, without what is no number."""
    surface, start = query.get("surface"), query.get("start")
    place = None
    if isinstance(start, list) and len(start) == len(("first", "second")):
        x, y = (_number(value) for value in start)
        place = (x, y) if x is not None and y is not None else None
    asked = query.get("rates")
    rates = {
        name: rate
        for name, value in (asked.items() if isinstance(asked, dict) else ())
        if name in makes and (rate := _number(value)) is not None and rate >= 0
    }
    return (surface if surface in surfaces else None), place, rates


def _number(value: object) -> float | None:
    known = isinstance(value, (int, float)) and math.isfinite(value)
    return float(value) if known else None  # type: ignore[arg-type]
