"""A results folder that is carried, opened: whole, made of what lies in it, and scored to the end."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from wsol import lock
from wsol.errors import DataError
from wsol.files.recorded import PLACE, RECORDED
from wsol.maps.controls import NO_BACKBONE
from wsol.provenance import audit, products

# What is carried of a run, as its `score` wrote it.
SCORED = ("scores.parquet", "draws.npz", "outcomes.parquet", "curves.parquet", "strata.parquet")


class CarriedRun(NamedTuple):
    """A run as a results folder has it, by the ids (`name@digest`) of its decisions; None for those that it has not."""

    root: Path  # the results folder
    evaluation: str
    report: str
    select: str | None
    backbone: str | None
    cam: str
    threshold: str
    training: str | None
    control: bool

    @property
    def place(self) -> str:
        """Where its scores lie below the results, wherever those are: what says that two folders have one run."""
        return "/".join([self.report, self.backbone or NO_BACKBONE, self.cam, self.threshold, self.evaluation])

    @property
    def board(self) -> tuple[str, str]:
        """What it is compared within: an evaluation, and the data set that this reports on."""
        return self.evaluation, self.report

    def file(self, name: str) -> Path:
        """One of SCORED."""
        return self.root / self.place / name

    @property
    def targets(self) -> Path:
        """The index's table of the data set that is reported on."""
        return index(self.root, self.report) / "targets.parquet"


class Carried(NamedTuple):
    """A results folder: the record of its experiment, and its runs in the order of that experiment's tables."""

    root: Path
    record: dict[str, Any]
    runs: list[CarriedRun]


def index(root: Path, dataset: str) -> Path:
    """The folder of a data set's index."""
    return root / dataset / "index"


def opened(root: str | Path) -> Carried:
    """A results folder; a DataError of one line where it is not whole, or not scored to the end."""
    if not Path(root, PLACE).is_file():
        raise DataError(
            f"merge: '{root}' has no {PLACE}, which `make run` writes; of what was merged, merge the folders it is of."
        )
    if not lock.free(root):
        raise DataError(f"merge: a run works on '{root}'; wait for it.")
    record = RECORDED.read(Path(root, PLACE))
    runs = [CarriedRun(Path(root), **run) for run in record["runs"]]
    _scored(root, runs)
    _whole(root, audit.verify(root, products.of(set(record["decisions"]))))
    return Carried(Path(root), record, runs)


def _scored(root: str | Path, runs: Sequence[CarriedRun]) -> None:
    lacking = [path for run in runs for path in (*map(run.file, SCORED), run.targets) if not path.is_file()]
    if lacking:
        raise DataError(f"merge: '{root}' is not scored to the end, it lacks {lacking[0]}; `make run` makes it.")


def _whole(root: str | Path, found: Sequence[audit.Finding]) -> None:
    if found:
        more = f" (and {len(found) - 1} more files)" if len(found) > 1 else ""
        raise DataError(f"merge: '{root}': {found[0].name} {found[0].why}{more}; `make run` makes it again.")
