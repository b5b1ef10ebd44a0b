"""One answer out of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labkit.learn.predictions.prediction import Prediction
from labkit.learn.predictions.typed_values import shown
from labkit.views.messages.prediction import ChoiceForm


@dataclass(frozen=True)
class Choice(Prediction):
    """One answer out of several, each a letter with a text.

    The keys of `reasons` are letters.

    Attributes
    ----------
    options : mapping of str to str
        The texts by their letters.

    Examples
    --------
    >>> device = Choice("device", "Where is it?", options={"a": "On the GPU", "b": "On the CPU"})
    >>> device.read(" B "), device.read("on the cpu"), device.text("b")
    ('b', 'b', '`b`, "On the CPU"')
    """

    options: Mapping[str, str] = field(kw_only=True)

    def read(self, value: object) -> str:
        """Return the letter; accepts a letter or the text of an option."""
        typed = value.strip().lower() if isinstance(value, str) else ""
        for letter, text in self.options.items():
            if typed in (letter, text.lower()):
                return letter
        first = next(iter(self.options))
        raise ValueError(
            f"this asks for one letter of {', '.join(self.options)}; got {shown(value)}. "
            f"Write it in quotes, as in `{first!r}`"
        )

    def text(self, value: str) -> str:
        """Return the letter and its text."""
        return f'`{value}`, "{self.options[value]}"'

    def form(self) -> ChoiceForm:
        """Return the options."""
        options = [{"value": letter, "text": text} for letter, text in self.options.items()]
        return {"kind": "choice", "options": options}  # type: ignore[typeddict-item]

    def misconceptions(self) -> dict[str, str]:
        """Return the letters that have a reason."""
        return {letter: self.read(letter) for letter in self.reasons}
