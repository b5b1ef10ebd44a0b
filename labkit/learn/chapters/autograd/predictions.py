"""The predictions of chapter 02."""

from __future__ import annotations

from labkit.learn.predictions import Choice, Curve, Exact, Number

PREDICTIONS = (
    Exact(
        "boxes",
        "How many operations does autograd record for `((w * x + b - y) ** 2).mean()`?",
        why=(
            "`*`, `+`, `-`, `**` and `mean`: one box for each operation. `x` and `y` have none, "
            "since they require no gradients, so nothing leads to them. `w` and `b` are where the "
            "graph ends: leaves, not operations."
        ),
        reasons={
            "1": (
                "One line of Python, but each `*`, `+`, `-`, `**` and `mean` is an operation "
                "of its own."
            ),
            "4": "`mean` is one as well: it has a derivative like any other.",
            "7": (
                "That counts the two leaves, `w` and `b`. They are where the graph ends, not "
                "operations."
            ),
        },
    ),
    Number(
        "two_paths",
        "What is the derivative of `(2 * w + w) ** 2` with respect to `w`, at w = 3?",
        exact=True,
        why=(
            "The derivative of the square with respect to the sum is 2 × 9 = 18. The path through "
            "`2 * w` brings 18 × 2 = 36, the direct one 18 × 1 = 18. Paths add up: 54."
        ),
        reasons={
            "18": (
                "That is the derivative with respect to the sum. What does the sum gain when `w` "
                "grows?"
            ),
            "36": "That is the path through `2 * w` alone. `w` enters a second time.",
            "81": "That is the value, not the derivative.",
        },
    ),
    Curve(
        "sigmoid_chain",
        "Each sigmoid has a slope of at most 0.25. How does the slope of a chain depend on its "
        "length? Sketch it; the vertical axis is logarithmic.",
        x=(1, 20),
        y=(1e-14, 1),
        x_label="number of sigmoids",
        y_label="slope",
        log=True,
        near=0.07,
        far=0.15,
        why=(
            "Slopes multiply along a path, so each further sigmoid multiplies by the same factor "
            "of about 0.22: a straight line on a logarithmic axis, and almost thirteen powers of "
            "ten lost after twenty sigmoids. That is a *vanishing gradient*; there is no more to "
            "it. Chapter 09 meets it in real networks."
        ),
        reasons={
            "flat": "Each sigmoid multiplies the slope by 0.25 at most, so it cannot stay level.",
            "rises": "Slopes below 1 multiply to something smaller, never larger.",
            "stays high": (
                "One sigmoid already takes away three quarters of the slope, and the slopes "
                "multiply."
            ),
        },
    ),
    Choice(
        "not_a_scalar",
        "`y = w * x` has shape (3,). What does `y.backward()` do?",
        options={
            "a": "`w.grad` becomes 6, the sum of the three slopes",
            "b": "`w.grad` becomes [1, 2, 3], one slope for each output",
            "c": "It raises an error",
        },
        why=(
            "*grad can be implicitly created only for scalar outputs*: PyTorch will not guess. "
            "Three outputs have three slopes with respect to `w`, and `w.grad` has room for one "
            "number. The sum? The mean? One of the three? You have to say which combination you "
            "want, and a loss says it by being a single number."
        ),
        reasons={
            "a": (
                "That is what `y.sum().backward()` gives. PyTorch does not guess whether you want "
                "the sum, the mean or something else."
            ),
            "b": "A `.grad` always has the shape of its leaf, and `w` is a single number.",
        },
    ),
    Number(
        "vector_in",
        "`y = w * [1, 2, 3]`. After `y.backward(v)` with `v = [1, 0, 10]`, what is `w.grad`?",
        exact=True,
        why=(
            "Each output's slope, times its weight, added up: 1 × 1 + 0 × 2 + 10 × 3 = 31. It is "
            "what `(y * v).sum().backward()` would give. So `backward` computes a *weighted sum of "
            "slopes*, in a single walk, and a loss is the case with a single weight of 1."
        ),
        reasons={
            "6": "That is the sum of the three slopes, as if all weights were 1.",
            "11": "That is the sum of the weights. Each is multiplied by the slope of its output.",
            "62": (
                "That would be the sum of weights times *values*: `y` is [2, 4, 6]. Gradients are "
                "made of slopes."
            ),
        },
    ),
    Choice(
        "empty_grad",
        "After `loss.backward()`, which of the three has `.grad` None?",
        options={"a": "`w`", "b": "`scale`", "c": "`small`"},
        why=(
            "`torch.randn(3, requires_grad=True)` is a leaf. Multiplied by 0.1 it is the *result "
            "of an operation*, and the leaf behind it has no name any more: its gradient cannot "
            "be read, and no optimizer will update it. A slice does the same, and so do "
            "`.to(device)` and `.float()` where they change something.\n\n"
            "Make the value first and ask for gradients last: "
            "`(torch.randn(3) * 0.1).requires_grad_()`."
        ),
        reasons={
            "a": "`w` is a leaf that requires gradients: just what `backward` fills.",
            "b": (
                "`scale` was made by hand and requires gradients, so it is a leaf. That it "
                "holds a single number makes no difference."
            ),
        },
    ),
    Number(
        "second_backward",
        "`w ** 2` is computed again and `backward` is called again. What is `w.grad` then?",
        exact=True,
        why=(
            "*Why add?* A leaf may be reached in several ways: by two paths in one graph (section "
            "2), by two losses, by a batch that was split because it did not fit into memory. All "
            "of these are sums, so `backward` always adds.\n\n"
            "The price: `.grad` must be cleared before the next step. That is what "
            "`optimizer.zero_grad()` does, and leaving it out is the most common bug of all "
            "training loops."
        ),
        reasons={
            "6": "That would be so if `backward` replaced the gradient. It adds.",
            "36": "Gradients of two calls are added, not multiplied.",
            "0": "Nothing clears `.grad` but you, or the optimizer's `zero_grad`.",
        },
    ),
    Number(
        "cut_square",
        "The derivative of `w * w` at w = 3 is 6. What does `backward` give for `w * w.detach()`?",
        exact=True,
        why=(
            "The value is 9 either way. But one of the two factors now looks like a constant, so "
            "the derivative is that of `3 * w`. The graph below shows the cut, the reason for it, "
            "and the line of code."
        ),
        reasons={
            "6": "That is the derivative of `w * w`. One of the two factors looks like a constant.",
            "0": "Only one of the two factors was cut; the other leads to `w`.",
            "9": "That is the value. A cut leaves the value as it is.",
        },
    ),
    Curve(
        "step_size",
        "How does the error of the finite difference depend on `h`? Sketch it; the step gets "
        "smaller to the right, and the vertical axis is logarithmic.",
        x=(1, 12),
        y=(1e-12, 1),
        x_label="digits: h = 10 to the power of -digits",
        y_label="error",
        log=True,
        near=0.08,
        far=0.16,
        shape="falls and rises",
        why=(
            "Two errors work against each other. A large `h` misses the curvature: that error "
            "falls with the square of `h`. A small `h` subtracts two nearly equal numbers; what is "
            "left is mostly rounding error, divided by something tiny. The best `h` is near "
            "0.00001 in `float64`. In `float32`, with half of the digits, no `h` gives more "
            "than about five correct digits, which is why gradients are tested in `float64`."
        ),
        reasons={
            "levels off": (
                "It does not stay at its best. Rounding leaves an error in the difference, and a "
                "smaller `h` divides it by something smaller: the error grows again."
            ),
            "only falls": (
                "It would go on falling if computers had all the digits in the world. They have "
                "16, and `f(x + h) - f(x - h)` throws most of them away when `h` is tiny."
            ),
            "rises": "At first a smaller `h` helps: it misses less of the curvature.",
            "flat": "The error depends on `h`, over nearly ten powers of ten.",
        },
    ),
)
