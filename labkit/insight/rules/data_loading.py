"""Rules about waiting times: slow data loading, and repeated transfers between devices."""

from __future__ import annotations

from statistics import median

from labkit.insight.evidence import Evidence
from labkit.insight.rule import Rule, RuleMatch

_MIN_BATCHES = 20
_MIN_WAITING_SHARE = 0.5
"""Share of the loop's time that it waits for data."""
_MIN_BATCH_MS = 2.0
"""Time per batch, in ms; a DataLoader over tensors in memory takes a few tenths of a ms."""
_MIN_TRANSFERS = 2


def _loading(evidence: Evidence) -> RuleMatch | None:
    run, observed = evidence.run, evidence.observed
    if observed.batches < _MIN_BATCHES or not run.cost_totals.loop_ns:
        return None
    share = observed.loading_ns / run.cost_totals.loop_ns
    batch_ms = observed.loading_ns / observed.batches / 1e6
    # On a busy machine a few batches take long because the thread is not scheduled: the typical
    # batch counts. Waits for worker processes are uneven by themselves, so their mean counts.
    own = list(observed.own_loading_ns)
    typical_ms = median(own) / 1e6 if own else batch_ms
    if share < _MIN_WAITING_SHARE or min(batch_ms, typical_ms) < _MIN_BATCH_MS:
        return None
    return RuleMatch(
        f"The loop waits for its data {min(share, 1):.0%} of the time: {batch_ms:.3g} ms a batch.",
        (1, evidence.steps),
    )


def _ping_pong(evidence: Evidence) -> RuleMatch | None:
    graph = evidence.graph
    if graph is None:
        return None
    nodes = {node.id: node for node in graph.nodes}
    pairs = [(nodes[edge.source], nodes[edge.target]) for edge in graph.edges]
    moved = [
        target
        for source, target in pairs
        if source.device and target.device and source.device != target.device
    ]
    if len(moved) < _MIN_TRANSFERS:
        return None
    devices = sorted({node.device for pair in pairs for node in pair if node.device})
    first = moved[0]
    return RuleMatch(
        f"Tensors go to and fro between {' and '.join(devices)} {len(moved)} times in a forward "
        "pass; each time the device is waited for.",
        (graph.step or 1, evidence.steps),
        tuple(dict.fromkeys(node.scope.partition("#")[0] for node in moved))[:8],
        node=first.id,
        line=f"{first.source.file}:{first.source.line}" if first.source else None,
    )


RULES = (
    Rule(
        id="slow-loading",
        severity="hint",
        cause="Reading and preparing a batch takes longer than training on it.",
        advice=(
            (
                "Let worker processes prepare batches: DataLoader(..., num_workers=2, "
                "persistent_workers=True)."
            ),
            "Do once what is done for every sample again: decode, resize and convert beforehand.",
            "Use larger batches, or keep small data as tensors in memory.",
        ),
        match=_loading,
        chapter="05_data_loading",
    ),
    Rule(
        id="device-ping-pong",
        severity="hint",
        certainty="certain",
        cause="A part of the model, or a tensor made in forward, is on another device than the "
        "rest.",
        advice=(
            (
                "Move the whole model with model.to(device), and make new tensors on the device of "
                "those they meet (device=x.device)."
            ),
        ),
        match=_ping_pong,
        chapter="01_tensors",
    ),
)
