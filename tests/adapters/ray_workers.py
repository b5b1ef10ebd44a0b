"""Two workers of Ray Train on one node, each with a run of its own; run by `make adapters`."""

from pathlib import Path

import pytest
import ray
import torch
from ray.train import RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer

from tests.adapters.ray_loop import STEPS, train_in_a_worker


@pytest.mark.filterwarnings("ignore")
def test_each_of_two_workers_records_its_replica(tmp_path):
    environment = {"PYTHONPATH": str(Path.cwd()), "OMP_NUM_THREADS": "1"}
    ray.init(
        num_cpus=4,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": environment},
    )
    try:
        TorchTrainer(
            train_in_a_worker,
            train_loop_config={"folder": str(tmp_path)},
            torch_config=TorchConfig(backend="gloo"),
            scaling_config=ScalingConfig(num_workers=2),
            run_config=RunConfig(storage_path=str(tmp_path / "results")),
        ).fit()
    finally:
        ray.shutdown()
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    for facts in (first, second):
        assert (facts["is_same"], facts["steps"], facts["notices"]) == (True, STEPS, [])
        assert len(facts["losses"]) == STEPS
    assert first["losses"] != second["losses"]
