"""A requested end of the training loop, and how the loop is made to end."""

from __future__ import annotations

from collections.abc import Callable


class StopRequest:
    """The request to end one loop at the end of a step.

    By default an exception ends it. Where a trainer owns the loop, a function ends it in the way of
    that trainer, for example by setting a flag that the trainer checks.

    Attributes
    ----------
    is_made : bool
        Whether an end was requested.

    Examples
    --------
    >>> request = StopRequest()
    >>> request.ends_by(lambda: print("the trainer was asked to stop"))
    >>> request.make()
    >>> request.is_due
    True
    >>> request.hand_over()
    the trainer was asked to stop
    True
    >>> request.is_due, request.is_made
    (False, True)
    """

    def __init__(self) -> None:
        self.is_made = False
        self._is_handed_over = False
        self._end_loop: Callable[[], None] | None = None
        self._takes_interrupts = False

    @property
    def is_due(self) -> bool:
        """Whether an end was requested that no trainer has taken over yet."""
        return self.is_made and not self._is_handed_over

    @property
    def takes_interrupts(self) -> bool:
        """Whether an interrupt ends the loop in the way of the trainer, too."""
        return self._end_loop is not None and self._takes_interrupts

    def make(self) -> None:
        """Request an end; a trainer that does not end can be asked again."""
        self.is_made, self._is_handed_over = True, False

    def cancel(self) -> None:
        """Cancel the request, as the loop has ended or another one begins."""
        self.is_made = self._is_handed_over = False

    def ends_by(
        self, end_loop: Callable[[], None] | None, *, takes_interrupts: bool = False
    ) -> None:
        """Set the function that ends the loop instead of an exception; None for the exception."""
        self._end_loop, self._takes_interrupts = end_loop, takes_interrupts

    def hand_over(self) -> bool:
        """Call the function that ends the loop; return whether there is one."""
        if self._end_loop is None:
            return False
        self._is_handed_over = True
        self._end_loop()
        return True
