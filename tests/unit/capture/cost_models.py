"""Small models of ten kinds, each with an input, for the tests of costs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

Case = tuple[nn.Module, torch.Tensor]


class Residual(nn.Module):
    """Two blocks with a shortcut, as in a ResNet."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.first = nn.Sequential(nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(8, 16, 1, stride=2)
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(self.stem(x))
        x = F.relu(self.second(x) + self.shortcut(x))
        return self.head(x.mean((2, 3)))


class Recurrent(nn.Module):
    """A recurrent layer, and a linear one."""

    def __init__(self, kind: Callable[..., nn.Module]) -> None:
        super().__init__()
        self.layer = kind(6, 7, num_layers=2, batch_first=True)
        self.head = nn.Linear(7, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.layer(x)[0])


class VisionTransformer(nn.Module):
    """Patches, a class token, and attention through `scaled_dot_product_attention`."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 16, 4, stride=4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.qkv = nn.Linear(16, 48)
        self.merge = nn.Linear(16, 16)
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(len(x), -1, -1), x], 1)
        heads = self.qkv(x).unflatten(2, (3, 4, 4)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*heads)
        return self.head(x[:, 0] + self.merge(attended.transpose(1, 2).flatten(2))[:, 0])


class UNet(nn.Module):
    """A convolution down, a transposed one up, and a connection past both."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(6, 4, 2, stride=2)
        self.merge = nn.Conv2d(8, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.merge(torch.cat([x, self.up(F.relu(self.down(x)))], 1))


class Tied(nn.Module):
    """A language model whose embedding is also its last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.hidden = nn.Linear(6, 6)
        self.out = nn.Linear(6, 11, bias=False)
        self.out.weight = self.embedding.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(torch.tanh(self.hidden(self.embedding(x))))


class Product(torch.autograd.Function):
    """A product of matrices as a custom function."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, weight)
        return torch.relu(x @ weight)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, weight = ctx.saved_tensors
        return gradient @ weight.T, x.T @ gradient


class Custom(nn.Module):
    """A sparse embedding, and a custom function."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(9, 4, sparse=True)
        self.weight = nn.Parameter(torch.randn(4, 5))
        self.head = nn.Linear(5, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(Product.apply(self.embedding(x), self.weight))


def _images() -> torch.Tensor:
    return torch.randn(2, 3, 8, 8)


CASES: dict[str, Callable[[], Case]] = {
    "mlp": lambda: (
        nn.Sequential(nn.Linear(5, 7), nn.ReLU(), nn.Linear(7, 2)),
        torch.randn(3, 5),
    ),
    "cnn": lambda: (
        nn.Sequential(
            nn.Conv2d(3, 6, 3),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(6, 6, 3, groups=3),
            nn.Conv2d(6, 6, 1, groups=6, bias=False),
            nn.Flatten(),
            nn.Linear(6, 4),
        ),
        _images(),
    ),
    "resnet": lambda: (Residual(), _images()),
    "gru": lambda: (Recurrent(nn.GRU), torch.randn(2, 4, 6)),
    "transformer": lambda: (
        nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), 2),
        torch.randn(2, 5, 8),
    ),
    "vit": lambda: (VisionTransformer(), _images()),
    "unet": lambda: (UNet(), torch.randn(2, 4, 8, 8)),
    "tied": lambda: (Tied(), torch.randint(11, (2, 3))),
}
"""Models whose operations are all known."""
