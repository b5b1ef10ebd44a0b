"""Norms of tensors of any layout, dtype and size."""

import pytest
import torch

from labkit.capture.readings.norms import norms


@pytest.mark.parametrize(
    "tensor",
    [
        torch.randn(3, 4),
        torch.randn(5, dtype=torch.float64),
        torch.randn(5, dtype=torch.complex64),
        torch.full((1000,), 300.0, dtype=torch.float16),
        torch.randn(7, dtype=torch.bfloat16),
        torch.sparse_coo_tensor(
            torch.tensor([[1, 1, 2]]), torch.tensor([1.0, 2.0, 4.0]), (5,), check_invariants=True
        ),
        torch.zeros(0),
    ],
    ids=lambda tensor: f"{tensor.layout}-{tensor.dtype}-{tensor.numel()}",
)
def test_norms_match_torch_for_every_kind_of_tensor(tensor):
    dense = tensor.to_dense() if tensor.is_sparse else tensor
    wide = dense.to(torch.complex128 if dense.is_complex() else torch.float64)
    found = norms([torch.ones(4), tensor, None])
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx([2.0, wide.norm().item(), 0.0], rel=1e-4)
