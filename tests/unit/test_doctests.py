"""The examples in the docstrings run."""

import doctest
import importlib
import pkgutil

import pytest

import labkit

MODULES = [
    found.name
    for found in pkgutil.walk_packages(labkit.__path__, "labkit.")
    if not found.name.endswith("__main__") and not found.name.startswith("labkit.learn")
]
MODULES += ["docs.api.docstrings", "docs.api.guides", "docs.house.rooms"]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples():
    attempted = [doctest.testmod(importlib.import_module(name)).attempted for name in MODULES]
    assert sum(attempted) > 10
