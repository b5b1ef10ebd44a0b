"""The attention weights of a call of a layer: those that it returns, or recomputed ones.

`nn.MultiheadAttention` returns no weights where it is called without `need_weights`, as by
`nn.TransformerEncoderLayer`. They are recomputed for the first sample of the call from the layer's
inputs and weights, with the formula that PyTorch documents, before dropout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import nn

from labkit.capture.readings.activations.readable import is_readable

_MAX_QUERIES = 32
_MAX_KEYS = 1024
"""Number of positions above which weights are not recomputed, to bound their cost."""
_ARGUMENTS = ("query", "key", "value", "key_padding_mask", "need_weights", "attn_mask")
_WITH_HEADS = 4


class AttentionWeights(NamedTuple):
    """The attention weights of one call.

    Attributes
    ----------
    values : Tensor, shape (n_samples, n_heads, n_queries, n_keys) or (n_samples, n_queries, n_keys)
        The second shape is that of weights averaged over the heads. Recomputed weights are those of
        the first sample and its first queries.
    whole : tuple of int
        The shape for all queries.
    """

    values: torch.Tensor
    whole: tuple[int, ...]


def attention_weights(
    module: nn.Module, inputs: tuple[Any, ...], keywords: Mapping[str, Any], output: Any
) -> AttentionWeights | None:
    """Return the weights of a call, None if the module is no attention or they are unknown."""
    is_layer = isinstance(module, nn.MultiheadAttention)
    if not is_layer and "attention" not in type(module).__name__.lower():
        return None
    weights = _returned(output)
    if weights is not None and (is_layer or _fits(weights, output[0])):
        return AttentionWeights(weights.detach(), tuple(weights.shape))
    if isinstance(module, nn.MultiheadAttention) and weights is None:
        return _recomputed(module, {**dict(zip(_ARGUMENTS, inputs, strict=False)), **keywords})
    return None


def _returned(output: Any) -> torch.Tensor | None:
    if not isinstance(output, tuple) or len(output) < 2:  # noqa: PLR2004 - output and weights
        return None
    weights = output[1]
    return weights if isinstance(weights, torch.Tensor) and is_readable(weights) else None


def _fits(weights: torch.Tensor, output: Any) -> bool:
    """Return whether a module's second result has one row for each sample, head and position."""
    return (
        isinstance(output, torch.Tensor)
        and weights.dim() == _WITH_HEADS
        and output.dim() > 1
        and weights.shape[0] == output.shape[0]
        and weights.shape[2] == output.shape[1]
    )


@torch.no_grad()
def _recomputed(module: nn.MultiheadAttention, given: Mapping[str, Any]) -> AttentionWeights | None:
    query, key = (_first_sample(module, given.get(name)) for name in ("query", "key"))
    has_other_keys = module.bias_k is not None or module.add_zero_attn
    if query is None or key is None or has_other_keys or len(key) > _MAX_KEYS:
        return None
    whole = (1, module.num_heads, len(query), len(key))
    weights, biases = _projections(module)
    heads, size = module.num_heads, module.head_dim
    query = nn.functional.linear(query[:_MAX_QUERIES].to(weights[0].dtype), weights[0], biases[0])
    key = nn.functional.linear(key.to(weights[1].dtype), weights[1], biases[1])
    query = query.reshape(-1, heads, size).transpose(0, 1)  # (n_heads, n_queries, head_dim)
    key = key.reshape(-1, heads, size).transpose(0, 1)
    scores = query @ key.transpose(1, 2) / size**0.5
    for mask in (given.get("attn_mask"), _padding(given.get("key_padding_mask"))):
        if isinstance(mask, torch.Tensor):
            part = mask[..., :_MAX_QUERIES, :] if mask.dim() > 1 else mask
            part = part[:heads] if part.dim() > 2 else part  # noqa: PLR2004 - one for each head
            is_mask = part.dtype == torch.bool
            scores = scores.masked_fill(part, -torch.inf) if is_mask else scores + part
    return AttentionWeights(scores.softmax(-1)[None], whole)


def _first_sample(module: nn.MultiheadAttention, given: Any) -> torch.Tensor | None:
    if not isinstance(given, torch.Tensor) or not is_readable(given):
        return None
    given = given.detach()
    sample: torch.Tensor = given
    if given.dim() == 3:  # noqa: PLR2004 - with samples
        sample = given[0] if module.batch_first else given[:, 0]
    return sample


def _padding(mask: Any) -> Any:
    """Return the first sample's mask of the keys."""
    return mask[0] if isinstance(mask, torch.Tensor) and mask.dim() > 1 else mask


def _projections(
    module: nn.MultiheadAttention,
) -> tuple[list[torch.Tensor], list[torch.Tensor | None]]:
    """Return the weights and biases that make the queries and the keys."""
    biases: Any = module.in_proj_bias
    both = [None, None] if biases is None else list(biases.chunk(3)[:2])
    joined: Any = module.in_proj_weight
    if joined is None:
        return [module.q_proj_weight, module.k_proj_weight], both
    return list(joined.chunk(3)[:2]), both
