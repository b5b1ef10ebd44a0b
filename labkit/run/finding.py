"""A finding: a problem that a rule detects in a run, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

Severity = Literal["error", "warning", "hint"]
Certainty = Literal["certain", "likely", "possible"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "hint")
CERTAINTIES: tuple[Certainty, ...] = ("certain", "likely", "possible")


@dataclass(frozen=True)
class Finding:
    """A problem in a run, with its evidence, its usual cause and advice.

    Attributes
    ----------
    rule : str
        Id of the rule, for example ``"exploding-gradients"``. A run has at most one finding per
        rule.
    severity : {"error", "warning", "hint"}
        ``"error"``: training cannot succeed; ``"warning"``: training is impaired; ``"hint"``:
        training could be improved.
    message : str
        A sentence that describes the problem in this run, with the numbers.
    where : tuple of str
        Paths of modules or names of parameters, the most relevant first; empty if the whole run is
        concerned.
    steps : tuple of int, (first, last)
        First and last step at which the problem was detected.
    cause : str
        The usual cause.
    advice : tuple of str
        What to try, the most promising first.
    series : tuple of str
        Names of the series that show the problem, for `Run.series`.
    node : str or None
        Id of the node in the computation graph.
    line : str or None
        Line of the user's code, as ``"file:number"``.
    chapter : str or None
        Name of the course notebook that explains the problem, without ``.ipynb``.
    certainty : {"certain", "likely", "possible"}
        ``"certain"``: the problem follows from what was recorded, for example a loss that is NaN;
        ``"likely"``: sound runs rarely look like this; ``"possible"``: some sound runs do.

    Examples
    --------
    >>> finding = Finding("plateau", "warning", "The loss does not fall.", (), (1, 200), "", ())
    >>> finding.rule, finding.steps, finding.certainty
    ('plateau', (1, 200), 'likely')
    >>> Finding.from_json(finding.to_json()) == finding
    True
    """

    rule: str
    severity: Severity
    message: str
    where: tuple[str, ...]
    steps: tuple[int, int]
    cause: str
    advice: tuple[str, ...]
    series: tuple[str, ...] = ()
    node: str | None = None
    line: str | None = None
    chapter: str | None = None
    certainty: Certainty = "likely"

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON-serializable data; the keys are the attributes.

        Examples
        --------
        >>> finding = Finding("plateau", "warning", "The loss does not fall.", (), (1, 9), "", ())
        >>> finding.to_json()["steps"]
        [1, 9]
        """
        data = asdict(self)
        return {key: list(each) if isinstance(each, tuple) else each for key, each in data.items()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Finding:
        """Return the finding of the data that `to_json` returned; unknown keys are ignored.

        Raises
        ------
        TypeError
            If it is no mapping, or a key without a default is missing.
        ValueError
            If the severity or the certainty is unknown.
        """
        if not isinstance(data, Mapping):
            raise TypeError(
                "from_json takes the mapping that to_json returned, not "
                f"{type(data).__name__}. Example: lk.Finding.from_json(json.loads(text))"
            )
        known = {field.name for field in fields(cls)}
        values: dict[str, Any] = {
            key: tuple(each) if isinstance(each, list) else each
            for key, each in data.items()
            if key in known
        }
        finding = cls(**values)
        for name, known_values in (("severity", SEVERITIES), ("certainty", CERTAINTIES)):
            if (given := getattr(finding, name)) not in known_values:
                raise ValueError(
                    f"the {name} of a finding is one of {', '.join(known_values)}, not {given!r}."
                )
        return finding
