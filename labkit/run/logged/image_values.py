"""The images in tensors, arrays, images of Pillow, and lists of these.

Tensors and images are recognised by their methods, so that no library of them is imported.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from labkit.run.logged import pixels

_PLAIN_MODES = frozenset({"L", "RGB", "RGBA", "F", "I", "I;16"})
"""The modes of Pillow whose images are arrays of grey values or colours."""
_BATCH_DIMENSIONS = 4


def on_host(value: Any) -> Any:
    """Return a value with its tensors on the host; of a batch, the images that are drawn.

    Waits for the device. A value without tensors is returned as it is.
    """
    if isinstance(value, (list, tuple)):
        return [on_host(part) for part in value[: pixels.MAX_IMAGES]]
    if not callable(getattr(value, "detach", None)):
        return value
    return _first_of_batch(value.detach()).cpu()


def images_of(value: Any) -> list[pixels.Image]:
    """Return the images in a value, the first 64; empty if it has none.

    Examples
    --------
    >>> [image.shape for image in images_of([np.zeros((8, 8)), np.zeros((3, 16, 16))])]
    [(8, 8, 1), (16, 16, 3)]
    >>> images_of(np.zeros((16, 10)).tolist())
    []
    """
    if isinstance(value, (list, tuple)):
        parts = [images_of(part) for part in value[: pixels.MAX_IMAGES]]
        return [image for part in parts for image in part] if all(parts) else []
    if callable(getattr(value, "getbands", None)):
        plain = value if value.mode in _PLAIN_MODES else value.convert("RGBA")
        return pixels.split(np.asarray(plain), channels_first=False)
    if not isinstance(getattr(value, "shape", None), tuple):
        return []
    value, is_tensor = _first_of_batch(value), callable(getattr(value, "detach", None))
    if is_tensor and "float" in str(value.dtype):
        value = value.float()  # numpy has no bfloat16
    array = np.asarray(value)
    if array.dtype == np.bool_:
        array = array.astype(np.float32)
    if not (np.issubdtype(array.dtype, np.integer) or np.issubdtype(array.dtype, np.floating)):
        return []
    return pixels.split(array, channels_first=is_tensor)


def count_of(value: Any) -> int:
    """Return the number of images in a value of which `images_of` returns some."""
    if isinstance(value, (list, tuple)):
        return sum(map(count_of, value))
    shape: tuple[int, ...] = getattr(value, "shape", ())
    return int(shape[0]) if len(shape) == _BATCH_DIMENSIONS else 1


def _first_of_batch(value: Any) -> Any:
    is_batch = len(value.shape) == _BATCH_DIMENSIONS
    return value[: pixels.MAX_IMAGES] if is_batch else value
