"""Exercise 3 of chapter 09: the next cell state of an LSTM."""

from __future__ import annotations

import torch

from labkit.learn.checks import Case, Exercise, Mistake


def _case(n: int, units: int) -> Case:
    generator = torch.Generator().manual_seed(n)
    c, forget, write, candidate = torch.randn(4, n, units, generator=generator)
    return Case(2 * c, forget.sigmoid(), write.sigmoid(), candidate.tanh())


NEW_CELL = Exercise(
    name="new_cell",
    task=(
        "Write `new_cell(c, forget, write, candidate)`: the LSTM's next cell state, from the "
        "values of its gates."
    ),
    solution=lambda c, forget, write, candidate: forget * c + write * candidate,
    cases=(_case(2, 4), _case(3, 2), _case(1, 5)),
    praise="A sum, not a product: along it the gradient goes back in time without shrinking.",
    mistakes=(
        Mistake(
            "gates_swapped",
            "The gates are swapped: `forget` says how much of the *old* state stays.",
            like=lambda c, forget, write, candidate: write * c + forget * candidate,
        ),
        Mistake(
            "forgets_what_stays",
            "The forget gate is 1 where the state is *kept*; its name says the opposite.",
            like=lambda c, forget, write, candidate: (1 - forget) * c + write * candidate,
        ),
        Mistake(
            "multiplied",
            "Old and new are added. A product would shrink at every step, as in a plain RNN.",
            like=lambda c, forget, write, candidate: forget * c * write * candidate,
        ),
        Mistake(
            "one_gate",
            "That is the GRU's way: one gate for both. The LSTM has a write gate of its own.",
            like=(
                lambda c, forget, write, candidate: forget * c + (1 - forget) * candidate,
                lambda c, forget, write, candidate: (1 - write) * c + write * candidate,
            ),
        ),
        Mistake(
            "nothing_old",
            "Nothing of the old state is left, so nothing is remembered.",
            like=(
                lambda c, forget, write, candidate: write * candidate,
                lambda c, forget, write, candidate: candidate,
            ),
        ),
        Mistake(
            "nothing_new",
            "Nothing is written: the state only fades, whatever is read.",
            like=lambda c, forget, write, candidate: forget * c,
        ),
        Mistake(
            "never_forgets",
            "The old state stays whole, whatever `forget` says: the gate multiplies it. (The first "
            "LSTM, of 1997, had no forget gate, and was like this.)",
            like=lambda c, forget, write, candidate: c + write * candidate,
        ),
        Mistake(
            "writes_everything",
            "The candidate is written whole, whatever `write` says: the gate multiplies it.",
            like=lambda c, forget, write, candidate: forget * c + candidate,
        ),
        Mistake(
            "tanh_again",
            "`candidate` has been through its tanh already: this takes it a second time.",
            like=lambda c, forget, write, candidate: forget * c + write * candidate.tanh(),
        ),
        Mistake(
            "sigmoid_again",
            "The gates have been through their sigmoid already: these are their values, between 0 "
            "and 1.",
            like=(
                lambda c, forget, write, candidate: (
                    forget.sigmoid() * c + write.sigmoid() * candidate
                ),
                lambda c, forget, write, candidate: (
                    forget.sigmoid() * c + write.sigmoid() * candidate.tanh()
                ),
            ),
        ),
        Mistake(
            "tanh_around_the_sum",
            "There is a tanh around the sum. In an LSTM the *hidden* state has one; the cell state "
            "goes on as it is, or its gradient would shrink at every step.",
            like=lambda c, forget, write, candidate: (forget * c + write * candidate).tanh(),
        ),
        Mistake(
            "forget_around_everything",
            "The forget gate multiplies the new part as well. It only says how much of the *old* "
            "state stays: mind the brackets.",
            like=lambda c, forget, write, candidate: forget * (c + write * candidate),
        ),
        Mistake(
            "write_around_everything",
            "The write gate multiplies the old part as well. It only says how much of the "
            "*candidate* is written: mind the brackets.",
            like=lambda c, forget, write, candidate: write * (forget * c + candidate),
        ),
        Mistake(
            "not_added",
            "The two parts are right. The next state is their sum, one tensor.",
            like=lambda c, forget, write, candidate: (forget * c, write * candidate),
        ),
        Mistake(
            "writes_where_shut",
            "The write gate is the wrong way round: it is 1 where the candidate *is* written.",
            like=lambda c, forget, write, candidate: forget * c + (1 - write) * candidate,
        ),
        Mistake(
            "averaged",
            "The two parts are added, not averaged: with the forget gate at 1 and the write gate "
            "at 0, all of the old state has to stay.",
            like=lambda c, forget, write, candidate: (forget * c + write * candidate) / 2,
        ),
        Mistake(
            "gates_as_switches",
            "The gates were rounded to open or shut. They are numbers between 0 and 1, and a gate "
            "that is half open lets half of it through.",
            like=(
                lambda c, forget, write, candidate: forget.round() * c + write.round() * candidate,
                lambda c, forget, write, candidate: torch.where(forget > 0.5, c, write * candidate),
                lambda c, forget, write, candidate: torch.where(forget > 0.5, c, candidate),
            ),
        ),
        Mistake(
            "subtracted",
            "The new part was subtracted. The candidate has a sign of its own.",
            like=lambda c, forget, write, candidate: forget * c - write * candidate,
        ),
        Mistake(
            "matrix_product",
            "A gate has one value for each unit and multiplies it alone: that is `*`. `@` is a "
            "product of matrices.",
            raises="mat1 and mat2",
        ),
    ),
    hints=(
        "Two parts: what stays of the old state, and what is newly written.",
        "What stays is `forget * c`; what is written is `write * candidate`.",
        "Return `forget * c + write * candidate`.",
    ),
)
