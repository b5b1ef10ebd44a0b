"""Configurations that are no plain data: they are saved as such, and equal runs have equal ones."""

import argparse
import dataclasses
import enum
import math
import threading
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

import labkit as lk
from labkit.run import Run
from labkit.run.config import checked_config
from labkit.run.configuration import configuration_of


class Mode(enum.Enum):
    FAST = 1


class Level(enum.StrEnum):
    HIGH = "high"


@dataclasses.dataclass
class Settings:
    lr: float = 0.1
    lock: object = dataclasses.field(default_factory=threading.Lock)  # cannot be copied


class Missing(Mapping):
    """Like a configuration of OmegaConf with a value that is not set."""

    def __getitem__(self, key):
        if key == "width":
            raise KeyError(key)
        return 1

    def __iter__(self):
        return iter(["width", "depth"])

    def __len__(self):
        return 2


class Unprintable:
    def __repr__(self):
        raise RuntimeError


def endless():
    found = {}
    found["self"] = found
    return found


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (torch.tensor(2.5), 2.5),
        (Path("runs/a"), "runs/a"),
        (Mode.FAST, "Mode.FAST"),
        (Level.HIGH, "high"),
        (argparse.Namespace(lr=0.1), {"lr": 0.1}),
        (SimpleNamespace(sizes=[1, 2]), {"sizes": [1, 2]}),
        ({"b", "a", "c"}, ["a", "b", "c"]),
        (range(3), [0, 1, 2]),
        (torch.nn.functional.relu, "torch.nn.functional.relu"),
        (torch.nn.Linear, "torch.nn.modules.linear.Linear"),
        (torch.float16, "torch.float16"),
        (Unprintable(), "Unprintable"),
        (10**400, hex(10**400)),
        (10**5_000, hex(10**5_000)[:2_000] + " …"),
        (Missing(), {"width": "unknown (KeyError)", "depth": 1}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values_become_plain_data(value, plain):
    found = checked_config({"given": value})["given"]
    assert (found, type(found)) == (plain, type(plain))


def test_a_data_class_is_not_copied():
    found = checked_config(Settings())
    assert found["lr"] == 0.1
    assert "at 0x" not in found["lock"]  # so that equal runs have equal configurations


@pytest.mark.parametrize(
    "value",
    [torch.nn.Linear(1, 1), endless(), Unprintable(), 10**5_000, {1: Mode.FAST}, Missing()],
    ids=["model", "endless", "unprintable", "huge", "nested", "missing"],
)
def test_what_is_added_to_the_configuration_later_is_saved_too(tmp_path, value):
    run = Run("demo")
    run.save_continuously(tmp_path / "demo.lab", 1_000_000)
    run.config["added"] = value
    run.note = None
    run.log(accuracy=0.5)
    run.close()
    assert not run.notices
    assert "added" in lk.load(run.path).config
    assert [name for name in configuration_of(run) if name.startswith("config.added")]


def test_infinite_numbers_are_numbers_again(tmp_path):
    run = Run("demo")
    run.config = {"clip": [math.inf, -math.inf]}
    loaded = lk.load(run.save(tmp_path / "demo.lab"))
    run.close()
    assert loaded.config == run.config
