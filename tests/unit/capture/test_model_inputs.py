"""The input beside a picture of activations, and attention with its tokens."""

import numpy as np
import pytest
import torch
from torch import nn

import labkit as lk

TEXTS = ["<b>", "the", "cat", "sat"]


def one_step(model, *passes, **options):
    """Watch one step with a pass for each input, and return the run."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    with lk.watch(model, show=False, **options) as run:
        for given in passes:
            output = model(**given) if isinstance(given, dict) else model(given)
            output = output[0] if isinstance(output, tuple) else output
            output.pow(2).mean().backward()
        optimizer.step()
    return run


def given_of(run, module, kind="units"):
    return run.activations.at(module, kind).given


def convolutions():
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2))


def test_maps_have_the_image_of_their_sample_and_kernels_have_none():
    x = torch.rand(5, 3, 8, 8)
    run = one_step(convolutions(), x)
    given = given_of(run, "0", "maps")
    assert (given.form, given.whole) == ("image", (3, 8, 8))
    np.testing.assert_array_equal(given.values, x[0])
    assert given_of(run, "0", "kernels") is None


def test_an_image_is_that_of_the_model_where_it_is_flattened_before_the_first_layer():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(64, 2)

        def forward(self, images):
            return self.head(images.flatten(1))

    x = torch.rand(5, 1, 8, 8)
    run = one_step(Flat(), {"images": x})
    np.testing.assert_array_equal(given_of(run, "head").values, x[0])


def test_the_input_is_that_of_the_pass_from_which_the_picture_was_made():
    first, second = torch.rand(5, 3, 8, 8), torch.rand(5, 3, 8, 8)
    run = one_step(convolutions(), first, second)
    assert len(run.activations.steps("0", "maps")) == 1
    np.testing.assert_array_equal(given_of(run, "0", "maps").values, second[0])


def test_a_chosen_input_is_that_of_its_pictures():
    chosen = torch.rand(1, 3, 8, 8)
    run = one_step(convolutions(), torch.rand(5, 3, 8, 8), activations=chosen)
    np.testing.assert_array_equal(given_of(run, "0", "maps").values, chosen[0])


@pytest.mark.parametrize("batch_first", [True, False])
def test_sequences_are_lines_whatever_the_dimension_of_the_samples(batch_first):
    model, x = nn.LSTM(3, 8, batch_first=batch_first), torch.randn(11, 5, 3)
    given = given_of(one_step(model, x), "", "states")
    sample = x[0] if batch_first else x[:, 0]
    assert given.form == "lines"
    np.testing.assert_array_equal(given.values[0], sample.T)


def test_large_inputs_are_reduced():
    model = nn.Sequential(nn.Conv2d(3, 2, 5, stride=5), nn.Flatten(), nn.Linear(2 * 60 * 80, 2))
    given = given_of(one_step(model, torch.rand(2, 3, 300, 400)), "0", "maps")
    assert given.values.shape == (3, 24, 32)
    assert given.whole == (3, 300, 400)
    long = given_of(one_step(nn.GRU(40, 4, batch_first=True), torch.rand(2, 900, 40)), "", "states")
    assert (long.form, long.values.shape) == ("table", (1, 12, 256))


@pytest.mark.parametrize(
    "tokens", [TEXTS, dict(enumerate(TEXTS)), TEXTS.__getitem__], ids=["list", "dict", "function"]
)
def test_ids_have_the_texts_that_are_given(tokens):
    model, ids = nn.Sequential(nn.Embedding(4, 8), nn.Linear(8, 2)), torch.randint(0, 4, (3, 6))
    given = given_of(one_step(model, ids, tokens=tokens), "0")
    assert given.form == "tokens"
    assert given.values[0, 0].tolist() == ids[0].tolist()
    assert given.tokens == tuple(TEXTS[id] for id in ids[0])


def test_a_function_of_tokens_that_raises_is_called_no_more_and_training_goes_on():
    calls = []

    def fails(id):
        calls.append(id)
        raise KeyError(id)

    model, ids = nn.Sequential(nn.Embedding(4, 8), nn.Linear(8, 2)), torch.randint(0, 4, (3, 6))
    run = one_step(model, ids, tokens=fails)
    assert run.steps == 1
    assert len(calls) == 1
    assert given_of(run, "0").tokens[0] == str(ids[0, 0].item())
    assert "tokens=... raised an error" in run.notices[0].text


def test_tokens_of_another_type_are_refused():
    with pytest.raises(TypeError, match="tokens= takes a function of a token id"):
        lk.watch(nn.Linear(3, 1), show=False, tokens=5)


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("masked", [True, False])
def test_attention_of_an_encoder_layer_is_recomputed(batch_first, masked):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=batch_first)
    x = torch.randn(3, 3, 8)
    mask = nn.Transformer.generate_square_subsequent_mask(3) if masked else None
    padding = torch.tensor([[0.0, 0.0, -99.0 * masked]] * 3)
    _, weights = layer.self_attn(
        x, x, x, attn_mask=mask, key_padding_mask=padding, average_attn_weights=False
    )
    expected = weights[0].detach()
    run = one_step(layer, {"src": x, "src_mask": mask, "src_key_padding_mask": padding})
    assert run.notices == ()
    shown = run.activations.at("self_attn", "attention").values
    np.testing.assert_allclose(shown, expected, rtol=1e-4, atol=1e-6)


def test_attention_that_another_module_returns_is_recorded_once():
    class SelfAttention(nn.Module):
        def __init__(self):
            super().__init__()
            self.query = nn.Linear(8, 8)

        def forward(self, x):
            weights = (self.query(x) @ x.mT).softmax(-1)[:, None]  # (B, 1, T, T)
            return (weights[:, 0] @ x, weights)

    class Attention(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = SelfAttention()

        def forward(self, x):
            return self.inner(x)

    run = one_step(Attention(), torch.randn(2, 5, 8))
    found = [module for module, kind in run.activations.subjects() if kind == "attention"]
    assert found == ["inner"]
    np.testing.assert_allclose(
        run.activations.at("inner", "attention").values.sum(-1), np.ones((1, 5)), rtol=1e-5
    )
