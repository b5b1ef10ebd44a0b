"""Cells that train until a file exists, and write their progress to files."""

import time
from pathlib import Path

MODEL = """
import time
from pathlib import Path
import torch
import torch.nn.functional as F
from torch import nn
import labkit as lk

torch.manual_seed(0)
torch.set_num_threads(1)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(64, 32)
        self.fc2 = nn.Linear(32, 16)
        self.head = nn.Linear(16, 4)

    def forward(self, x):
        return self.head(F.relu(self.fc2(F.relu(self.fc1(x)))))

x = torch.randn(64, 64)
y = x[:, :4].argmax(1)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
"""

TRAIN = """
here = Path("{name}")
here.mkdir()
with lk.watch(model, name="{title}") as run:
    while not (here / "end").exists():
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        while (here / "hold").exists():
            time.sleep(0.01)
        optimizer.step()
        run.log(accuracy=(model(x).argmax(1) == y).float().mean())
        (here / "seen").write_text(str(run.viewers.present))
        (here / "steps").write_text(str(run.steps))
        time.sleep(0.002)
print("ended:", run.status, run.steps)
"""


class Training:
    """The loop in `TRAIN`, read and controlled through its files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def cell(self, title: str = "browser test") -> str:
        return TRAIN.format(name=self.folder.name, title=title)

    @property
    def steps(self) -> int:
        text = (self.folder / "steps").read_text() if (self.folder / "steps").exists() else ""
        return int(text or 0)

    def await_steps(self, steps: int, timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        while self.steps < steps:
            assert time.monotonic() < deadline, f"the loop is at step {self.steps}"
            time.sleep(0.05)

    def await_viewers(self, *, present: bool, timeout: float = 30) -> None:
        deadline = time.monotonic() + timeout
        while (self.folder / "seen").read_text() != str(present):
            assert time.monotonic() < deadline, f"viewers.present did not become {present}"
            time.sleep(0.05)

    def hold(self) -> None:
        """Block the loop in the middle of its next step."""
        (self.folder / "hold").touch()

    def go_on(self) -> None:
        (self.folder / "hold").unlink()

    def end(self) -> None:
        (self.folder / "end").touch()
