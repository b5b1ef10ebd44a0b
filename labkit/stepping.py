"""`stepper`: walk the real graph of a real loss, forward and backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from labkit.capture.walkthrough import Walker
from labkit.run.stepping import Walk

if TYPE_CHECKING:
    from labkit.views import StepperView


class StepperMaker:
    """Makes steppers; public as ``labkit.stepper``."""

    def __call__(
        self,
        target: torch.Tensor | Callable[[], torch.Tensor],
        *,
        accumulate: bool = False,
        name: str = "stepper",
    ) -> StepperView:
        """Return a view that walks through the graph of a loss, step by step.

        Parameters
        ----------
        target : Tensor or callable
            The loss, one number, before `backward` was called on it. Or a function without
            arguments that computes it: then every value on the way is seen, and the leaves'
            values can be edited.
        accumulate : bool
            Whether the gradients are added to the leaves' own ``.grad``, as ``loss.backward()``
            does; otherwise everything stays as it is.
        name : str
            Title of the view.

        Returns
        -------
        StepperView
            Its `walk` is the walk as plain data.

        Raises
        ------
        TypeError, ValueError, RuntimeError
            If the target is no loss, is not one number, or its graph has been used up.

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
        walk = walker.walk(accumulate=accumulate)
        try:
            from labkit.views import StepperView
        except ImportError as error:
            raise ImportError(
                "a view needs ipywidgets and anywidget, which are not installed here. "
                "lk.stepper.walk(...) gives the walk as plain data."
            ) from error
        return StepperView(walk, name=name, edit=walker.edit, reset=walker.reset)

    def walk(self, target: torch.Tensor | Callable[[], torch.Tensor]) -> Walk:
        """Return the walk as plain data; takes what a call takes, and needs no widgets.

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
        return Walker(target).walk()


stepper = StepperMaker()
