"""Kill -9 of a training at random moments: it goes on at its last epoch, and ends in an undisturbed one's bytes."""

import copy
import re
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from test_kills import jobs_of, kill, started, taken_up, wait_for

from conftest import runner
from wsol.experiment.config import check

pytestmark = pytest.mark.slow
KILLS = 20
EPOCHS = 12
BEFORE = re.compile(rf"^epochs (\d+)/{EPOCHS} were done before$", re.M)
NETWORK = {"architecture": "MobileNet", "alpha": 0.25, "input": 32, "dropout": 0.3}
RECIPE = {"dataset": "train", "initial": "random", "epochs": EPOCHS, "batch": 16}
CONFIG = {
    "resamples": 100,
    "datasets": {
        "train": {"adapter": "shapes", "split": "train", "count": 240, "size": 64},
        "report": {"adapter": "shapes", "split": "report", "count": 10, "size": 64},
    },
    "backbones": {"net": NETWORK | {"weights": {"train": RECIPE}}},
    "cams": {"gradcam": {}},
    "thresholds": {"sweep": {}},
    "evaluations": {"e": {"report": "report", "metrics": ["maxboxacc@50"]}},
}


class Training:
    """A training that is started and killed; when it has come to its end it is compared, and begins anew."""

    def __init__(self, root: Path):
        self.root, self.random = root, np.random.default_rng(17)
        self.gone_on: list[int] = []  # at which epochs jobs have gone on
        (training,) = check(copy.deepcopy(CONFIG)).trainings
        # The training alone; a flag goes before it, for --configfile takes all the words that follow.
        self.alone = ("--keep-going", f"results/weights/{training}/model.weights.h5")
        whole = runner(root)(CONFIG, *self.alone)
        assert whole.returncode == 0, whole.stderr
        self.whole = self.files()
        shutil.rmtree(root / "results")

    def files(self) -> dict[str, bytes]:
        """What lies beside the weights, by its name."""
        return {path.name: path.read_bytes() for path in self.found("weights/*/*") if not path.name.startswith(".")}

    def found(self, pattern: str) -> list[Path]:
        return list((self.root / "results").glob(pattern))

    def begun(self, since: float) -> bool:
        """Whether a job of the training has begun its log in this run."""
        return any(path.stat().st_mtime > since for path in self.found("logs/train/*.log"))

    def kept(self, since: float) -> bool:
        """Whether a checkpoint was kept in this run."""
        return any(path.stat().st_mtime > since for path in self.found("weights/*/checkpoint.npz"))

    def wait(self, turn: int, run, since: float) -> None:
        """Until the moment of a kill: any at all, or any behind the first epoch of this job."""
        if turn % 3:
            wait_for(lambda: self.kept(since) or run.poll() is not None, 120)
        time.sleep(self.random.uniform(0, 2 if turn % 3 else 15))

    def killed(self, turn: int) -> int:
        """How many runs were killed: 1, or 0 where this one was done before; a job alone, or the whole run."""
        runner(self.root)(CONFIG, "--unlock")
        since = time.time()
        run = started(self.root, CONFIG, *self.alone)
        wait_for(lambda: self.begun(since) or run.poll() is not None, 120)
        self.wait(turn, run, since)
        victims = [*([run] if turn % 2 else []), *jobs_of(run)]
        gone = [kill(process) for process in victims if run.poll() is None]
        run.wait(300)
        self.look()
        return any(gone)

    def look(self) -> None:
        """What the log of the last job says."""
        for log in self.found("logs/train/*.log"):
            self.gone_on += [int(epoch) for epoch in BEFORE.findall(log.read_text())]

    def finish(self) -> None:
        """The README's way back to the end; then nothing is left of it."""
        taken_up(runner(self.root), CONFIG, *self.alone)
        self.look()
        assert self.files() == self.whole
        assert not self.found("weights/*/.*")
        shutil.rmtree(self.root / "results")


def test_a_training_may_be_killed_at_any_moment(tmp_path):
    training = Training(tmp_path)
    assert sorted(training.whole) == ["history.csv", "history.parquet", "model.weights.h5"]
    kills = 0
    while kills < KILLS:
        kills += training.killed(kills)
        if set(training.files()) >= set(training.whole):
            training.finish()
    training.finish()
    assert len(set(training.gone_on)) > 1  # else it has begun anew each time
