"""Training by Lightning, Transformers, and DistributedDataParallel in two processes."""

import contextlib
import os

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import labkit as lk

ROWS = 64
UNWATCHED = contextlib.nullcontext


def data():
    x = torch.randn(ROWS, 6, generator=torch.Generator().manual_seed(1))
    return x, x[:, :3].argmax(1)


def network():
    return nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.1), nn.ReLU(), nn.Linear(8, 3))


def lightning(watch, folder):
    import lightning as L

    class Classifier(L.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = network()

        def training_step(self, batch, index):
            x, y = batch
            return F.cross_entropy(self.net(x), y)

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)

    model = Classifier()
    trainer = L.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    with watch(model):
        trainer.fit(model, DataLoader(TensorDataset(*data()), batch_size=8, shuffle=True))
    return model


def transformers(watch, folder):
    from transformers import PretrainedConfig, PreTrainedModel, Trainer, TrainingArguments

    class Classifier(PreTrainedModel):
        config_class = PretrainedConfig

        def __init__(self, config):
            super().__init__(config)
            self.net = network()

        def forward(self, x, labels):
            logits = self.net(x)
            return {"loss": F.cross_entropy(logits, labels), "logits": logits}

    model = Classifier(PretrainedConfig())
    x, y = data()
    arguments = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=2,
        per_device_train_batch_size=8,
        report_to=[],
        save_strategy="no",
        logging_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
        seed=0,
    )
    rows = [{"x": each, "labels": label} for each, label in zip(x, y, strict=True)]
    trainer = Trainer(model=model, args=arguments, train_dataset=rows)
    with watch(model):
        trainer.train()
    return model


@pytest.mark.parametrize("loop", [lightning, transformers], ids=lambda loop: loop.__name__)
@pytest.mark.filterwarnings("ignore")
def test_a_trainer_is_recorded_and_its_weights_are_unchanged(loop, tmp_path):
    torch.manual_seed(0)
    plain = loop(UNWATCHED, tmp_path).state_dict()
    runs = []

    def watch(model):
        runs.append(lk.watch(model, show=False, budget=1.0))
        return runs[-1]

    torch.manual_seed(0)
    watched = loop(watch, tmp_path).state_dict()
    for name, tensor in watched.items():
        assert torch.equal(tensor, plain[name]), name
    (run,) = runs
    assert run.steps == 2 * ROWS // 8
    assert len(run.series("loss")[0]) == run.steps
    assert run.graph.nodes
    assert run.findings == ()
    assert run.notices == ()


def train_replica(rank, watched):
    """Train one of two replicas; return its weights, and facts of its run if watched."""
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    x, y = (part[rank::2] for part in data())
    run = lk.watch(model, show=False, budget=1.0) if watched else None
    with run or contextlib.nullcontext():
        for _ in range(12):
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    notices = () if run is None else tuple(notice.text for notice in run.notices)
    facts = None if run is None else (run.steps, len(run.series("loss")[0]), notices)
    return model.state_dict(), facts


def train_in_a_process(rank, folder):
    """Train a replica unwatched, then watched, and write the results to a file."""
    os.environ.update(MASTER_ADDR="127.0.0.1", GLOO_SOCKET_IFNAME="lo")
    torch.distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/meeting", rank=rank, world_size=2
    )
    torch.set_num_threads(1)
    torch.save([train_replica(rank, watched) for watched in (False, True)], f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()
    # Threads of gloo hold Python objects of the backward pass, watched or not. They free them
    # with the interpreter, which may be shutting down: the process aborts or hangs
    # (https://github.com/pytorch/pytorch/issues/190489). So the interpreter is not shut down.
    os._exit(0)


def test_distributed_processes_are_recorded_and_their_weights_are_unchanged(tmp_path):
    torch.multiprocessing.spawn(train_in_a_process, (str(tmp_path),), nprocs=2)
    for rank in range(2):
        (plain, _), (found, facts) = torch.load(tmp_path / f"{rank}.pt")
        steps, losses, notices = facts
        assert (steps, losses, len(notices)) == (12, 12, rank)
        assert all("the process of rank 1" in text for text in notices)
        for name, tensor in found.items():
            assert torch.equal(tensor, plain[name]), name
