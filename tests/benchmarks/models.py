"""The models that are trained, in plain torch; only GPT-2 comes from a library."""

from __future__ import annotations

import torch
from torch import nn


def mlp() -> nn.Module:
    """Return the classifier of three linear layers."""
    return nn.Sequential(
        nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10)
    )


def cnn() -> nn.Module:
    """Return a classifier of two convolutions and one linear layer."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(32 * 5 * 5, 10),
    )


def generator() -> nn.Module:
    """Return the generator of the GAN: 32 numbers in, 784 out."""
    return nn.Sequential(
        nn.Linear(32, 128), nn.ReLU(), nn.Linear(128, 256), nn.ReLU(), nn.Linear(256, 784)
    )


def discriminator() -> nn.Module:
    """Return the discriminator of the GAN: 784 numbers in, one logit out."""
    return nn.Sequential(
        nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU(), nn.Linear(64, 1)
    )


class Transformer(nn.Module):
    """A language model of encoder layers; takes tokens ``(batch, length)``, returns logits.

    Parameters
    ----------
    vocabulary, width, layers, heads : int
        Its sizes; the inner width of a layer is four times `width`.
    length : int
        The longest sequence.
    """

    def __init__(self, vocabulary: int, width: int, layers: int, heads: int, length: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(0.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, activation="gelu", batch_first=True, norm_first=True
        )
        self.encoder = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.tokens.weight

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        length = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(length, device=tokens.device)
        hidden = self.tokens(tokens) + self.positions[:length]
        hidden = self.encoder(hidden, mask=mask, is_causal=True)
        logits: torch.Tensor = self.head(self.norm(hidden))
        return logits


def small_gpt() -> nn.Module:
    """Return a GPT of the same sizes as the bench's GPT-2, in plain torch."""
    return Transformer(vocabulary=512, width=192, layers=12, heads=6, length=64)


def large_transformer() -> nn.Module:
    """Return a Transformer of 44 million parameters: 176 MB of weights."""
    return Transformer(vocabulary=12_000, width=512, layers=12, heads=8, length=16)


def gpt2() -> nn.Module:
    """Return the GPT-2 of ``transformers``, with 12 layers of width 192."""
    from transformers import GPT2Config, GPT2LMHeadModel

    model: nn.Module = GPT2LMHeadModel(
        GPT2Config(
            n_layer=12, n_embd=192, n_head=6, vocab_size=512, n_positions=64, use_cache=False
        )
    )
    return model
