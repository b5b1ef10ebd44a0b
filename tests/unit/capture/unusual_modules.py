"""Models with an `odd` module whose output is hard to sample, and a linear layer `fc`."""

import dataclasses
from collections import OrderedDict
from typing import Any, NamedTuple

import torch
from torch import nn


class Pair(NamedTuple):
    first: Any
    second: Any


class CountingTensor(torch.Tensor):
    """A tensor subclass that counts the torch functions called with it."""

    calls = 0

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        CountingTensor.calls += 1
        return super().__torch_function__(function, types, args, kwargs or {})


@dataclasses.dataclass
class LabelledLogits:
    logits: torch.Tensor
    note: str = ""


class UnreadableObject:
    """An object whose attributes raise."""

    def __getattribute__(self, name):
        raise RuntimeError("this object has no readable attributes")


class UnreadableMapping(dict):
    """A mapping whose `values` raises."""

    def values(self):
        raise RuntimeError("no values")


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.odd = self.make()

    def make(self):
        return FunctionModule(self.compute)

    def compute(self, x):
        raise NotImplementedError

    def forward(self, x):
        hidden = self.fc(x)
        self.odd(hidden)
        return hidden


class FunctionModule(nn.Module):
    def __init__(self, compute):
        super().__init__()
        self.compute = compute

    def forward(self, x):
        return self.compute(x)


def returning(compute):
    """Return a model class whose `odd` module returns the result of a function."""
    return type("Returning", (Base,), {"compute": lambda self, x: compute(x)})


class StateAsList(Base):
    def make(self):
        return nn.LSTM(4, 4)

    def forward(self, x):
        hidden = self.fc(x)
        state = [torch.zeros(1, 1, 4), torch.zeros(1, 1, 4)]
        return hidden + self.odd(hidden[:, None], state)[0][:, 0]


class CellStateAsList(Base):
    def make(self):
        return nn.LSTMCell(4, 4)

    def forward(self, x):
        hidden = self.fc(x)
        return hidden + self.odd(hidden, [torch.zeros(len(x), 4), torch.zeros(len(x), 4)])[0]


class ByKeyword(Base):
    def make(self):
        return nn.GRU(4, 4)

    def forward(self, x):
        return self.odd(input=self.fc(x)[:, None])[0][:, 0]


class KeywordOnly(Base):
    class Inner(nn.Module):
        def forward(self, *, x):
            return torch.tanh(x)

    def make(self):
        return self.Inner()

    def forward(self, x):
        return self.odd(x=self.fc(x))


class ChangedInPlace(Base):
    def make(self):
        return FunctionModule(lambda x: x.mul(2.0)[:, :3])

    def forward(self, x):
        part = self.odd(self.fc(x))
        part.mul_(2.0)
        part += 1.0
        return part


class BaseChangedInPlace(Base):
    def make(self):
        return FunctionModule(lambda x: x.mul(2.0))

    def forward(self, x):
        whole = self.odd(self.fc(x))
        whole[:, 1:].mul_(3.0)
        return nn.functional.relu_(whole)


class RaisingAttributes(Base):
    class Inner(nn.Module):
        def __repr__(self):
            raise RuntimeError("no repr")

        def __getattr__(self, name):
            if name in ("_orig_mod", "weight", "hidden_size"):
                raise RuntimeError("no attribute")
            return super().__getattr__(name)

        def forward(self, x):
            return torch.sin(x)

    def make(self):
        return self.Inner()

    def forward(self, x):
        return self.odd(self.fc(x))


class SubclassInTheLoss(Base):
    def make(self):
        return FunctionModule(lambda x: torch.tanh(x).as_subclass(CountingTensor))

    def forward(self, x):
        return self.odd(self.fc(x)).as_subclass(torch.Tensor)


class AttentionWithoutPair(Base):
    class Inner(nn.MultiheadAttention):
        def forward(self, x):
            return super().forward(x, x, x)[0]

    def make(self):
        return self.Inner(4, 2)

    def forward(self, x):
        return self.odd(self.fc(x)[:, None])[:, 0]


class ManyDimensions(Base):
    def make(self):
        return FunctionModule(lambda x: torch.tanh(x).reshape(len(x), 2, 1, 2, 1, 1))

    def forward(self, x):
        return self.odd(self.fc(x)).flatten(1)


def _self_referencing(x):
    found = [x]
    found.append(found)
    return found


UNUSUAL = {
    "state_as_list": StateAsList,
    "cell_state_as_list": CellStateAsList,
    "by_keyword": ByKeyword,
    "keyword_only": KeywordOnly,
    "changed_in_place": ChangedInPlace,
    "base_changed_in_place": BaseChangedInPlace,
    "raising_attributes": RaisingAttributes,
    "subclass": SubclassInTheLoss,
    "attention_without_pair": AttentionWithoutPair,
    "many_dimensions": ManyDimensions,
    "none": returning(lambda x: None),
    "text": returning(lambda x: "text"),
    "number": returning(lambda x: 1.5),
    "unreadable_object": returning(lambda x: UnreadableObject()),
    "unreadable_mapping": returning(lambda x: UnreadableMapping(a=x)),
    "generator": returning(lambda x: (part for part in x)),
    "self_referencing": returning(_self_referencing),
    "named": returning(lambda x: Pair(x * 2, None)),
    "ordered": returning(lambda x: OrderedDict(a=None, b=[{"c": x * 2}])),
    "data": returning(lambda x: LabelledLogits(x * 2)),
    "empty": returning(lambda x: x[:0] * 2),
    "scalar": returning(lambda x: x.sum()),
    "integers": returning(lambda x: x.argmax(1)),
    "booleans": returning(lambda x: x > 0),
    "complex": returning(lambda x: torch.complex(x, x)),
    "half": returning(lambda x: x.half()),
    "bfloat16_values": returning(lambda x: x.bfloat16()),
    "eight_bits": returning(lambda x: x.detach().to(torch.float8_e4m3fn)),
    "quantized": returning(lambda x: torch.quantize_per_tensor(x.detach(), 0.1, 0, torch.qint8)),
    "sparse": returning(lambda x: x.detach().to_sparse()),
    "nested": returning(lambda x: torch.nested.nested_tensor([x.detach()], layout=torch.jagged)),
    "meta": returning(lambda x: torch.empty(3, 4, device="meta")),
    "expanded": returning(lambda x: x[:1].expand(5, 4)),
    "not_finite": returning(lambda x: x.detach() * float("inf")),
    "huge_numbers": returning(lambda x: x.double() * 1e200),
}
