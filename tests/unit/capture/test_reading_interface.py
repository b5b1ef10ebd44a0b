"""A reading in one class: what CONTRIBUTING.md describes."""

import torch
from torch import nn

from labkit.capture.parameters import ParameterTable
from labkit.capture.readings.budget import ReadingBudget
from labkit.capture.readings.device_transfer import DeviceTransfer
from labkit.capture.readings.memory_limit import MemoryLimit
from labkit.capture.readings.parameter_reader import ParameterReader
from labkit.capture.readings.reading import Reading, UpdateContext
from labkit.run import Run


class ZerosReading(Reading):
    """The part of each gradient's elements that is zero."""

    name = "zeros"

    def before_update(self, context):
        names, gradients = context.reader.gradients()
        if not names:
            return False
        zeros = torch.stack([(gradient == 0).float().mean() for gradient in gradients])
        context.reader.submit(
            context.run, context.transfer, "grad_zeros", context.step, names, zeros
        )
        return True


def test_a_reading_records_one_value_for_each_parameter_with_a_gradient():
    model = nn.Linear(4, 2)
    reader = ParameterReader("", ParameterTable({"": model}).watched, MemoryLimit(1000))
    reading = ZerosReading(ReadingBudget(share=1.0, max_fraction=1.0))
    run = Run("demo")
    context = UpdateContext(run, DeviceTransfer(), 1, reader, [reader])
    assert not reading.before_update(context)
    model.weight.grad = torch.tensor([[0.0, 1, 2, 3], [0, 0, 0, 1]])
    assert reading.before_update(context)
    run.advance_to(1)
    assert run.series("grad_zeros/weight")[1].tolist() == [0.5]
    assert len(run.series("grad_zeros/bias")[0]) == 0
