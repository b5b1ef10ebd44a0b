"""A run in other tools, by clients that write to a folder. `make trackers` installs them all."""

import sqlite3

import numpy as np
import plotly.graph_objects as go
import pytest

from labkit import exports
from labkit.run import Run

from .recorded import HOSTILE, recorded_run

WHERE = "`make trackers` runs it"


@pytest.fixture
def run():
    run = recorded_run()
    run.histograms.add("grad_linear/a.weight", 10, np.ones(40, np.float32), (-1.0, 1.0))
    run.log(prompt="a cat", picture=np.zeros((6, 8)), drawing=go.Figure(go.Scatter(y=[1, 2])))
    run.config = {"lr": 0.1, "layers": [1, 2]}
    return run


class Client:
    """Records what is logged, as the clients of W&B and Trackio have it."""

    def __init__(self):
        self.config = {"lr": "the user's"}
        self.rows = []

    def log(self, metrics, step):
        self.rows.append((step, metrics))


def test_each_step_is_logged_once_in_ascending_order(run):
    client = Client()
    exports.to_trackio(run, client)
    assert [step for step, _ in client.rows] == list(range(1, 41))
    logged = {(step, name): value for step, row in client.rows for name, value in row.items()}
    for name in run.names():
        for step, value in zip(*run.series(name), strict=True):
            assert logged[step, name] == value
    assert logged[40, "prompt"] == "a cat"
    assert client.config == {"lr": "the user's", "layers": [1, 2]}


def test_an_empty_run_logs_nothing():
    client = Client()
    exports.to_trackio(Run("empty"), client)
    assert client.rows == []


@pytest.mark.parametrize("client", [None, object(), "project"])
def test_something_else_than_a_client_is_refused(run, client):
    with pytest.raises(TypeError, match=r"has no method 'log'\. Example: lk\.exports\.to_trackio"):
        exports.to_trackio(run, client)


def test_wandb_has_the_run_offline(run, tmp_path):
    wandb = pytest.importorskip("wandb", reason=f"wandb is not installed; {WHERE}")
    settings = wandb.Settings(silent=True, console="off")
    client = wandb.init(mode="offline", project="labkit", dir=tmp_path, settings=settings)
    client.config.update({"lr": "mine"})
    exports.to_wandb(run, client)
    client.log({"mine": 1.0}, step=41)  # the user may go on
    summary, config = dict(client.summary), dict(client.config)
    client.finish()
    assert summary["_step"] == 40
    assert summary["loss"] == pytest.approx(1 / 40)
    assert config == {**run.config, "lr": "mine"}
    kinds = {path.parent.name for path in tmp_path.rglob("media/*/*")}
    assert kinds == {"images", "plotly", "table"}


def test_mlflow_has_the_run_in_a_folder(run, tmp_path, monkeypatch):
    mlflow = pytest.importorskip("mlflow", reason=f"mlflow is not installed; {WHERE}")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.chdir(tmp_path)
    values = [1.0, float("nan"), float("inf")]
    run.add_table("metric/x", "metric", [HOSTILE]).extend([1, 2, 3], values)
    client = mlflow.MlflowClient(tracking_uri=(tmp_path / "runs").as_uri())
    run_id = client.create_run(client.create_experiment("labkit")).info.run_id
    client.log_param(run_id, "lr", "mine")
    exports.to_mlflow(run, client, run_id)
    history = client.get_metric_history(run_id, "loss")
    steps, losses = run.series("loss")
    assert [(each.step, each.value) for each in history] == list(zip(steps, losses, strict=True))
    assert client.get_run(run_id).data.params == {"lr": "mine", "layers": "[1, 2]"}
    files = [path.name for path in tmp_path.rglob("samples/*/*")]
    assert sorted(files) == ["step_40.json", "step_40.png", "step_40.txt"]


def test_trackio_has_the_run_in_a_folder(run, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    trackio = pytest.importorskip("trackio", reason=f"trackio is not installed; {WHERE}")
    client = trackio.init(project="labkit", embed=False, auto_log_gpu=False, auto_log_cpu=False)
    exports.to_trackio(run, client)
    client.finish()
    with sqlite3.connect(tmp_path / "labkit.db") as database:
        rows = database.execute("select step, metrics from metrics order by step").fetchall()
    database.close()
    assert [step for step, _ in rows] == list(range(1, 41))
    assert b'"loss":1.0' in rows[0][1]
