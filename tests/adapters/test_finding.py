"""Which adapter an object has, and that no library is imported to find it."""

import subprocess
import sys

import pytest
import torch

import labkit as lk
from labkit.integrations import adapter_of

LIBRARIES = ("accelerate", "fastai", "ignite", "keras", "lightning", "transformers")
WATCH_A_MODEL = f"""
import sys, torch, labkit
labkit.watch(torch.nn.Linear(2, 1), show=False).close()
print([name for name in {LIBRARIES} if name in sys.modules])
"""


def test_a_model_has_no_adapter():
    assert adapter_of(torch.nn.Linear(2, 1)) is None
    assert adapter_of({"G": torch.nn.Linear(2, 1)}) is None


def test_a_class_of_the_user_with_the_name_of_a_trainer_has_none():
    class Trainer:
        pass

    assert adapter_of(Trainer()) is None


@pytest.mark.parametrize("wrong", [3, "model", [torch.nn.Linear(2, 1)], {}])
def test_the_message_for_a_wrong_object_names_the_trainers(wrong):
    with pytest.raises((TypeError, ValueError), match=r"Trainer of Lightning|empty mapping"):
        lk.watch(wrong, show=False)


def test_several_trainers_are_refused():
    from lightning import Trainer

    trainer = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    with pytest.raises(TypeError, match="one trainer at a time"):
        lk.watch({"a": trainer}, show=False)


def test_a_trainer_that_does_not_train_gives_a_notice():
    from lightning import Trainer

    trainer = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    with lk.watch(trainer, show=False) as run:
        pass
    assert "has not begun to train" in run.notices[0].text


def test_bad_arguments_fail_at_once():
    from lightning import Trainer

    trainer = Trainer(logger=False, enable_checkpointing=False, accelerator="cpu")
    before = list(trainer.callbacks)
    with pytest.raises(ValueError, match="budget"):
        lk.watch(trainer, budget=2, show=False)
    assert trainer.callbacks == before


def test_no_library_is_imported_to_watch_a_model():
    answer = subprocess.run(
        [sys.executable, "-c", WATCH_A_MODEL], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
