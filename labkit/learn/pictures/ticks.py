"""Round numbers for the ticks of an axis."""

from __future__ import annotations

import math

_MOST_DECADES = 6


def round_ticks(low: float, high: float, about: int) -> list[float]:
    """Return about so many round numbers from `low` to `high`.

    Examples
    --------
    >>> round_ticks(0, 2.5, 4)
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    """
    rough = (high - low) / about
    power = 10 ** math.floor(math.log10(rough))
    step = min(
        (factor * power for factor in (1, 2, 5, 10)), key=lambda each: abs(math.log(each / rough))
    )
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{place * step:.6g}") for place in range(first, last + 1)]


def decades(low: float, high: float) -> list[float]:
    """Return powers of ten from `low` to `high`, at most six or so.

    Examples
    --------
    >>> decades(0.001, 1)
    [0.001, 0.01, 0.1, 1.0]
    """
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    every = max(1, math.ceil((last - first) / _MOST_DECADES))
    return [float(f"1e{power}") for power in range(first, last + 1, every)]
