"""Modules that give out what is hard to look at; each adds its part to a loss that trains `fc`."""

import dataclasses
from collections import OrderedDict
from typing import Any, NamedTuple

import torch
from torch import nn


class Pair(NamedTuple):
    first: Any
    second: Any


class Labelled(torch.Tensor):
    """A tensor of the user's own that counts what is called with it."""

    calls = 0

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        Labelled.calls += 1
        return super().__torch_function__(function, types, args, kwargs or {})


@dataclasses.dataclass
class Answer:
    logits: torch.Tensor
    note: str = ""


class Stubborn:
    """An object of which nothing can be asked."""

    def __getattribute__(self, name):
        raise RuntimeError("nothing can be asked of this")


class Mapped(dict):
    """A mapping that cannot be looked through."""

    def values(self):
        raise RuntimeError("no values")


class Base(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.odd = self.make()

    def make(self):
        return Giver(self.give)

    def give(self, x):
        raise NotImplementedError

    def forward(self, x):
        hidden = self.fc(x)
        self.odd(hidden)
        return hidden


class Giver(nn.Module):
    def __init__(self, give):
        super().__init__()
        self.give = give

    def forward(self, x):
        return self.give(x)


def gives(give):
    """Return a model with a module that gives out what a function makes of its input."""
    return type("Gives", (Base,), {"give": lambda self, x: give(x)})


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
        return Giver(lambda x: x.mul(2.0)[:, :3])

    def forward(self, x):
        part = self.odd(self.fc(x))
        part.mul_(2.0)
        part += 1.0
        return part


class BaseChangedInPlace(Base):
    def make(self):
        return Giver(lambda x: x.mul(2.0))

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
        return Giver(lambda x: torch.tanh(x).as_subclass(Labelled))

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
        return Giver(lambda x: torch.tanh(x).reshape(len(x), 2, 1, 2, 1, 1))

    def forward(self, x):
        return self.odd(self.fc(x)).flatten(1)


def _itself(x):
    found = [x]
    found.append(found)
    return found


ODD = {
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
    "none": gives(lambda x: None),
    "text": gives(lambda x: "text"),
    "number": gives(lambda x: 1.5),
    "stubborn": gives(lambda x: Stubborn()),
    "mapped": gives(lambda x: Mapped(a=x)),
    "generator": gives(lambda x: (part for part in x)),
    "itself": gives(_itself),
    "named": gives(lambda x: Pair(x * 2, None)),
    "ordered": gives(lambda x: OrderedDict(a=None, b=[{"c": x * 2}])),
    "data": gives(lambda x: Answer(x * 2)),
    "empty": gives(lambda x: x[:0] * 2),
    "scalar": gives(lambda x: x.sum()),
    "whole": gives(lambda x: x.argmax(1)),
    "yes_or_no": gives(lambda x: x > 0),
    "complex": gives(lambda x: torch.complex(x, x)),
    "half": gives(lambda x: x.half()),
    "brain": gives(lambda x: x.bfloat16()),
    "eight_bits": gives(lambda x: x.detach().to(torch.float8_e4m3fn)),
    "quantized": gives(lambda x: torch.quantize_per_tensor(x.detach(), 0.1, 0, torch.qint8)),
    "sparse": gives(lambda x: x.detach().to_sparse()),
    "nested": gives(lambda x: torch.nested.nested_tensor([x.detach()], layout=torch.jagged)),
    "meta": gives(lambda x: torch.empty(3, 4, device="meta")),
    "expanded": gives(lambda x: x[:1].expand(5, 4)),
    "not_finite": gives(lambda x: x.detach() * float("inf")),
    "huge_numbers": gives(lambda x: x.double() * 1e200),
}
