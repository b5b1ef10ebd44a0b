"""What a method says where the library it hands over to is not installed."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from labkit.run.optional import import_optional

ROOT = Path(__file__).resolve().parents[3]
WITHOUT = """
    import sys

    class Blocked:
        def find_spec(self, name, path=None, target=None):
            if name.partition(".")[0] == {module!r}:
                raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

    sys.meta_path.insert(0, Blocked())
    from labkit.run import Run
    from labkit.run.graph.computation_graph import ComputationGraph
    from labkit.learn import datasets

    run = Run()
    graph = ComputationGraph((), (), ())
    try:
        {call}
    except ImportError as error:
        print(error)
"""


@pytest.mark.parametrize(
    ("module", "call", "message"),
    [
        ("pandas", "run.to_frame()", "run.to_frame() needs pandas"),
        ("graphviz", "graph.to_graphviz()", "graph.to_graphviz() needs graphviz"),
        ("networkx", "graph.to_networkx()", "graph.to_networkx() needs networkx"),
        ("sklearn", "datasets.digits()", "digits() needs scikit-learn"),
        ("sklearn", "datasets.diabetes()", "diabetes() needs scikit-learn"),
        ("sklearn", "datasets.moons()", "moons() needs scikit-learn"),
    ],
)
def test_a_missing_library_is_named_with_the_command_that_installs_it(module, call, message):
    code = textwrap.dedent(WITHOUT.format(module=module, call=call))
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    package = message.split()[-1]
    command = f"Install it: pip install {package}"
    assert done.stdout.strip() == f"{message}, which is not installed. {command}"


def test_an_error_from_within_a_library_is_passed_through(tmp_path, monkeypatch):
    (tmp_path / "half_there.py").write_text("import no_such_dependency")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="No module named 'no_such_dependency'"):
        import_optional("half_there", needed_by="this test")


@pytest.mark.parametrize(
    ("call", "alternative"),
    [("lk.graph(w * 2)", "lk.graph.capture(...)"), ("lk.stepper(w * 2)", "lk.stepper.walk(...)")],
)
def test_a_view_names_the_package_that_is_missing(call, alternative):
    code = f"""
        import sys
        import torch
        import labkit as lk

        sys.modules["psutil"] = None
        w = torch.tensor(1.0, requires_grad=True)
        try:
            {call}
        except ImportError as error:
            print(error)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert "psutil" in done.stdout
    assert alternative in done.stdout
