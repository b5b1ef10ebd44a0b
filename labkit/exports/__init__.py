"""What leaves a run, and what comes from elsewhere: files, and other tools' logs.

Each function needs its library only when it is called, and says what to install if it is missing.
Those that write take any run, ended or not; those that read return an ended run, which all views
accept. The figures of `Run.figure` are in `labkit.exports.figures`.
"""

from labkit.exports.csv_file import to_csv
from labkit.exports.csv_logger import from_csv_logger
from labkit.exports.parquet_file import to_parquet
from labkit.exports.tensorboard_reader import from_tensorboard
from labkit.exports.tensorboard_writer import to_tensorboard
from labkit.exports.trackers import to_mlflow, to_trackio, to_wandb
from labkit.exports.trainer_state import from_trainer_state

__all__ = [
    "from_csv_logger",
    "from_tensorboard",
    "from_trainer_state",
    "to_csv",
    "to_mlflow",
    "to_parquet",
    "to_tensorboard",
    "to_trackio",
    "to_wandb",
]
