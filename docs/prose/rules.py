"""The habits of writing that the course and the guides avoid, as checks of proselint.

Each rule is a regular expression of RE2 with what to write instead, or with the reason.
"""

from __future__ import annotations

from proselint.registry.checks import Check, types

_INSTEAD = {
    r"foretells?": "predict",
    r"foretold": "predicted",
    r"classified rightly": "classified correctly",
    r"set up wrongly": "misconfigured",
    r"in earnest": "in real code",
    r"is to be found": "we want to find",
    r"can be folded out": "can be expanded",
    r"as it was at first": "reset",
    r"three in all": "three are available",
    r"a claim that circulates": "you may have heard",
    r"for ever": "forever",
    r"anew": "again",
    r"hereabouts": "around here",
    r"nobody misses": "is not missed",
    r"nobody asked for": "was not asked for",
    r"to whom": "to what",
    r"slope along": "derivative with respect to",
    r"slope of the loss along": "derivative of the loss with respect to",
    r"one (mean|value) a (row|column)": "one per row or column",
    r"stands the blow": "copes better",
    r"let us be less kind": "let's be tougher",
    r"to one size": "to the same scale",
    r"one may not notice": "you might not notice",
    r"its kin": "close relatives",
    r"asked to change more": "gets the larger gradient",
    r"times as readily": "times faster",
    r"is to tell": "has to decide",
    r"what shape has": "what is the shape of",
    r"how many \w+ has": "how many … does … have",
    r"lies? in (the )?memory": "is in memory",
    r"if one reads": "if you read",
    r"whether one": "whether you",
    r"when one": "when you",
    r"amongst": "among",
    r"whilst": "while",
    r"upside down": "rotated by 180 degrees",
    r"bring(s)? along": "include",
    r"gradient along": "gradient with respect to",
    r"everything that is drawn": "every plot",
}
_REASONS = {
    r"utili[sz]e[sd]?|utili[sz]ing": "say *use*",
    r"in order to": "say *to*",
    r"simply|obviously|of course|trivially|clearly": "the reader may not find it plain",
    r"\d x \d": "write the sign of multiplication between numbers",
    r"TODO|FIXME|TBD": "finish it or leave it out",
}

RULES = (
    Check(
        check_type=types.PreferredForms(items=_INSTEAD),
        path="labkit.instead",
        message="Write '{0}' instead of '{1}'.",
    ),
    *(
        Check(
            check_type=types.Existence(items=(pattern,)),
            path="labkit.habits",
            message=f"'{{0}}': {reason}.",
        )
        for pattern, reason in _REASONS.items()
    ),
)
"""The rules of the project."""

# Checks of proselint that do not fit a technical text.
LEFT_OUT = frozenset(
    {
        "typography",  # straight quotes and three dots are what code has
        "annotations",  # the project's own rule
        "hedging",  # "may" says what an operation is allowed to do
        "weasel_words",  # "very" is rare, and the others are terms
        "skunked_terms",
        "industrial_language",
        "uncomparables",
        "redundancy.misc.after_the_deadline",  # errors cancel out
    }
)
"""The groups of proselint's checks that are switched off, each for the reason beside it."""
