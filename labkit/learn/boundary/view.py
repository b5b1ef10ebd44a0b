"""A widget with a decision boundary that moves while its model trains.

The loop calls `BoundaryView.update` after each step. Every moment is recorded, up to a limit, and
the page can go back to each; the latest one is sent to the page a few times a second.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

import traitlets

from labkit.learn.boundary.drawing import describe, draw
from labkit.learn.boundary.messages import base64_text, pair_of_names, standing_alone
from labkit.learn.boundary.state import SIDE, BoundaryState, Plane, read_plane, read_state
from labkit.learn.pictures import Picture
from labkit.views.assets import small_script
from labkit.views.jupyter_compat import handle_on_subshell
from labkit.views.lifetimes import ShownViews
from labkit.views.message_builders import PROTOCOL_VERSION
from labkit.views.messages.boundary import BoundaryMoment, BoundaryPlane, MomentMessage
from labkit.views.saved_output import PicturedWidget

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.learn.boundary.state import Model, SampleLoss

_MOST_MOMENTS = 240
_SECONDS_BETWEEN_FRAMES = 0.08
_PICTURE_HEIGHT = 410.0
"""Of the still picture with its axes, in px."""


class _Moment(NamedTuple):
    number: int
    """How many updates came before."""
    step: int
    state: BoundaryState


class BoundaryView(PicturedWidget):
    """The decision boundary of a model that trains, with the pull of every sample.

    The pull is the derivative of a sample's own loss with respect to its logit, with the sign
    turned: how hard, and to which side, this sample pushes the boundary. The mouse or the arrow
    keys pick a sample and show its logit, probability, loss and pull; the slider goes back to
    earlier steps.

    Parameters
    ----------
    model : callable
        Takes points of shape (n, 2), returns logits of shape (n,), (n, 1), or (n, 2) for two
        classes.
    x, y : Tensor, shapes (n, 2) and (n,)
        The samples and their labels, 0 or 1.
    loss : callable, optional
        Takes logits and labels of shape (n,), returns the loss of each sample, shape (n,); by
        default the binary cross-entropy.
    names, classes : sequence of two str
        The names of the features and of the classes 0 and 1.
    pulls : bool
        Whether each sample has an arrow for its pull, and the texts say how hard it pulls.

    Examples
    --------
    >>> import torch
    >>> x, y = torch.tensor([[0.0, 0.0], [1.0, 1.0]]), torch.tensor([0, 1])
    >>> view = BoundaryView(lambda points: points.sum(dim=1) - 1.5, x, y)
    >>> view.update()
    >>> print(str(view.picture()).splitlines()[-1])
    After step 1. 2 of 2 are on their side of the boundary; mean loss 0.338.
    """

    protocol = traitlets.Int(PROTOCOL_VERSION).tag(sync=True)
    plane = traitlets.Dict().tag(sync=True)
    moment = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        model: Model,
        x: Tensor,
        y: Tensor,
        loss: SampleLoss | None = None,
        *,
        names: tuple[str, str] = ("x1", "x2"),
        classes: tuple[str, str] = ("0", "1"),
        pulls: bool = True,
    ) -> None:
        self._pulls = pulls
        self._model, self._loss = model, loss
        self._names, self._classes = (
            pair_of_names("names", names),
            pair_of_names("classes", classes),
        )
        self._read = read_plane(x, y)
        self._moments = [_Moment(0, 0, read_state(model, self._read, loss))]
        self._updates, self._shown_update, self._stride = 0, 0, 1
        self._sent_at = time.monotonic()
        super().__init__(
            plane=_plane_message(self._read, self._names, self._classes, pulls=pulls),
            moment=self._message(0),
            _esm=small_script("boundary.js"),
        )
        self.on_msg(self._on_page)
        handle_on_subshell(self.comm)

    def show(self) -> None:
        """Display the view in the running cell."""
        self._ipython_display_()

    def update(self, step: int | None = None) -> None:
        """Record what the model says now, after a step of its training, and show it.

        Parameters
        ----------
        step : int, optional
            How many steps the training has made; by default one more with each call.
        """
        self._updates += 1
        state = read_state(self._model, self._read, self._loss)
        moment = _Moment(self._updates, self._updates if step is None else int(step), state)
        if self._moments[-1].number % self._stride:
            self._moments[-1] = moment  # of the steps since the last kept one the latest stays
        else:
            self._moments.append(moment)
        if len(self._moments) > _MOST_MOMENTS:
            self._moments, self._stride = self._moments[::2], 2 * self._stride
        if time.monotonic() - self._sent_at >= _SECONDS_BETWEEN_FRAMES:
            self._send_latest()

    def picture(self, *, pulls: bool | None = None) -> Picture:
        """Return a still picture of the latest step."""
        pulls = self._pulls if pulls is None else pulls
        _, step, state = self._moments[-1]
        drawn = draw(
            self._read, state, names=self._names, classes=self._classes, pulls=pulls, bare=False
        )
        first, _, second = describe(self._read, state, self._names, self._classes).partition("\n")
        return Picture(drawn.svg, f"{first}\nAfter step {step}. {second}")

    def cell_ended(self) -> None:
        """Send the latest moment, and update the picture of the output."""
        self._send_latest()
        super().cell_ended()

    def _send_latest(self) -> None:
        self._sent_at = time.monotonic()
        if self._shown_update != self._updates:
            self._shown_update = self._updates
            latest = self._message(len(self._moments) - 1)
            self.set_trait("moment", latest)

    def _message(self, index: int) -> BoundaryMoment:
        _, step, state = self._moments[index]
        return {
            "index": index,
            "count": len(self._moments),
            "step": step,
            "grid": base64_text(state.grid),
            "logits": base64_text(state.logits),
            "losses": base64_text(state.losses),
            "pulls": base64_text(state.pulls),
            "directions": base64_text(state.directions),
        }

    def _on_page(self, _: object, content: Any, __: object) -> None:
        """Send a moment that a page asks for. Moments of another version are not asked for."""
        if not isinstance(content, dict) or content.get("protocol") != PROTOCOL_VERSION:
            return
        index = content.get("index")
        if content.get("type") == "want" and type(index) is int:
            last = len(self._moments) - 1
            message: MomentMessage = {
                "type": "moment",
                "moment": self._message(min(max(index, 0), last)),
            }
            self.send(message)

    def _picture(self) -> dict[str, str]:
        picture = self.picture()
        still = standing_alone("Decision boundary", picture, _PICTURE_HEIGHT)
        return {"text/plain": picture.text, "image/svg+xml": still}

    def _revision(self) -> object:
        return self._updates

    def _on_display(self) -> None:
        ShownViews.add(self)


def _plane_message(
    plane: Plane, names: tuple[str, str], classes: tuple[str, str], *, pulls: bool
) -> BoundaryPlane:
    return {
        "names": list(names),
        "classes": list(classes),
        "x": list(plane.x),
        "y": list(plane.y),
        "side": SIDE,
        "points": base64_text(plane.points),
        "labels": base64_text(plane.labels),
        "pulls": pulls,
    }
