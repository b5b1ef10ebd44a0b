"""The table of derivatives, compared with derivatives.yaml of torch and with autograd."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch

from labkit.capture.walkthrough.derivatives import formula_of, operations

TABLE = Path(find_spec("torchgen").origin).parent / "packaged/autograd/derivatives.yaml"

ELEMENTWISE = {
    "neg": -1.3, "reciprocal": 0.7, "abs": -1.3, "sqrt": 0.7, "rsqrt": 0.7, "exp": 0.3,
    "log": 0.7, "log1p": 0.7, "sin": 0.4, "cos": 0.4, "sigmoid": 0.3, "tanh": 0.3,
}  # fmt: skip


def test_the_table_has_at_least_forty_operations():
    assert len(operations()) >= 40


@pytest.mark.parametrize("op", operations())
def test_each_formula_names_an_entry_of_derivatives_yaml(op):
    if not TABLE.is_file():
        pytest.skip("this build of torch does not carry derivatives.yaml")
    name = formula_of(op).source.removeprefix("derivatives.yaml: ")
    entry = re.search(rf"^- name: {re.escape(name)}\((.*)", TABLE.read_text(), re.MULTILINE)
    assert entry is not None
    for input_name, _ in formula_of(op).backward:
        assert re.search(rf"\b{input_name}\b", entry.group(1))


@pytest.mark.parametrize(("op", "at"), ELEMENTWISE.items())
def test_elementwise_derivatives_match_autograd(op, at):
    x = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    result = getattr(torch, op)(x)
    (expected,) = torch.autograd.grad(result, x)
    names = {
        "grad": torch.ones_like(x),
        "self": x.detach(),
        "result": result.detach(),
        **{name: getattr(torch, name) for name in ("sign", "cos", "sin")},
    }
    (written,) = [derivative for _, derivative in formula_of(op).backward]
    torch.testing.assert_close(torch.as_tensor(eval(written, names)), expected)
