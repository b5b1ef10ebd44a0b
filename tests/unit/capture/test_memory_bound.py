"""The peak memory that watching adds: at most 64 MB or a tenth of the weights."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from labkit.capture.readings.gradient_copies import GradientNoise, PreviousGradients
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.weight_copies import WeightCopies

LOOP = Path(__file__).with_name("memory_loop.py")
ROOT = Path(__file__).parents[3]


def peak(kind):
    """Return the peak memory of the loop in a separate process, in MB."""
    # By default glibc raises this threshold over time, which increases the peak.
    surroundings = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "262144", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(LOOP), kind]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is in other units elsewhere")
def test_all_readings_together_stay_below_the_memory_limit():
    assert peak("watched") - peak("bare") <= 64


def weights_of(*sizes):
    torch.manual_seed(0)
    return [(f"p{n}", torch.randn(size)) for n, size in enumerate(sizes)]


def test_the_update_ratio_of_every_parameter_is_read_within_a_few_readings():
    limit = MemoryLimit(0)
    third = limit.share // 4 // 3
    weights = weights_of(third, third, third, third, 10)
    copies, read = WeightCopies(limit), {}
    for _ in range(2):
        copies.copy(weights)
        for _, weight in weights:
            weight.mul_(2.0)
        names, ratios = copies.ratios()
        assert sum(dict(weights)[name].numel() * 4 for name in names) <= limit.share
        read |= dict(zip(names, ratios.tolist(), strict=True))
    assert read == pytest.approx(dict.fromkeys(["p0", "p1", "p2", "p3", "p4"], 0.5))
    assert limit.room == limit.share


def test_the_update_ratio_of_a_parameter_above_the_limit_is_estimated():
    limit = MemoryLimit(0)
    ((name, weight),) = weights_of(limit.share // 4 + 1)
    before = weight.clone()
    copies = WeightCopies(limit)
    copies.copy([(name, weight)])
    weight += torch.randn_like(weight) * 0.01
    names, ratios = copies.ratios()
    assert names == [name]
    expected = ((weight - before).norm() / weight.norm()).item()
    assert ratios.item() == pytest.approx(expected, rel=0.02)


def test_all_copies_share_one_memory_limit():
    limit = MemoryLimit(0)
    everyone = [PreviousGradients(limit) for _ in range(8)]
    gradients = weights_of(limit.share // 4)
    for each in everyone:
        each.copy(gradients)
    assert sum(each.waiting for each in everyone) == 3
    for each in everyone:
        each.release()
    assert limit.room == limit.share


def test_a_pass_with_a_missing_gradient_has_no_noise_scale():
    noise = GradientNoise(MemoryLimit(0))
    gradients = weights_of(4, 3)
    noise.add_pass(gradients)
    noise.add_pass(gradients[:1])
    assert noise.scales(gradients) is None
