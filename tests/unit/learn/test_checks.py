"""The engine of the checks: the order of what is looked at, and what a card says."""

from __future__ import annotations

import functools
import random

import numpy as np
import pytest
import torch
from torch import nn

from labkit.learn.checks import (
    Case,
    Exercise,
    Mistake,
    autograd,
    calls,
    check_answer,
    close,
    loops,
    names,
)


def exercise(**changes):
    settings = {
        "name": "centre",
        "task": "Write `centre(table, scale)`.",
        "solution": lambda table, scale: (table - table.mean(0)) * scale,
        "cases": (
            Case(torch.tensor([[1.0, 2.0], [3.0, 6.0]]), 2.0),
            Case(torch.arange(12.0).reshape(4, 3) ** 2, 0.5),
            Case(torch.zeros(3, 1), 1.0),
        ),
        "praise": "Yes.",
        "hints": ("a", "b", "c"),
    }
    return Exercise(**{**settings, **changes})


def said(verdict):
    return " ".join(verdict.paragraphs)


def test_float64_and_numpy_are_accepted():
    for convert in (torch.Tensor.double, torch.Tensor.numpy):
        verdict = check_answer(exercise(), lambda t, s, c=convert: (c(t) - c(t).mean(0)) * s)
        assert verdict.outcome == "right"


@pytest.mark.parametrize(
    ("got", "expected", "same"),
    [
        (torch.tensor([[3.0]]), 3.0, True),
        (np.float64(3.0), 3.0, True),
        (3, 3.0, True),
        (True, 1.0, False),
        ("3", 3.0, False),
        ([3.0], 3.0, False),
        (torch.tensor([1.0, 2.0]), (1.0, 2.0), True),
        ([1.0, 2.0, 3.0], (1.0, 2.0), False),
        (torch.ones(3), torch.ones(3, 1), False),
        (torch.tensor([[1], [2]]), [1, 2], False),
        (torch.tensor([float("nan")]), torch.tensor([float("nan")]), True),
        (np.bool_(1), True, True),
        (1, True, False),
        ({"a": 1}, {"a": 1.0}, True),
        ({"a": 1, "b": 2}, {"a": 1.0}, False),
        (torch.tensor(1j), 1.0, False),
        ("cuda", torch.device("cuda"), False),
        (None, None, True),
        (10**400, 1.0, False),
    ],
)
def test_what_counts_as_the_same(got, expected, same):
    assert close()(got, expected) is same


def test_the_first_failing_input_is_shown_with_what_came_back_and_what_is_expected():
    verdict = check_answer(exercise(), lambda table, scale: (table - table.mean(0)) * 2)
    assert "`scale = 0.5`" in said(verdict)
    assert "`table` (a tensor of shape `(4, 3)`)" in said(verdict)
    assert "the first difference is at `[0, 0]`: `-63`, expected `-15.75`" in said(verdict)
    assert "It was right for the first of 3 inputs." in said(verdict)
    assert "never reads `scale`" in said(verdict)


def ordered(answer):
    """The verdict on a function that returns two values for a list of numbers."""
    pair = exercise(
        name="pair",
        solution=lambda numbers, by: (sorted(numbers), torch.arange(9) * by),
        cases=(Case([3, 1, 2], 2), Case([1, 2], 3)),
    )
    return said(check_answer(pair, answer))


def test_of_several_values_the_first_that_differs_is_named():
    text = ordered(lambda numbers, by: (sorted(numbers), torch.arange(9) + by))
    assert "the second of what you returned is a tensor" in text
    assert "the first difference is at `[0]`: `2`, expected `0`" in text


def test_numbers_that_differ_late_are_shown_with_more_digits():
    share = exercise(solution=lambda n: 2021.47 / n, cases=(Case(100), Case(10)))
    text = said(check_answer(share, lambda n: round(2021.47 / n, 2)))
    assert "you returned `20.21`, expected `20.2147`" in text


def test_arguments_in_another_order_are_named():
    text = ordered(lambda by, numbers: (numbers, by))
    assert "another order: `(by, numbers)`" in text


def test_a_list_of_numbers_that_was_put_into_another_order_is_a_changed_argument():
    def in_place(numbers, by):
        numbers.sort()
        return numbers, torch.arange(9) * by

    assert "changed `numbers`" in ordered(in_place)


def test_an_error_is_shown_with_its_line_and_input():
    def centre(table, scale):
        centred = table - table.mean(0)
        return centred * scael  # noqa: F821 - the typing error that is looked for

    verdict = check_answer(exercise(), centre)
    assert verdict.mistake == "raised"
    assert "`NameError: name 'scael' is not defined`" in said(verdict)
    assert "in the line `return centred * scael" in said(verdict)
    assert "It was called with `table = tensor([[1, 2], [3, 6]])` and `scale = 2`" in said(verdict)


def test_an_error_on_a_later_input_comes_before_a_wrong_value_of_an_earlier_one():
    def centre(table, scale):
        return table[1] if len(table) < 4 else table[:, 5]

    assert "index 5 is out of bounds" in said(check_answer(exercise(), centre))


def test_an_error_is_recognised_by_its_text_and_by_the_same_error_of_a_wrong_function():
    by_text = Mistake("typo", "It is `mean`.", raises="AttributeError.*average")
    verdict = check_answer(exercise(mistakes=(by_text,)), lambda table, scale: table.average())
    assert verdict.paragraphs == ("It is `mean`.",)
    by_function = Mistake("rows", "Rows.", like=lambda table, scale: table.mean(7))
    found = check_answer(exercise(mistakes=(by_function,)), lambda table, scale: table.mean(7) * 2)
    assert found.mistake == "rows"


def test_a_diagnosis_from_the_evidence_is_not_made_of_an_error():
    eager = Mistake("eager", "Wrong.", seen_in=lambda trial: trial.results[0] is None)
    verdict = check_answer(exercise(mistakes=(eager,)), lambda table, scale: 1 / 0)
    assert verdict.mistake == "raised"


def test_a_mistake_must_show_on_every_case():
    doubled = Mistake("doubled", "Twice.", like=lambda table, scale: (table - table.mean(0)) * 2)
    half = exercise(mistakes=(doubled,))
    assert check_answer(half, lambda t, s: (t - t.mean(0)) * 2).mistake == "doubled"
    verdict = check_answer(half, lambda t, s: (t - t.mean(0)) * (2 if len(t) < 4 else 3))
    assert verdict.mistake is None


def test_all_conditions_of_a_mistake_must_hold():
    both = Mistake(
        "both",
        "Both.",
        like=lambda table, scale: table,
        seen_in=lambda trial: trial.source.mentions("clone"),
    )
    assert check_answer(exercise(mistakes=(both,)), lambda t, s: t.clone()).mistake == "both"
    assert check_answer(exercise(mistakes=(both,)), lambda t, s: t * 1).mistake is None


@pytest.mark.parametrize(
    ("change", "said_of_it"),
    [
        (lambda: torch.set_grad_enabled(False), "gradient recording"),
        (lambda: torch.set_default_dtype(torch.float64), "default dtype"),
        (lambda: torch.set_default_device("meta"), "default device"),
        (lambda: torch.set_default_device("xpu:7"), "default device"),  # which is not there
    ],
)
def test_a_changed_mode_of_the_kernel_is_named_and_put_back(change, said_of_it):
    def centre(table, scale):
        result = (table - table.mean(0)) * scale
        change()
        return result

    verdict = check_answer(exercise(), centre)
    assert verdict.outcome == "wrong"
    assert said_of_it in said(verdict)
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32
    assert torch.get_default_device().type == "cpu"


def test_generators_are_put_back():
    def draws():
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002
    check_answer(exercise(), lambda table, scale: torch.tensor(draws()))
    random_state, numpy_state, torch_state = states
    assert random.getstate() == random_state
    assert (np.random.get_state()[1] == numpy_state[1]).all()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)


def test_a_changed_argument_is_named_with_the_exercises_own_words_if_it_has_some():
    def in_place(table, scale):
        table -= table.mean(0)
        return table * scale

    assert "changed `table`" in said(check_answer(exercise(), in_place))
    own = exercise(mistakes=(Mistake("in_place", "Copy it.", changes="table"),))
    assert check_answer(own, in_place).paragraphs == ("Copy it.",)
    assert check_answer(exercise(may_change=("table",)), in_place).outcome == "right"


@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.eval(),
        lambda model: model.weight.requires_grad_(False),
        lambda model: model(torch.ones(1, 2)).sum().backward(),
        lambda model: nn.init.zeros_(model.weight),
    ],
)
def test_a_changed_model_is_noticed(change):
    model = exercise(
        solution=lambda model: 1.0, cases=(Case(nn.Linear(2, 1)), Case(nn.Linear(2, 2)))
    )

    def answer(model):
        change(model)
        return 1.0

    assert check_answer(model, answer).mistake == "argument_changed"


def test_backward_inside_an_answer_is_not_taken_for_an_operation_in_place():
    leaf = torch.ones(3, requires_grad=True)
    total = exercise(solution=lambda w: (w**2).sum(), cases=(Case(leaf), Case(2 * leaf.detach())))

    def answer(w):
        (w**2).sum().backward()
        return (w**2).sum()

    assert "calls `backward` itself" in said(check_answer(total, answer))


def test_a_module_answers_where_a_function_is_asked_but_not_where_one_makes_modules():
    class Centre(nn.Module):
        def forward(self, table, scale):
            return (table - table.mean(0)) * scale

    assert check_answer(exercise(), Centre()).outcome == "right"
    built = exercise(solution=lambda size: nn.Linear(size, 1), cases=(Case(2), Case(3)))
    assert "without round brackets" in said(check_answer(built, nn.Linear(2, 1)))


def test_an_argument_that_gets_another_value_first_is_named():
    def answer(table, scale):
        scale = 3
        return (table - table.mean(0)) * scale

    assert "gives `scale` another value before it reads" in said(check_answer(exercise(), answer))


def test_the_first_difference_of_several_tables_is_named():
    two = exercise(
        solution=lambda table: (table, 2 * table), cases=(Case(torch.ones(9)), Case(torch.ones(3)))
    )
    verdict = said(check_answer(two, lambda table: (table, 3 * table)))
    assert "the second of what you returned is" in verdict
    assert "the first difference is at `[0]`: `3`, expected `2`" in verdict


def test_a_forbidden_name_is_found_under_another_one():
    def answer(table, scale):
        from numpy import mean as own

        return (table - own(table)) * scale

    by_hand = exercise(forbids=(names("mean", message="Without `mean`."),))
    assert said(check_answer(by_hand, answer)) == "Without `mean`."


def test_forbidden_ways_are_found_in_the_source():
    forbids = (loops("No loop."), names("mean", message="No mean."))

    def with_a_loop(table, scale):
        return torch.stack([2 * row for row in table])

    def with_a_mean(table, scale):
        return (table - table.mean(0)) * scale

    assert check_answer(exercise(forbids=forbids), with_a_loop).paragraphs == ("No loop.",)
    assert check_answer(exercise(forbids=forbids), with_a_mean).paragraphs == ("No mean.",)


def test_a_forbidden_way_is_found_in_the_class_of_an_object_and_behind_a_partial():
    class Centre(nn.Module):
        def forward(self, table, scale):
            return (table - table.mean(0)) * scale

    def with_a_mean(table, scale, factor):
        return factor * (table - table.mean(0)) * scale

    forbids = (names("mean", message="No mean."),)
    for answer in (Centre(), functools.partial(with_a_mean, factor=1)):
        assert check_answer(exercise(forbids=forbids), answer).paragraphs == ("No mean.",)


def test_a_forbidden_way_may_be_part_of_a_module():
    def with_func(table, scale):
        return torch.func.grad(lambda t: (t * scale).sum())(table)

    def with_an_import(table, scale):
        from torch.func import grad

        return grad(lambda t: (t * scale).sum())(table)

    forbids = (names("torch.func", message="By hand."),)
    for answer in (with_func, with_an_import):
        assert check_answer(exercise(forbids=forbids), answer).paragraphs == ("By hand.",)


def test_arguments_in_another_order_are_named_if_they_are_what_is_wrong():
    verdict = check_answer(exercise(), lambda scale, table: (table - table.mean(0)) * scale)
    assert verdict.mistake == "other_order"
    assert "takes these arguments in another order: `(scale, table)`" in said(verdict)
    other = check_answer(exercise(), lambda scale, table: table * scale)
    assert other.mistake != "other_order"


def test_a_layer_in_place_of_what_it_computes_is_explained():
    verdict = check_answer(exercise(), lambda table, scale: nn.Linear(2, 2))
    assert "a layer, `Linear`, and not what it computes" in said(verdict)


def hidden_mean(table):
    return (getattr(torch, "me" + "an"))(table, 0)


@pytest.mark.parametrize(
    "answer",
    [
        lambda table, scale: (table - hidden_mean(table)) * scale,
        lambda table, scale: (table - functools.partial(torch.mean, dim=0)(table)) * scale,
        lambda table, scale: (table - torch.stack(list(map(torch.mean, table.T)))) * scale,
        lambda table, scale: (table - torch.ops.aten.mean.dim(table, [0])) * scale,
    ],
)
def test_a_forbidden_function_is_found_by_its_call_and_not_by_its_name(answer):
    by_hand = exercise(forbids=(calls("mean", message="Add up, and divide."),))
    assert check_answer(by_hand, answer).mistake == "calls"

    def named_alike(table, scale):
        mean = table.sum(0) / len(table)
        return (table - mean) * scale

    assert check_answer(by_hand, named_alike).outcome == "right"


def test_a_forbidden_module_is_found_by_its_functions():
    def centre(table, scale):
        return torch.tensor(np.ma.anom(np.ma.array(table.numpy()), 0).data) * scale

    by_hand = exercise(forbids=(calls(modules=("numpy.ma",), message="By hand."),))
    assert check_answer(by_hand, centre).mistake == "calls"
    other = exercise(forbids=(calls(modules=("numpy.m",), message="By hand."),))
    assert check_answer(other, centre).outcome == "right"


def rows_one_by_one(table, scale, mean):
    return [(row - mean) * scale for row in table]


def halves(table, scale):
    middle = len(table) // 2
    parts = (
        (table,) if middle < 1 else (halves(table[:middle], scale), halves(table[middle:], scale))
    )
    return torch.cat(parts) if len(parts) > 1 else table * scale


@pytest.mark.parametrize(
    "answer",
    [
        lambda table, scale: torch.stack(rows_one_by_one(table, scale, table.mean(0))),
        lambda table, scale: halves(table - table.mean(0), scale),
        lambda table, scale: torch.stack([*map((-table.mean(0)).add, table)]) * scale,
        lambda table, scale: torch.tensor(
            np.vectorize(lambda x, mean: (x - mean) * scale)(table, table.mean(0))
        ),
    ],
)
def test_a_loop_is_found_by_its_work_wherever_it_is_written(answer):
    sizes = (Case(torch.ones(2, 3), 1.0), Case(torch.ones(20, 30), 1.0))
    without = exercise(forbids=(loops("No loop.", sizes=sizes),))
    assert check_answer(without, answer).mistake == "loops"


def test_a_loop_of_always_the_same_length_is_no_loop_over_the_numbers():
    def centre(table, scale):
        table, scale = (torch.as_tensor(each) for each in (table, scale))
        return (table - table.mean(0)) * scale

    sizes = (Case(torch.ones(2, 3), 1.0), Case(torch.ones(20, 30), 1.0))
    without = exercise(forbids=(loops("No loop.", sizes=sizes),))
    assert check_answer(without, centre).outcome == "right"


@pytest.mark.filterwarnings("ignore")  # PyTorch loads forward differentiation at its first use
@pytest.mark.parametrize(
    "derivative",
    [
        lambda f, x: torch.func.grad(f)(x),
        torch.autograd.functional.jacobian,
        lambda f, x: torch.func.jvp(f, (x,), (torch.ones(()),))[1],
        lambda f, x: torch.func.jacfwd(f)(x),
        lambda f, x: torch.func.vjp(f, x)[1](torch.ones(()))[0],
        lambda f, x: [w := x.clone().requires_grad_(), f(w).backward(), w.grad][-1],
    ],
)
def test_autograd_is_found_behind_all_of_its_functions(derivative):
    slope = exercise(
        solution=lambda x: 2 * x,
        cases=(Case(torch.tensor(3.0)), Case(torch.tensor(-1.0))),
        forbids=(autograd("By hand."),),
    )
    assert check_answer(slope, lambda x: derivative(torch.square, x)).mistake == "autograd"

    def by_hand(x):
        grad, requires_grad = 2 * x, None
        return grad if requires_grad is None else None

    assert check_answer(slope, by_hand).outcome == "right"


@pytest.mark.parametrize("answer", [3, torch.ones(2, 2), None, "centre"])
def test_a_call_in_place_of_the_function_is_explained(answer):
    assert "without round brackets" in said(check_answer(exercise(), answer))


def test_other_arguments_are_named_before_the_call():
    verdict = check_answer(exercise(), lambda table: table)
    assert "calls `centre(table, scale)`. Your function takes `(table)`" in said(verdict)


def test_a_function_in_place_of_a_value_is_explained():
    value = exercise(solution=2.303, cases=())
    assert "passed a function" in said(check_answer(value, lambda: 2.303))
    assert check_answer(value, torch.tensor([2.303])).outcome == "right"


class Hostile:
    """Raises whatever is asked of it."""

    def _refuse(self, *arguments):
        raise RuntimeError("no")

    __repr__ = __str__ = __eq__ = __float__ = __len__ = __bool__ = _refuse
    __hash__ = None


@pytest.mark.parametrize(
    "result",
    [
        Hostile(),
        10**400,
        [Hostile()],
        {"a": Hostile()},
        float("nan"),
        torch.empty(0),
        nn.Module(),
        (value for value in ()),
        "x" * 10_000,
        [[]] * 500,
    ],
    ids=lambda result: type(result).__name__,
)
def test_any_result_gives_a_short_card(result):
    verdict = check_answer(exercise(), lambda table, scale: result)
    assert verdict.outcome == "wrong"
    assert len(said(verdict)) < 700
    value = check_answer(exercise(solution=2.303, cases=()), result)
    assert value.outcome == "wrong"


def test_an_exit_is_an_error_like_others():
    def centre(table, scale):
        raise SystemExit(3)

    assert "`SystemExit: 3`" in said(check_answer(exercise(), centre))


def test_the_result_is_used_as_the_exercise_says_and_its_errors_belong_to_it():
    built = exercise(
        solution=lambda: nn.Linear(2, 1),
        cases=(Case(),),
        observe=lambda call: {"the shape": tuple(call.result(torch.ones(5, 2)).shape)},
    )
    assert check_answer(built, lambda: nn.Linear(2, 1)).outcome == "right"
    verdict = check_answer(built, lambda: nn.Linear(3, 1))
    assert "returned a module `Linear`; using that raised `RuntimeError" in said(verdict)
    verdict = check_answer(built, lambda: nn.Linear(2, 4))
    assert "the shape is `(5, 4)`, expected `(5, 1)`" in said(verdict)


def _layer(**state):
    layer = nn.Linear(2, 1)
    torch.nn.init.ones_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    return layer.train(state.get("training", True)).requires_grad_(state.get("trains", True))


def _model_exercise(**changes):
    cases = (Case(_layer()), Case(_layer(training=False)), Case(_layer(trains=False)))
    return exercise(solution=lambda model: 1.0, cases=cases, **changes)


@pytest.mark.parametrize("may_change", [(), ("model",)])
@pytest.mark.parametrize(
    ("leave", "says"),
    [
        (lambda model: model.eval(), "in eval mode; it came in training mode"),
        (lambda model: model.train(), "in training mode; it came in eval mode"),
        (lambda model: model.requires_grad_(False), "of `weight` and `bias` is False now"),
        (lambda model: model.weight.requires_grad_(False), "of `weight` is False now"),
        (lambda model: model.requires_grad_(True), "came frozen"),
        (lambda model: model.double(), "in `torch.float64`; they came in `torch.float32`"),
    ],
)
def test_a_model_that_comes_back_in_another_state_is_described(leave, says, may_change):
    def answer(model):
        leave(model)
        return 1.0

    verdict = check_answer(_model_exercise(may_change=may_change), answer)
    assert verdict.outcome == "wrong"
    assert says in verdict.paragraphs[0]


def test_a_model_may_be_trained_and_its_state_be_put_back():
    def answer(model):
        was = model.training
        model.eval()
        with torch.no_grad():
            model.weight += 1
        model.train(was)
        return 1.0

    found = _model_exercise(may_change=("model",))
    assert check_answer(found, answer).outcome == "right"
    assert check_answer(_model_exercise(), answer).mistake == "argument_changed"
