"""What holds for every healthy run."""

import torch

SIGNED = {
    # The backbone requires gradients that are computed at every step and never used: setting
    # requires_grad to False makes the steps faster. The weights are as intended either way.
    "linear_probe": {"not-in-optimizer"},
    # What is said of the two experts that the gate never chooses is true.
    "experts_of_which_two_are_never_chosen": {"no-gradient"},
}
"""Rules whose findings about a run are right although the training is."""
WITH_NOTICE = {"updates_by_hand", "updates_of_lists"}
"""Runs in which something cannot be recorded."""


def check(make, seed, shown_findings):
    """Train a model, and check that no finding but a signed one was shown at any time."""
    torch.manual_seed(seed)
    run = make()
    assert run.steps >= 50
    signed = SIGNED.get(make.__name__, set())
    found = {finding.rule: finding.message for finding in (*shown_findings, *run.findings)}
    assert {rule: message for rule, message in found.items() if rule not in signed} == {}
    assert make.__name__ in WITH_NOTICE or run.notices == ()
