"""The derivatives of common operations, from PyTorch's own table, in readable form.

Each entry maps an operation to its forward formula, the gradients of its inputs, and the entry of
``derivatives.yaml`` that it was taken from (PyTorch contains that file in its package
``torchgen``). ``grad`` is the incoming gradient, ``result`` the result of the operation, ``@`` the
matrix product, ``*`` the elementwise product.
"""

_SUMMED = "summed over what broadcasting repeated"

DERIVATIVES: dict[str, tuple[str, dict[str, str], str]] = {
    # elementwise arithmetic
    "add": ("self + alpha * other", {"self": "grad", "other": "alpha * grad"}, "add.Tensor"),
    "sub": ("self - alpha * other", {"self": "grad", "other": "-alpha * grad"}, "sub.Tensor"),
    "rsub": ("other - alpha * self", {"self": "-alpha * grad", "other": "grad"}, "rsub.Tensor"),
    "mul": ("self * other", {"self": "grad * other", "other": "grad * self"}, "mul.Tensor"),
    "div": (
        "self / other",
        {"self": "grad / other", "other": "-grad * self / other**2"},
        "div.Tensor",
    ),
    "neg": ("-self", {"self": "-grad"}, "neg"),
    "pow": (
        "self ** exponent",
        {
            "self": "grad * exponent * self**(exponent - 1)",
            "exponent": "grad * result * log(self)",
        },
        "pow.Tensor_Tensor",
    ),
    "reciprocal": ("1 / self", {"self": "-grad * result**2"}, "reciprocal"),
    "abs": ("|self|", {"self": "grad * sign(self)"}, "abs"),
    "sqrt": ("sqrt(self)", {"self": "grad / (2 * result)"}, "sqrt"),
    "rsqrt": ("1 / sqrt(self)", {"self": "-grad * result**3 / 2"}, "rsqrt"),
    "exp": ("exp(self)", {"self": "grad * result"}, "exp"),
    "log": ("log(self)", {"self": "grad / self"}, "log"),
    "log1p": ("log(1 + self)", {"self": "grad / (self + 1)"}, "log1p"),
    "sin": ("sin(self)", {"self": "grad * cos(self)"}, "sin"),
    "cos": ("cos(self)", {"self": "-grad * sin(self)"}, "cos"),
    "clamp": (
        "self, kept within the bounds",
        {"self": "grad where the bounds did not act, else 0"},
        "clamp",
    ),
    "maximum": (
        "the larger of self and other",
        {"self": "grad where self is larger", "other": "grad where other is larger"},
        "maximum",
    ),
    "minimum": (
        "the smaller of self and other",
        {"self": "grad where self is smaller", "other": "grad where other is smaller"},
        "minimum",
    ),
    "where": (
        "self where the condition holds, else other",
        {"self": "grad where it holds, else 0", "other": "grad where it does not, else 0"},
        "where.self",
    ),
    # activations
    "relu": ("max(self, 0)", {"self": "grad where result > 0, else 0"}, "relu"),
    "leakyrelu": (
        "self, times the slope where self < 0",
        {"self": "grad, times the slope where self < 0"},
        "leaky_relu",
    ),
    "elu": (
        "self where self > 0, else alpha * (exp(self) - 1)",
        {"self": "grad where self > 0, else grad * (result + alpha)"},
        "elu",
    ),
    "gelu": (
        "self * Phi(self), Phi the normal distribution",
        {"self": "grad * (Phi(self) + self * phi(self))"},
        "gelu",
    ),
    "silu": (
        "self * sigmoid(self)",
        {"self": "grad * s * (1 + self * (1 - s)), s = sigmoid(self)"},
        "silu",
    ),
    "softplus": ("log(1 + exp(self))", {"self": "grad * sigmoid(self)"}, "softplus"),
    "sigmoid": ("1 / (1 + exp(-self))", {"self": "grad * result * (1 - result)"}, "sigmoid"),
    "tanh": ("tanh(self)", {"self": "grad * (1 - result**2)"}, "tanh"),
    "softmax": (
        "exp(self) / sum(exp(self))",
        {"self": "result * (grad - sum(grad * result))"},
        "_softmax",
    ),
    "logsoftmax": (
        "self - log(sum(exp(self)))",
        {"self": "grad - exp(result) * sum(grad)"},
        "_log_softmax",
    ),
    "nativedropout": (
        "input * mask / (1 - p)",
        {"input": "grad * mask / (1 - p)"},
        "native_dropout",
    ),
    # reductions
    "sum": ("sum of self", {"self": "grad, repeated for every element"}, "sum"),
    "mean": (
        "mean of self",
        {"self": "grad / number of elements, repeated for every element"},
        "mean",
    ),
    "prod": ("product of self", {"self": "grad * result / self"}, "prod"),
    "var": (
        "variance of self",
        {"self": "grad * 2 * (self - mean) / (n - correction)"},
        "var.correction",
    ),
    "std": (
        "standard deviation of self",
        {"self": "grad * (self - mean) / ((n - correction) * result)"},
        "std.correction",
    ),
    "max": ("largest of self", {"self": "grad at the place of the largest, else 0"}, "max"),
    "min": ("smallest of self", {"self": "grad at the place of the smallest, else 0"}, "min"),
    "amax": ("largest of self", {"self": "grad, shared among the largest"}, "amax"),
    "logsumexp": ("log(sum(exp(self)))", {"self": "grad * exp(self - result)"}, "logsumexp"),
    # products of matrices
    "mm": ("self @ mat2", {"self": "grad @ mat2.T", "mat2": "self.T @ grad"}, "mm"),
    "mv": ("self @ vec", {"self": "outer(grad, vec)", "vec": "self.T @ grad"}, "mv"),
    "dot": ("self . tensor", {"self": "grad * tensor", "tensor": "grad * self"}, "dot"),
    "bmm": (
        "self @ mat2, for each of the batch",
        {"self": "grad @ mat2.T", "mat2": "self.T @ grad"},
        "bmm",
    ),
    "addmm": (
        "beta * self + alpha * mat1 @ mat2",
        {
            "self": f"beta * grad, {_SUMMED}",
            "mat1": "alpha * grad @ mat2.T",
            "mat2": "alpha * mat1.T @ grad",
        },
        "addmm",
    ),
    "baddbmm": (
        "beta * self + alpha * batch1 @ batch2",
        {
            "self": "beta * grad",
            "batch1": "alpha * grad @ batch2.T",
            "batch2": "alpha * batch1.T @ grad",
        },
        "baddbmm",
    ),
    "scaleddotproductflashattentionforcpu": (
        "softmax(query @ key.T / sqrt(d)) @ value",
        {
            "query": "through the softmax's derivative, times key",
            "key": "through the softmax's derivative, times query",
            "value": "weights.T @ grad",
        },
        "_scaled_dot_product_flash_attention_for_cpu",
    ),
    # shapes
    "t": ("self, transposed", {"self": "grad, transposed"}, "t"),
    "transpose": (
        "self with two dimensions exchanged",
        {"self": "grad with the same two exchanged"},
        "transpose.int",
    ),
    "permute": (
        "self with its dimensions in another order",
        {"self": "grad in the order before"},
        "permute",
    ),
    "view": ("self in another shape", {"self": "grad in the shape before"}, "view"),
    "unsafeview": ("self in another shape", {"self": "grad in the shape before"}, "_unsafe_view"),
    "reshapealias": (
        "self in another shape",
        {"self": "grad in the shape before"},
        "_reshape_alias",
    ),
    "expand": ("self, repeated", {"self": f"grad, {_SUMMED}"}, "expand"),
    "squeeze": (
        "self without its dimensions of size 1",
        {"self": "grad with these dimensions again"},
        "squeeze",
    ),
    "unsqueeze": (
        "self with one more dimension, of size 1",
        {"self": "grad without that dimension"},
        "unsqueeze",
    ),
    "cat": ("the tensors, one after the other", {"tensors": "grad, cut where they met"}, "cat"),
    "stack": ("the tensors, along a new dimension", {"tensors": "grad, taken apart"}, "stack"),
    "slice": ("a part of self", {"self": "grad at that part, 0 elsewhere"}, "slice.Tensor"),
    "select": ("one row of self", {"self": "grad at that row, 0 elsewhere"}, "select.int"),
    "index": (
        "the elements of self at the indices",
        {"self": "grad added at these places, 0 elsewhere"},
        "index.Tensor",
    ),
    "gather": (
        "the elements of self at the index",
        {"self": "grad added at these places, 0 elsewhere"},
        "gather",
    ),
    "embedding": (
        "the rows of weight at the indices",
        {"weight": "grad added at these rows, 0 elsewhere"},
        "embedding",
    ),
    "clone": ("a copy of self", {"self": "grad"}, "clone"),
    "tocopy": ("self as another dtype or on another device", {"self": "grad, back"}, "_to_copy"),
    # layers
    "convolution": (
        "weight moved over input, products summed, plus bias",
        {
            "input": "grad, moved over with the weight turned around",
            "weight": "input, moved over with grad",
            "bias": "grad, summed over batch and places",
        },
        "convolution",
    ),
    "maxpool2dwithindices": (
        "largest of each window",
        {"self": "grad at the place of the largest, 0 elsewhere"},
        "max_pool2d_with_indices",
    ),
    "avgpool2d": (
        "mean of each window",
        {"self": "grad / size of the window, over the window"},
        "avg_pool2d",
    ),
    "nativebatchnorm": (
        "(input - mean) / std * weight + bias, over the batch",
        {
            "input": "weight / std * (grad - mean(grad) - normed * mean(grad * normed))",
            "weight": "sum(grad * normed)",
            "bias": "sum(grad)",
        },
        "native_batch_norm",
    ),
    "nativelayernorm": (
        "(input - mean) / std * weight + bias, over the features",
        {
            "input": "1 / std * (g - mean(g) - normed * mean(g * normed)), g = grad * weight",
            "weight": "sum(grad * normed)",
            "bias": "sum(grad)",
        },
        "native_layer_norm",
    ),
    # losses
    "mseloss": (
        "mean of (self - target)**2",
        {
            "self": "grad * 2 * (self - target) / number of elements",
            "target": "-grad * 2 * (self - target) / number of elements",
        },
        "mse_loss",
    ),
    "smoothl1loss": (
        "mean of: quadratic near the target, linear away from it",
        {"self": "grad * the difference, cut at +-1, / number of elements"},
        "smooth_l1_loss",
    ),
    "nllloss": (
        "mean of -self at the target's class, over the batch",
        {"self": "-grad / number of elements at the target's class, 0 elsewhere"},
        "nll_loss_forward",
    ),
    "binarycrossentropy": (
        "mean of -(target * log(self) + (1 - target) * log(1 - self))",
        {"self": "grad * (self - target) / (self * (1 - self)) / number of elements"},
        "binary_cross_entropy",
    ),
    "binarycrossentropywithlogits": (
        "mean of binary cross entropy of sigmoid(self)",
        {"self": "grad * (sigmoid(self) - target) / number of elements"},
        "binary_cross_entropy_with_logits",
    ),
}
