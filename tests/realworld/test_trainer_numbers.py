"""Recorded values of Lightning and Accelerate, with clipping and accumulation."""

import contextlib
import logging

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk
from tests.unit.capture.truth import Truth, assert_agrees, assert_same_weights, points

pytestmark = pytest.mark.filterwarnings("ignore")

ROWS, BATCH, EPOCHS = 64, 8, 4


def loader():
    x = torch.randn(ROWS, 6, generator=torch.Generator().manual_seed(1))
    return DataLoader(TensorDataset(x, x[:, :3].argmax(1)), batch_size=BATCH)


def network():
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))


def lightning_module(truth, *, clip, accumulate, factor):
    import lightning as L

    class Classifier(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = network()

        def training_step(self, batch, index):
            x, y = batch
            loss = factor * F.cross_entropy(self.net(x), y)
            truth.add_loss(loss / accumulate)
            return loss

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.01, momentum=0.9)

        def configure_gradient_clipping(self, optimizer, *args, **kwargs):
            if clip is not None:
                truth.before_clipping(self)
            super().configure_gradient_clipping(optimizer, *args, **kwargs)
            truth.before_step(
                self, optimizer.optimizer if hasattr(optimizer, "optimizer") else optimizer
            )

        def optimizer_step(self, *args, **kwargs):
            super().optimizer_step(*args, **kwargs)
            truth.after_step(self)

    return Classifier()


def lightning_trainer(folder, **options):
    import lightning as L

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    return L.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        **options,
    )


def fit(folder, *, watched, clip, accumulate, factor=1.0):
    torch.manual_seed(0)
    truth = Truth()
    model = lightning_module(truth, clip=clip, accumulate=accumulate, factor=factor)
    trainer = lightning_trainer(folder, gradient_clip_val=clip, accumulate_grad_batches=accumulate)
    run = lk.watch(model, show=False, budget=1.0) if watched else None
    with run or contextlib.nullcontext():
        trainer.fit(model, loader())
    return model, truth, run


@pytest.mark.parametrize("accumulate", [1, 2, 4])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_lightning_runs_have_correct_values(tmp_path, clip, accumulate):
    plain, *_ = fit(tmp_path, watched=False, clip=clip, accumulate=accumulate)
    model, truth, run = fit(tmp_path, watched=True, clip=clip, accumulate=accumulate)
    assert_same_weights(model, plain)
    assert truth.steps == EPOCHS * ROWS // BATCH // accumulate
    assert_agrees(run, truth)


def test_lightning_with_strong_clipping_has_correct_values(tmp_path):
    *_, truth, run = fit(tmp_path, watched=True, clip=1.0, accumulate=1, factor=100.0)
    assert_agrees(run, truth)


def test_lightning_with_manual_optimization_has_two_losses(tmp_path):
    """Manual optimization, as for a GAN: a pass and a step for each optimizer."""
    import lightning as L

    losses = {"first": [], "second": []}

    class Pair(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            self.first, self.second = network(), network()

        def training_step(self, batch, index):
            x, y = batch
            for name, optimizer in zip(losses, self.optimizers(), strict=True):
                optimizer.zero_grad()
                loss = F.cross_entropy(getattr(self, name)(x), y)
                self.manual_backward(loss)
                optimizer.step()
                losses[name].append(loss.item())

        def configure_optimizers(self):
            return [torch.optim.SGD(getattr(self, name).parameters(), lr=0.05) for name in losses]

    torch.manual_seed(0)
    model = Pair()
    with lk.watch(model, show=False, budget=1.0) as run:
        lightning_trainer(tmp_path).fit(model, loader())
    recorded = [
        list(points(run, name).values()) for name in run.names() if name.partition("/")[0] == "loss"
    ]
    assert run.steps == EPOCHS * ROWS // BATCH
    for expected in losses.values():
        assert any(each == pytest.approx(expected, rel=1e-5) for each in recorded), recorded


def accelerate(*, watched, clip, accumulate):
    from accelerate import Accelerator

    torch.manual_seed(0)
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulate)
    model, truth = network(), Truth()
    base = torch.optim.AdamW(model.parameters(), lr=0.01)
    run = lk.watch(model, show=False, budget=1.0) if watched else None
    prepared, optimizer, batches = accelerator.prepare(model, base, loader())
    with run or contextlib.nullcontext():
        for _ in range(EPOCHS):
            for x, y in batches:
                with accelerator.accumulate(prepared):
                    loss = F.cross_entropy(prepared(x), y)
                    accelerator.backward(loss)
                    truth.add_loss(loss / accumulate)
                    if accelerator.sync_gradients:
                        if clip is not None:
                            truth.before_clipping(model)
                            accelerator.clip_grad_norm_(prepared.parameters(), clip)
                        truth.before_step(model, base)
                    optimizer.step()
                    if accelerator.sync_gradients:
                        truth.after_step(model)
                    optimizer.zero_grad()
    accelerator.free_memory()
    return model, truth, run


@pytest.mark.parametrize("accumulate", [1, 4])
@pytest.mark.parametrize("clip", [None, 0.5])
def test_accelerate_runs_have_correct_values(clip, accumulate):
    plain, *_ = accelerate(watched=False, clip=clip, accumulate=accumulate)
    model, truth, run = accelerate(watched=True, clip=clip, accumulate=accumulate)
    assert_same_weights(model, plain)
    assert truth.steps == EPOCHS * ROWS // BATCH // accumulate
    assert_agrees(run, truth)
