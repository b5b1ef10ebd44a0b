"""`stepper`: step through the computation graph of a loss, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from labkit.capture.walkthrough import Walker
from labkit.run.background.holding import CELL_SECONDS, other_loops_held
from labkit.run.graph.walk import Walk

if TYPE_CHECKING:
    from labkit.views import StepperView


class StepperMaker:
    """Creates steppers; the public instance is ``labkit.stepper``."""

    def __call__(
        self,
        target: torch.Tensor | Callable[[], torch.Tensor],
        *,
        accumulate: bool = False,
        name: str = "stepper",
    ) -> StepperView:
        """Return a view that steps through the graph of a loss.

        Parameters
        ----------
        target : Tensor or callable
            The loss, a tensor with one element, before `backward` is called on it. Or a function
            without arguments that computes the loss: then all intermediate values are recorded, and
            the values of the leaves can be edited.
        accumulate : bool
            Whether to add the gradients to the ``.grad`` of the leaves, like ``loss.backward()``.
            By default ``.grad`` is not modified.
        name : str
            Title of the view.

        Returns
        -------
        StepperView
            Its attribute `walk` is the walk as plain data.

        Raises
        ------
        TypeError
            If the target is neither a tensor nor a function that returns one.
        ValueError
            If the loss does not have exactly one element.
        RuntimeError
            If the graph was freed by a backward pass, or contains a reentrant checkpoint.
        ImportError
            If ipywidgets or anywidget is not installed.

        Examples
        --------
        >>> import torch
        >>> from labkit.stepping import stepper
        >>> w = torch.tensor(3.0, requires_grad=True)
        >>> view = stepper(lambda: (2 * w) ** 2)
        >>> [event.phase for event in view.walk.events]
        ['forward', 'forward', 'backward', 'backward', 'accumulate']
        """
        walker = Walker(target)
        with other_loops_held(seconds=CELL_SECONDS):
            walk = walker.walk(accumulate=accumulate)
        try:
            from labkit.views import StepperView
        except ImportError as error:
            raise ImportError(
                f"a view needs packages that cannot be imported here ({error}). "
                "lk.stepper.walk(...) gives the walk as plain data."
            ) from error
        return StepperView(walk, name=name, edit=walker.edit, reset=walker.reset)

    def walk(self, target: torch.Tensor | Callable[[], torch.Tensor]) -> Walk:
        """Return the walk as plain data; the target and the errors are those of a call.

        Does not require ipywidgets or anywidget.

        Examples
        --------
        >>> import torch
        >>> from labkit.stepping import stepper
        >>> w = torch.tensor(3.0, requires_grad=True)
        >>> print(stepper.walk((2 * w) ** 2).outline())
           0 forward    /mul:0: 6
           1 forward    /pow:0: 36
           2 backward   /pow:0: 12
           3 backward   /mul:0: 24
           4 accumulate /w:0: 24
        """
        with other_loops_held(seconds=CELL_SECONDS):
            return Walker(target).walk()


stepper = StepperMaker()
