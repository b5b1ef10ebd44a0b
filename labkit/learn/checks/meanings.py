"""What the usual errors of Python and PyTorch mean, for whoever meets them for the first time.

An error's own text is in the card already. A sentence of this module follows it, where the text
alone says little to a beginner.
"""

from __future__ import annotations

import re

_NOT_CALLED = (
    "A method without its round brackets is the method itself, and not what it computes: write "
    "`x.mean()`, not `x.mean`."
)
_MEANINGS: tuple[tuple[str, str], ...] = (
    (r"builtin_function_or_method|'method' (and|object)|and 'method'", _NOT_CALLED),
    (
        r"bitwise_xor|for \^|\^: ",
        "`^` is not a power in Python: that is `**`, as in `x ** 2`.",
    ),
    (
        r"context manager protocol|__enter__",
        "After `with` stands a call, with its round brackets: `with torch.no_grad():`.",
    ),
    (
        r"'(Tensor|ndarray|int|float|bool|tuple)' object is not callable",
        (
            "Round brackets after a value try to call it. What only holds something, such as "
            "`shape`, `grad` or `requires_grad`, has none."
        ),
    ),
    (
        r"torch\.return_types",
        (
            "`max`, `min` and `sort` along a dimension return two things, the values and the "
            "indices. Take one of them: `.values` or `.indices`."
        ),
    ),
    (
        r"'Tensor' object has no attribute 'copy'",
        "`copy` belongs to NumPy's arrays. A tensor is copied by `clone()`.",
    ),
    (
        r"'NoneType' object is not (iterable|subscriptable|reversible)",
        (
            "Methods that change a list, such as `reverse`, `sort` and `append`, return `None`. "
            "`reversed(...)` and `sorted(...)` return what they make."
        ),
    ),
    (r"RecursionError", "The function calls itself, and nothing makes it stop."),
    (
        r"Dimension out of range",
        (
            "Dimensions are counted from 0: a table has `dim=0` and `dim=1`, a single row has only "
            "`dim=0`."
        ),
    ),
    (
        r"'bool' object has no attribute",
        (
            "This is a plain `True` or `False`. If it came from `==`: between two things of "
            "different kinds that gives a single `False`. Is one of them a method without its "
            "round brackets, or a pair?"
        ),
    ),
    (
        r"and 'generator'|'generator' (and|object)",
        (
            "A comprehension in round brackets is a generator, which has computed nothing yet. "
            "`sum(...)` adds up what it gives, `list(...)` collects it."
        ),
    ),
    (
        r"only one element tensors|with \d+ elements cannot be converted",
        (
            "`item()` and `float()` take a tensor with a single element, and `torch.tensor([...])` "
            "a list of such. `torch.stack` and `torch.cat` join larger ones."
        ),
    ),
    (
        r'missing the required "forward" function',
        (
            "A module is called through its method `forward`, and this class has none: look for a "
            "typo in the name, and at how far the method is indented."
        ),
    ),
    (
        r"does not require grad and does not have a grad_fn",
        (
            "`backward` found no graph behind this number: the lines before it ran under "
            "`no_grad`, or something was detached on the way, or no parameter took part in it."
        ),
    ),
    (
        r"Trying to backward through the graph a second time",
        (
            "`backward` walks through a graph once and frees it. A second call, or a sum that "
            "still holds an earlier loss, comes to a graph that is gone."
        ),
    ),
    (
        r"'(float|int)' object has no attribute 'backward'",
        "`item()` gives a plain number, without a graph. Call `backward` on the tensor.",
    ),
    (
        r"'(SGD|Adam|AdamW|RMSprop|Optimizer)' object has no attribute 'backward'",
        "`backward` belongs to the loss. The optimizer only sees what it leaves in `.grad`.",
    ),
    (
        r"Boolean value of Tensor",
        (
            "Python wanted one yes or no, as after `if` or `not`, and got a tensor with several. "
            "`torch.where` decides for each element; `.all()` and `.any()` make one of them."
        ),
    ),
    (
        r"UnboundLocalError",
        (
            "A name that a function assigns somewhere is the function's own, and it is used here "
            "before it has a value. Give it one first: before a loop, and in every branch."
        ),
    ),
    (
        r"'NoneType' object has no attribute '(append|extend)'",
        "`append` changes the list itself and returns `None`: do not assign what it returns.",
    ),
    (
        r"append\(\) takes exactly one argument",
        "`append` adds one thing at a time. `layers += [a, b]` adds several.",
    ),
    (
        r"module 'torch\.nn' has no attribute '(linear|relu|flatten|sequential|dropout|conv2d)'",
        "Layers are classes, and their names begin with a capital letter, as in `nn.Linear`.",
    ),
)


def meaning_of(error: BaseException | None) -> str:
    """Return what an error usually means; an empty text where its own text says enough.

    Examples
    --------
    >>> meaning_of(TypeError("'Tensor' object is not callable")).partition(".")[0]
    'Round brackets after a value try to call it'
    >>> meaning_of(KeyError("loss"))
    ''
    """
    text = f"{type(error).__name__}: {error}"
    return next((meaning for known, meaning in _MEANINGS if re.search(known, text)), "")
