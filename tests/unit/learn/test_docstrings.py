"""The docstring examples of labkit.learn."""

from __future__ import annotations

import doctest
import pkgutil
from importlib import import_module

import pytest

import labkit.learn

MODULES = [
    "labkit.learn",
    *(found.name for found in pkgutil.walk_packages(labkit.learn.__path__, prefix="labkit.learn.")),
]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_run(name):
    assert doctest.testmod(import_module(name)).failed == 0
