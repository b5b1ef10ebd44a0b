"""Logs of other tools as ended runs, and what is said of files that are none."""

import json

import numpy as np
import pytest

from labkit import exports
from labkit.views import Dashboard


def state_file(folder, history, **others):
    path = folder / "trainer_state.json"
    path.write_text(json.dumps({"log_history": history, **others}))
    return path


def csv_file(folder, text, name="metrics.csv"):
    path = folder / name
    path.write_text(text)
    return path


# ── Transformers ─────────────────────────────────────────────────────────────


def test_the_history_of_transformers_trainer(tmp_path):
    from transformers import TrainerState

    history = [
        {"loss": 2.0, "grad_norm": 1.5, "learning_rate": 1e-3, "epoch": 0.5, "step": 10},
        {"eval_loss": 1.5, "eval_runtime": 3.0, "epoch": 1.0, "step": 20},
        {"loss": 1.0, "grad_norm": 1.0, "learning_rate": 5e-4, "epoch": 1.0, "step": 20},
        {"loss": 0.9, "epoch": 2.0, "step": 40},
        {"train_runtime": 60.0, "train_loss": 1.2, "total_flos": 1e12, "epoch": 2.0, "step": 40},
    ]
    TrainerState(log_history=history).save_to_json(str(tmp_path / "trainer_state.json"))
    run = exports.from_trainer_state(tmp_path)
    assert sorted(run.names()) == ["eval_loss", "grad_norm", "loss", "lr/0"]
    assert [each.tolist() for each in run.series("loss")] == [
        [10, 20, 40],
        [2.0, 1.0, np.float32(0.9)],
    ]
    assert (run.name, run.status, run.steps, run.epoch) == (tmp_path.name, "finished", 40, 2)
    figure = run.figure("loss", x="epoch")
    assert [trace.name for trace in figure.data] == ["loss", "eval_loss"]
    assert figure.data[0].x.tolist() == [0.5, 1.0, 2.0]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "not JSON"),
        (b"\xff\x00", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1, 2]", "no list 'log_history'"),
        (b'{"log_history": 3}', "no list 'log_history'"),
        (b'{"log_history": []}', "no series"),
        (b'{"log_history": [3]}', "has no step"),
        (b'{"log_history": [{"loss": 1}]}', "has no step"),
        (b'{"log_history": [{"loss": 1, "step": true}]}', "has no step"),
        (b'{"log_history": [{"loss": 1, "step": -1}]}', "from 0 to 2"),
        (b'{"log_history": [{"loss": 1, "step": 1' + b"0" * 400 + b"}]}", "has no step"),
        (b'{"log_history": [{"loss": 1, "step": ' + b"1" * 5000 + b"}]}", "not JSON"),
    ],
)
def test_a_malformed_state_is_refused(tmp_path, content, text):
    (tmp_path / "trainer_state.json").write_bytes(content)
    with pytest.raises(ValueError, match=text):
        exports.from_trainer_state(tmp_path)


def test_values_of_any_size_and_type_are_data(tmp_path):
    entry = {"step": 1, "loss": 10**400, "other": "text", "flag": True, "epoch": 1e300, "x/<b>": 1}
    path = state_file(tmp_path, [entry, {"step": 2, "loss": float("nan"), "epoch": None}])
    run = exports.from_trainer_state(path)
    assert run.names() == ["loss", "x/<b>"]
    assert run.series("loss")[1].tolist()[0] == float("inf")


# ── CSV ──────────────────────────────────────────────────────────────────────


def test_the_csv_logger_of_lightning(tmp_path):
    from lightning.pytorch.loggers import CSVLogger

    logger = CSVLogger(tmp_path, name="logs", version=0)
    for step in range(0, 40, 10):
        logger.log_metrics({"train_loss": 1.0 / (step + 1), "epoch": step // 20}, step=step)
    logger.log_metrics({"val_loss": 0.5, "epoch": 1}, step=39)
    logger.save()
    run = exports.from_csv_logger(logger.log_dir)
    assert run.name == "version_0"
    assert sorted(run.names()) == ["train_loss", "val_loss"]
    assert run.series("train_loss")[0].tolist() == [0, 10, 20, 30]
    assert run.figure("loss", x="epoch").data[0].x[-1] > 1


def test_the_history_of_fastai_has_a_step_per_epoch(tmp_path):
    lines = ["epoch,train_loss,valid_loss,accuracy,time"]
    lines += [f"{epoch},{1 / (epoch + 1)},{2 / (epoch + 1)},0.5,01:05" for epoch in range(3)]
    appended = [lines[0], "0,0.3,0.6,0.7,00:10"]
    csv_file(tmp_path, "\n".join(lines), "history.csv")
    run = exports.from_csv_logger(tmp_path)
    assert run.series("train_loss")[0].tolist() == [1, 2, 3]
    assert run.step_times.knots()[-1].value == 195
    csv_file(tmp_path, "\n".join([*lines, *appended]), "history.csv")
    assert exports.from_csv_logger(tmp_path).series("accuracy")[0].tolist() == [1]


def test_what_is_no_number_is_left_out_with_a_notice(tmp_path):
    path = csv_file(tmp_path, "step,loss,event\n1,0.5,\n2,0.4,frozen\n", "run.csv")
    run = exports.from_csv_logger(path)
    assert (run.name, run.names()) == ("run", ["loss"])
    assert run.notices[0].text == (
        "The column 'event' was not imported: line 3 has no number in it: 'frozen'."
    )


def test_a_last_line_that_is_being_written_is_left_out(tmp_path):
    path = csv_file(tmp_path, "step,loss\n1,0.5\n2")
    assert exports.from_csv_logger(path).series("loss")[0].tolist() == [1]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"a,b\n1,2\n", "neither a column 'step' nor 'epoch'"),
        (b"step,loss,loss\n1,2,3\n", "the same name"),
        (b"step,loss\n1,2,3\n4,5\n", "line 2 has 3 values and line 1 has 2 names"),
        (b"step,loss\nx,2\n", "line 2 has no whole number as its step: 'x'"),
        (b"step,loss\n1.5,2\n", "no whole number"),
        (b"step,loss\n-1,2\n", "from 0 to 2"),
        (b"step,loss\n1e300,2\n", "no whole number"),
        (b"step,loss\n", "no series"),
        (b"step,loss\n1,x\n", "no series"),
        (b"step," + b"x" * 200_000 + b"\n1,2\n", "field limit"),
    ],
)
def test_a_malformed_csv_is_refused(tmp_path, content, text):
    (tmp_path / "metrics.csv").write_bytes(content)
    with pytest.raises(ValueError, match=text):
        exports.from_csv_logger(tmp_path)


def test_a_folder_without_a_file_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither a metrics\.csv nor a history\.csv"):
        exports.from_csv_logger(tmp_path)
    with pytest.raises(FileNotFoundError):
        exports.from_trainer_state(tmp_path / "no such file")
    with pytest.raises(FileNotFoundError):
        exports.from_tensorboard(tmp_path / "no such folder")


# ── TensorBoard ──────────────────────────────────────────────────────────────


def write_events(folder, steps, offset=0.0, **options):
    from torch.utils.tensorboard import SummaryWriter

    with SummaryWriter(str(folder)) as writer:
        for step in steps:
            seconds = 1000.0 + offset + step
            writer.add_scalar("loss", offset + step, step, walltime=seconds, **options)


@pytest.mark.parametrize("new_style", [False, True])
def test_scalars_of_both_formats_are_read(tmp_path, new_style):
    write_events(tmp_path, range(5), new_style=new_style)
    run = exports.from_tensorboard(tmp_path)
    assert [each.tolist() for each in run.series("loss")] == [[0, 1, 2, 3, 4]] * 2
    assert [tuple(knot) for knot in run.step_times.knots()][-1] == (4, 4.0)


def test_a_restart_replaces_what_came_after_its_first_step(tmp_path):
    write_events(tmp_path, range(10))
    write_events(tmp_path, range(5, 8), offset=100.0)
    steps, values = exports.from_tensorboard(tmp_path).series("loss")
    assert steps.tolist() == list(range(8))
    assert values.tolist() == [0, 1, 2, 3, 4, 105, 106, 107]


def test_folders_of_parts_of_the_data_belong_to_the_run(tmp_path):
    write_events(tmp_path / "train", range(3))
    write_events(tmp_path / "validation", range(3))
    run = exports.from_tensorboard(tmp_path)
    assert run.names() == ["train/loss", "validation/loss"]
    assert len(run.figure("loss").data) == 2


def test_a_folder_of_several_runs_names_them(tmp_path):
    for name in ("a", "b"):
        write_events(tmp_path / name, range(2))
    with pytest.raises(ValueError, match=r"there are some in: a, b\. Give one of these"):
        exports.from_tensorboard(tmp_path)


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "x.tfevents"
    path.write_bytes(b"not an event file" * 50)
    with pytest.raises(ValueError, match="no series of numbers"):
        exports.from_tensorboard(path)


# ── all ──────────────────────────────────────────────────────────────────────


def test_the_views_take_an_imported_run(tmp_path):
    path = csv_file(tmp_path, "step,epoch,loss,grad_norm/w\n1,0,0.5,2\n2,1,0.25,1\n")
    run = exports.from_csv_logger(path)
    bundle = Dashboard(run)._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "finished, 2 steps" in data["text/plain"]
    assert "polyline" in data["image/svg+xml"]


def test_what_the_file_does_not_say_is_not_known(tmp_path):
    path = csv_file(tmp_path, "step,seconds,loss\n1,3,0.5\n2,6,0.25\n")
    run = exports.from_csv_logger(path)
    state = run.state(process_memory=1000)
    assert (state.read_from, state.elapsed, state.process_memory) == ("metrics.csv", 6.0, None)
    assert "rules were not evaluated" in run.notices[-1].text
    assert run.findings == ()
