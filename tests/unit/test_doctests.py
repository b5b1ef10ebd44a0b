"""The docstring examples of all packages except labkit.learn."""

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
MODULES += ["docs.api.docstrings", "docs.api.guides", "docs.architecture.packages"]
MODULES += ["docs.course_index.chapters", "docs.prose.checking", "docs.prose.passages"]


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples_of_a_module_run(name):
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_docstrings_have_examples():
    finder = doctest.DocTestFinder()
    found = [each for name in MODULES for each in finder.find(importlib.import_module(name))]
    assert sum(len(each.examples) for each in found) > 10
