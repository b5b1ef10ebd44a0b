"""Rules about the handling of gradients: never cleared, missing, or not used by an optimizer."""

from __future__ import annotations

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch, enumerated
from labkit.run.observations import Frequency

_MIN_CHECKS = 3
_MIN_STEPS = 10
_MIN_STALE_SHARE = 0.9


def _no_gradient(evidence: Evidence) -> RuleMatch | None:
    table = evidence.table("grad_norm")
    has_rows = table is not None and len(table) > 0
    if evidence.steps < _MIN_STEPS or (table is not None and has_rows and len(table) < _MIN_STEPS):
        return None
    # Parameters that are used at some steps only, as in a mixture of experts, have a gradient then.
    names = tuple(
        name
        for name in evidence.observed.without_gradient
        if not evidence.has_points(f"grad_norm/{name}")
    )
    if not names:
        return None
    module = names[0].rpartition(".")[0]
    many = len(names) > 1
    if names[0] in evidence.shapes:
        why = (
            f"{'they are' if many else 'it is'} in the graph, but the "
            f"gradient{'s were' if many else ' was'} taken away again before the step"
        )
    elif module in evidence.called:
        why = (
            f"{module or 'the model'} was called, but what came of this parameter did not go on to "
            "the loss: detached, computed under no_grad, or not used"
        )
    else:
        why = f"nothing that {module or 'the model'} computes reaches the loss"
    return RuleMatch(
        f"{_subject(names)} {'get' if many else 'gets'} no gradient although an optimizer holds "
        f"{'them' if many else 'it'}: {why}.",
        (int(table.steps[0]), int(table.steps[-1])) if table and has_rows else (1, evidence.steps),
        names[:8],
    )


def _subject(names: tuple[str, ...]) -> str:
    """Return an enumeration of parameters as the beginning of a sentence."""
    words = enumerated(names, "parameter")
    return f"{words[0].upper()}{words[1:]}"


def _not_in_optimizer(evidence: Evidence) -> RuleMatch | None:
    names = evidence.observed.without_optimizer
    if not names or evidence.steps < _MIN_STEPS:
        return None
    many = len(names) > 1
    return RuleMatch(
        f"{_subject(names)} {'have' if many else 'has'} a gradient, but no optimizer moves "
        f"{'them' if many else 'it'}.",
        (1, max(1, evidence.steps)),
        names[:8],
    )


def _not_cleared(evidence: Evidence) -> RuleMatch | None:
    single = {name: _is_stale(each) for name, each in _checked_parameters(evidence).items()}
    names = tuple(name for name, is_stale in single.items() if is_stale)
    checked = dict(evidence.observed.stale_gradients)
    found = [name for name, stale in checked.items() if _is_stale(stale)]
    if names and (not found or len(found) == len(checked)) and not all(single.values()):
        return _some_not_cleared(evidence, names)
    if not found:
        return None
    stale = checked[found[0]]
    whose = f" of the optimizer that holds {found[0]}" if len(found) < len(checked) else ""
    return RuleMatch(
        f"The gradients{whose} are never cleared: each step adds to those of all steps before, so "
        f"the weights are moved by a sum over the whole run ({_seen(stale)}).",
        (1, evidence.steps),
        tuple(found[:8]) if whose else (),
    )


def _some_not_cleared(evidence: Evidence, names: tuple[str, ...]) -> RuleMatch:
    many = len(names) > 1
    return RuleMatch(
        f"The gradient{'s' if many else ''} of {enumerated(names, 'parameter')} "
        f"{'are' if many else 'is'} never cleared, while those of others are: each step adds to "
        f"{'those' if many else 'that'} of all steps before "
        f"({_seen(evidence.observed.stale_parameters[names[0]])}).",
        (1, evidence.steps),
        names[:8],
        (f"grad_norm/{names[0]}",),
    )


def _checked_parameters(evidence: Evidence) -> dict[str, Frequency]:
    found = dict(evidence.observed.stale_parameters)
    return {name: stale for name, stale in found.items() if stale.checks >= _MIN_CHECKS}


def _is_stale(stale: Frequency) -> bool:
    """Return whether gradients were added to old ones nearly always, or are of late."""
    if stale.checks < _MIN_CHECKS:
        return False
    return stale.share >= _MIN_STALE_SHARE or stale.streak >= _MIN_CHECKS


def _seen(stale: Frequency) -> str:
    if stale.share >= _MIN_STALE_SHARE:
        return f"seen at {stale.seen} of {stale.checks} steps looked at"
    return f"seen at the last {stale.streak} steps looked at"


RULES = (
    Rule(
        id="gradients-not-cleared",
        severity="error",
        cause="optimizer.zero_grad() is missing from the loop, or clears the gradients of other "
        "parameters: of another optimizer, of a part of the model, of a copy.",
        advice=("Call optimizer.zero_grad() in every step, before loss.backward().",),
        match=_not_cleared,
        chapter="06_training_loop",
    ),
    Rule(
        id="no-gradient",
        severity="warning",
        certainty="certain",
        cause="The parameter's layer is not used, or its result is cut off from the loss by "
        "detach, no_grad, item, numpy, argmax or a comparison.",
        advice=(
            "Look in the graph for where the path from the parameter to the loss ends.",
            (
                "If it is meant to stay as it is, set requires_grad to False and leave it out of "
                "the optimizer."
            ),
        ),
        match=_no_gradient,
        chapter="02_autograd",
    ),
    Rule(
        id="not-in-optimizer",
        severity="warning",
        certainty="certain",
        cause="The optimizer was made before this layer was added or replaced, or was given only "
        "part of the model's parameters.",
        advice=(
            "Make the optimizer after the model is complete, with model.parameters().",
            (
                "If the layer is meant to stay as it is, set requires_grad to False: its gradient "
                "costs time."
            ),
        ),
        match=_not_in_optimizer,
        chapter="06_training_loop",
    ),
)
