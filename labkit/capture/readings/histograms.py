"""Histograms of many tensors at once, computed on their device.

The tensors are concatenated, and every element is counted in the bin of its value and its tensor,
so that the number of operations does not depend on the number of parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import torch

from labkit.capture.elements import spaced
from labkit.capture.readings.norms import stored_real
from labkit.run.histograms import HISTOGRAM_BINS, HISTOGRAM_LOW

WIDTH = 2 * HISTOGRAM_BINS + 4
"""Number of values that are returned for each tensor."""

_CHUNK_SIZES = {"cpu": 2**15, "cuda": 2**19}
"""Number of elements that are concatenated: on a CPU as many as fit into its caches. Tensors on
other devices are not concatenated, as not all of them support reductions by segments."""
_SAMPLE_ABOVE = 2**18
"""Tensors with more elements are sampled."""
_SAMPLED = 2**16
"""Size of a sample: the count of a bin with 1 % of the elements has an error of about 4 %."""
_MANTISSA_BITS, _EXPONENTS, _BIAS = 23, 255, 127
"""Layout of an IEEE 754 float32: in a non-finite number all bits of the exponent are 1."""
_MIN_WIDTH = 1e-36
"""Minimum range of values by which the number of bins can be divided."""
_BELOW, _ABOVE = 0, HISTOGRAM_BINS + 1
_ZERO, _NOT_FINITE = HISTOGRAM_BINS + 2, HISTOGRAM_BINS + 3
_CODES = HISTOGRAM_BINS + 4


def distributions(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return two histograms of each tensor, its range, and its fractions of zeros and non-finite.

    Of a tensor with more than 2**18 elements, 2**16 evenly spaced elements are counted. The counts
    are scaled to the number of elements, and the range is that of the sample. Thus the memory does
    not grow with the size of a tensor.

    Parameters
    ----------
    tensors : sequence of Tensor
        On one device, not empty; any shapes, dtypes and layouts, converted to float32. Complex
        tensors are counted as real and imaginary parts, sparse ones without their zeros.

    Returns
    -------
    Tensor, shape (n_tensors, 84), dtype float32
        40 counts of magnitudes in bins of one power of two, from 2**-30 to 2**10; 40 counts of the
        finite values in bins of equal width; the minimum and the maximum of the finite values; the
        fractions, 0 to 1, of zeros and of non-finite values. On the device of the tensors, without
        blocking.

    Examples
    --------
    >>> (found,) = distributions([torch.tensor([-1.0, 1.0, 3.0, 0.0])])
    >>> int(found[:40].sum()), found[40:80].nonzero().flatten().tolist()
    (3, [0, 10, 20, 39])
    >>> found[80:].tolist()
    [-1.0, 3.0, 0.25, 0.0]
    """
    factors: list[float] = []
    rows = (_read(tensor, factors) for tensor in tensors)
    result = torch.cat(
        [_chunk_distributions(chunk) for chunk in _chunks(rows, tensors[0].device.type)]
    )
    for place, factor in enumerate(factors):
        if factor > 1:
            result[place, : 2 * HISTOGRAM_BINS].mul_(factor).round_()
    return result


def counted_elements(tensor: torch.Tensor) -> int:
    """Return the number of elements of a tensor that are counted for its histograms."""
    count = tensor.numel()
    return _SAMPLED if count > _SAMPLE_ABOVE else count


def _read(tensor: torch.Tensor, factors: list[float]) -> torch.Tensor:
    """Return the elements to count, shape (n,), dtype float32; append their scale to `factors`."""
    values = stored_real(tensor.detach())
    read = spaced(values, _SAMPLED) if values.numel() > _SAMPLE_ABOVE else values.reshape(-1)
    factors.append(values.numel() / max(1, len(read)))
    return read.float()


def _chunks(tensors: Iterable[torch.Tensor], device: str) -> Iterator[list[torch.Tensor]]:
    chunk: list[torch.Tensor] = []
    size, max_count = 0, _CHUNK_SIZES.get(device, 0)
    for tensor in tensors:
        if chunk and size + len(tensor) > max_count:
            yield chunk
            chunk, size = [], 0
        chunk.append(tensor)
        size += len(tensor)
    yield chunk


def _chunk_distributions(tensors: list[torch.Tensor]) -> torch.Tensor:
    values = torch.cat(tensors) if len(tensors) > 1 else tensors[0].contiguous()
    lengths = torch.tensor([len(tensor) for tensor in tensors], device="cpu")
    lengths = lengths.to(values.device, non_blocking=True)

    exponents = (values.view(torch.int32) >> _MANTISSA_BITS).bitwise_and_(_EXPONENTS)
    non_finite = exponents == _EXPONENTS
    codes = exponents.sub_(_BIAS + int(HISTOGRAM_LOW) - 1).clamp_(_BELOW, _ABOVE)
    codes.masked_fill_(values == 0, _ZERO).masked_fill_(non_finite, _NOT_FINITE)
    counts = _counted(codes, lengths, _CODES)

    low = _extreme("min", values.masked_fill(non_finite, torch.inf), lengths)
    high = _extreme("max", values.masked_fill(non_finite, -torch.inf), lengths)
    width = torch.clamp(high - low, min=_MIN_WIDTH)
    places = (values - _per_element(low, lengths, values)).mul_(
        _per_element(HISTOGRAM_BINS / width, lengths, values)
    )
    places.nan_to_num_(0.0).clamp_(0, HISTOGRAM_BINS - 1).masked_fill_(non_finite, HISTOGRAM_BINS)
    linear = _counted(places.int(), lengths, HISTOGRAM_BINS + 1)

    ends = torch.stack([low, high], dim=1)
    parts = counts[:, [_ZERO, _NOT_FINITE]] / lengths[:, None]
    return torch.cat([counts[:, 1:_ABOVE], linear[:, :HISTOGRAM_BINS], ends, parts], dim=1)


def _per_element(each: torch.Tensor, lengths: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """Return one value for each tensor, shape (n_tensors,), repeated for each of its elements."""
    if len(each) == 1:
        return each
    return torch.repeat_interleave(each, lengths, output_size=len(values))


def _counted(codes: torch.Tensor, lengths: torch.Tensor, columns: int) -> torch.Tensor:
    """Return the number of occurrences of each code in each tensor, shape (n_tensors, columns)."""
    rows = len(lengths)
    first = torch.arange(0, rows * columns, columns, dtype=torch.int32, device=codes.device)
    codes = codes.add_(_per_element(first, lengths, codes))
    if codes.is_cpu:
        found = torch.bincount(codes, minlength=rows * columns)
    else:  # bincount would synchronize with the device
        codes = codes.long()
        found = torch.zeros(rows * columns, dtype=torch.int64, device=codes.device)
        found.scatter_add_(0, codes, torch.ones_like(codes))
    return found.float().reshape(rows, columns)


def _extreme(
    which: Literal["min", "max"], values: torch.Tensor, lengths: torch.Tensor
) -> torch.Tensor:
    if len(lengths) == 1:
        return (values.amin() if which == "min" else values.amax()).reshape(1)
    return torch.segment_reduce(values, which, lengths=lengths, unsafe=True)
