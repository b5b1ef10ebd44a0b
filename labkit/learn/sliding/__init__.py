"""A kernel that is slid over an image by hand, with the feature map beside it.

`filters` holds the classic kernels, `convolution` what PyTorch computes, `still` the picture for
saved notebooks, `widget` the view. Every map is that of ``torch.nn.functional.conv2d``.
"""

from __future__ import annotations

from labkit.learn.sliding.widget import SlidingKernel

__all__ = ["SlidingKernel"]
