"""The import contracts in pyproject.toml, and imports without optional packages."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_import_contracts_hold():
    program = "from importlinter.cli import lint_imports_command as lint; lint()"
    answer = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("labkit", ["torch", "ipywidgets", "plotly", "numpy"]),
        ("labkit.run", ["torch", "ipywidgets", "plotly"]),
        ("labkit.views", ["torch"]),
        ("labkit.exports", ["torch", "ipywidgets", "plotly", "pandas", "tensorboardX", "wandb"]),
        ("labkit.exports.figures", ["torch", "ipywidgets", "pandas"]),
        ("labkit.capture", ["ipywidgets", "plotly", "IPython"]),
    ],
)
def test_a_package_imports_without_optional_packages(module, absent):
    hidden = "; ".join(f"sys.modules[{name!r}] = None" for name in absent)
    program = f"import sys; {hidden}; import {module}"
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
