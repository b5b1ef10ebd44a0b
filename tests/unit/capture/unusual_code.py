"""Models that use unusual parts of PyTorch, each with its inputs; and the state of everything."""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, jacrev, jvp, vmap
from torch.nn.attention.flex_attention import flex_attention
from torch.utils.checkpoint import checkpoint

X = torch.linspace(-1, 1, 12).reshape(4, 3)


class Scaled(torch.Tensor):
    """A subclass with `__torch_function__`, which counts the calls of it."""

    calls = 0

    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        cls.calls += 1
        return super().__torch_function__(func, types, args, kwargs or {})


class Wrapped(torch.Tensor):
    """A subclass with `__torch_dispatch__`, whose values are in another tensor."""

    @staticmethod
    def __new__(cls, inner):
        return torch.Tensor._make_wrapper_subclass(
            cls, inner.shape, dtype=inner.dtype, requires_grad=inner.requires_grad
        )

    def __init__(self, inner):
        self.inner = inner.detach()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        def opened(value):
            return value.inner if isinstance(value, Wrapped) else value

        result = func(*torch.utils._pytree.tree_map(opened, args), **(kwargs or {}))
        return Wrapped(result) if isinstance(result, torch.Tensor) else result


class Cube(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3, x**2

    @staticmethod
    def backward(ctx, cubed, squared):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * cubed + 2 * x * squared


class Of(nn.Module):
    """A linear layer, and then a function of its output and the layer."""

    def __init__(self, function, width=3):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, width)
        self.function = function

    def forward(self, x):
        return self.function(self.layer(x), self.layer)


def _while_loop(h, layer):
    with torch.no_grad():
        last, _ = torch.while_loop(
            lambda i, _: i < 3, lambda i, t: (i + 1, t * 2), (torch.tensor(0), h.detach().clone())
        )
    return h * last


def _per_sample_gradients(h, layer):
    own = dict(layer.named_parameters())

    def loss(parameters, sample):
        return functional_call(layer, parameters, (sample,)).pow(2).sum()

    return vmap(grad(loss), in_dims=(None, 0))(own, h)["weight"]


def _checkpointed(reentrant):
    return lambda h, layer: checkpoint(
        lambda t: layer(t).tanh(), h, use_reentrant=reentrant, preserve_rng_state=False
    )


def _nested(layout):
    def run(h, layer):
        nested = torch.nested.as_nested_tensor([h[:1], h[1:]], layout=layout)
        return torch.cat([each * 2 for each in layer(nested).unbind()])

    return run


def _twice_backward(h, layer):
    (gradient,) = torch.autograd.grad(h.pow(2).sum(), layer.weight, create_graph=True)
    return h.sum() + gradient.pow(2).sum()


def _set_item(h, layer):
    h = h.clone()
    h[0] = h[1] * 2
    h[:, 1] += 1
    return h


FUNCTIONS = {
    "cond": lambda h, layer: torch.cond(
        h.sum() > 0, lambda t: layer(t).sin(), lambda t: layer(t).cos(), (h,)
    ),
    "while_loop": _while_loop,
    # On the CPU, it has no gradient.
    "flex_attention": lambda h, layer: h * flex_attention(*([X.reshape(1, 1, 4, 3)] * 3))[0, 0],
    "vmap": lambda h, layer: vmap(lambda row: row.sin() * 2)(h),
    "vmap of grad": lambda h, layer: vmap(grad(lambda row: layer(row).sin().sum()))(h),
    "vmap of grad of parameters": _per_sample_gradients,
    "jacrev": lambda h, layer: jacrev(lambda t: layer(t).sum(0))(h),
    "jvp": lambda h, layer: jvp(layer, (h,), (torch.ones_like(h),))[1],
    "functional_call": lambda h, layer: functional_call(
        layer, {name: p * 2 for name, p in layer.named_parameters()}, (h,)
    ),
    "jagged tensors": _nested(torch.jagged),
    "nested tensors": _nested(torch.strided),
    "sparse product": lambda h, layer: torch.sparse.mm(torch.eye(4).to_sparse(), h),
    "sparse result": lambda h, layer: (h.to_sparse() * 2).to_dense(),
    "CSR product": lambda h, layer: torch.eye(4).to_sparse_csr() @ h,
    "float8": lambda h, layer: h.to(torch.float8_e4m3fn).to(torch.float32) * h,
    "bfloat16": lambda h, layer: h.bfloat16().exp().float(),
    "autocast": lambda h, layer: _with(torch.autocast("cpu", torch.bfloat16), layer, h),
    "complex": lambda h, layer: torch.view_as_real(torch.fft.fft(h)),
    "subclass with functions": lambda h, layer: (
        h.as_subclass(Scaled).exp().as_subclass(torch.Tensor)
    ),
    "custom function": lambda h, layer: sum(Cube.apply(h)),
    "custom function last": lambda h, layer: Cube.apply(h),
    "checkpoint": _checkpointed(reentrant=False),
    "reentrant checkpoint": _checkpointed(reentrant=True),
    "gradient in forward": _twice_backward,
    "in place": _set_item,
    "in place on a view": lambda h, layer: _in_place_view(h),
    "unbound": lambda h, layer: torch.stack([row * n for n, row in enumerate(h.unbind())]),
    "inference inside": lambda h, layer: h * _with(torch.inference_mode(), layer, h).clone(),
    "einsum": lambda h, layer: torch.einsum("ij,kj->ik", h, layer.weight),
    "attention": lambda h, layer: F.scaled_dot_product_attention(*([h.reshape(1, 1, 4, 3)] * 3)),
    "out=": lambda h, layer: h * torch.add(X, X, out=torch.empty(4, 3)),
}


def _with(context, function, *args):
    with context:
        return function(*args)


def _in_place_view(h):
    h = h * 1
    h.t().add_(1)
    return h.exp()


class Stateful(nn.Module):
    """A model whose call changes everything that a call can change."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)
        self.spectral = nn.utils.spectral_norm(nn.Linear(3, 3))
        self.parametrized = nn.utils.parametrizations.spectral_norm(nn.Linear(3, 3))
        self.embedding = nn.Embedding(4, 3, max_norm=0.1)
        self.dropout = nn.Dropout(0.5)
        self.register_buffer("count", torch.zeros(()))
        self.register_buffer("none", None)
        self.register_buffer("replaced", torch.zeros(2))
        self.register_buffer("sparse", torch.eye(3).to_sparse())
        self.register_buffer("large", torch.zeros(600_000))
        self.register_buffer("alias", self.layer.bias.detach())
        self.register_buffer("view", self.large[:4])
        self.register_buffer("gone", torch.ones(1))
        self.generator = torch.Generator().manual_seed(1)
        self.numpy = np.random.default_rng(0)
        self.python = random.Random(0)
        self.generators = [torch.Generator().manual_seed(2)]
        self.calls = 0
        self.seen = []
        self.cache = {}
        self.plain = torch.zeros(3)

    def forward(self, x):
        self.calls += 1
        self.seen.append(x)
        self.cache["x"] = x
        self.count.add_(1)
        self.none = torch.ones(3)
        self.replaced = self.replaced + 1
        self.sparse.mul_(2)
        self.large[10:20] = 1
        self.view.add_(1)
        self.alias.add_(1)
        self.plain += 1
        del self.gone
        self.extra = nn.Linear(3, 3)
        self.register_buffer("new", torch.ones(1))
        self.training = False
        noise = torch.rand(3, generator=self.generator) + torch.rand(
            3, generator=self.generators[0]
        )
        factor = self.numpy.random() + self.python.random() + random.random() + np.random.rand()  # noqa: NPY002
        h = self.dropout(self.norm(self.layer(x))) + self.embedding(torch.tensor([0, 1, 2, 3]))
        h = self.extra(self.parametrized(self.spectral(h)))
        return h * noise * factor

    def state(self):
        """Return everything that a call may change, as values that can be compared."""
        tensors = {
            name: (id(tensor), tensor.to_dense().tolist())
            for name, tensor in [*self.named_buffers(), *self.named_parameters()]
        }
        return {
            "tensors": tensors,
            "plain": (id(self.plain), self.plain.tolist()),
            "attributes": sorted(vars(self)),
            "modules": sorted(name for name, _ in self.named_modules()),
            "calls": (self.calls, len(self.seen), len(self.cache), self.training, self.none),
            "own": (self.numpy.bit_generator.state, self.python.getstate()),
            "torch": [
                g.get_state().tolist() for g in (self.generator, *self.generators)
            ],
            "modes": [module.training for module in self.modules()],
            "gradients": [p.grad for p in self.parameters()],
        }  # fmt: skip


class Failing(Stateful):
    """The same, but the call fails at its end."""

    def forward(self, x):
        super().forward(x)
        raise ValueError("in the middle")


def generator_states():
    numpy = np.random.get_state()  # noqa: NPY002 - the state of the user's code
    return (
        torch.get_rng_state().tolist(),
        random.getstate(),
        (*numpy[:1], numpy[1].tolist(), *numpy[2:]),
    )
