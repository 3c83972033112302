"""A training as it is after an epoch, kept on disk: one that was killed goes on there, and ends in the same bytes.

Nothing else has to be kept. The order of an epoch's images and all that is drawn for them depend on the training's seed
and the epoch alone, and the network is built anew as it was. What depends on a state of its own, as the seeds of
dropout do, is a variable like a weight.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from wsol import processor
from wsol.files import npz, seal
from wsol.files.formats import digest, sha256, versions
from wsol.files.train import CHECKPOINT, HISTORY

NAME = "checkpoint.npz"
State = Mapping[str, Any]  # variables of Keras or TensorFlow, by names that are the same in every run of a training
Row = dict[str, float]  # of the history


def digests(settings: Mapping[str, Any], files: Mapping[str, str | Iterable[str]]) -> dict[str, str]:
    """A digest of each thing that a training depends on, by the word that a log says for it.

    `settings` are values by name, `files` the files that a role is played by, whose content counts and not their place.

    >>> digests({"settings": {"epochs": 3, "batch": 8}}, {}) == digests({"settings": {"batch": 8, "epochs": 3}}, {})
    True
    """
    paths = {role: [given] if isinstance(given, str) else list(given) for role, given in files.items()}
    contents = {role: [sha256(path) for path in found] for role, found in paths.items()}
    return {name: digest(value) for name, value in {**settings, **contents}.items()}


def table(history: Iterable[Mapping[str, float]]) -> pd.DataFrame:
    """The history's rows as HISTORY has them: what was not measured is NaN.

    >>> table([{"epoch": 0, "loss": 0.7, "accuracy": 0.5, "rate": 0.1}]).iloc[0].tolist()
    [0.0, 0.7, 0.5, nan, nan, 0.1]
    """
    kinds = dict.fromkeys(HISTORY.fields, "float64") | {"epoch": "int64"}
    return pd.DataFrame(list(history), columns=list(HISTORY.fields)).astype(kinds)


def beside(
    weights: str | Path,
    params: Mapping[str, Any],
    files: Mapping[str, str | Iterable[str]],
    ran_on: str,
    say: Callable[[str], None],
) -> "Checkpoint":
    """Of the job that makes `weights`: of its parameters and input files, what it runs on, and the versions that run.

    The processor is no matter where bytes do not depend on it; nor is which card it is, of those of one kind.
    """
    given = params["settings"]
    anywhere = given["instructions"] == "portable" and not given["gpus"] and not processor.lacking()
    kind = {} if anywhere else {"processor": ran_on.partition(", card ")[0]}
    depends = digests({**params, **kind, "versions": versions()}, files)
    return Checkpoint(Path(weights).with_name(NAME), depends, say)


class Checkpoint:
    """The file that a training is kept in, and what it is made of (`digests`); `say` writes a line to the job's log."""

    def __init__(self, path: str | Path, made_of: Mapping[str, str], say: Callable[[str], None]):
        self.path = Path(path)
        self.made_of = dict(made_of)
        self.say = say

    def restore(self, state: State) -> list[Row]:
        """Give each variable the value that is kept of it; the history so far, a row for each epoch that is done.

        [] where nothing is kept, or nothing that this training can go on from: then no variable is touched.
        """
        if not self.path.exists():
            return []
        if why := self._against() or self._other_variables(state):
            self.say(f"{self.path.name} is passed over: it {why}.")
            return []
        kept = CHECKPOINT.read(self.path)
        for name, variable in state.items():
            variable.assign(kept[name])
        return [dict(zip(HISTORY.fields, row, strict=True)) for row in kept["history"].tolist()]

    def keep(self, state: State, history: Iterable[Row]) -> None:
        """Write down what an epoch has ended in; until that is on disk, what the one before ended in stays there."""
        values: dict[str, Any] = {name: np.asarray(variable) for name, variable in state.items()}
        rows = table(history).to_numpy(np.float64)
        CHECKPOINT.write(self.path, settings=self.made_of, history=rows, **values)

    def remove(self) -> None:
        """Delete the file, once all that the training is for lies on disk."""
        self.path.unlink(missing_ok=True)

    def _against(self) -> str:
        """What speaks against the file, "" for nothing: it is damaged, of another version, or made of other things."""
        try:
            seal.verify(self.path)
            header = CHECKPOINT.peek(self.path) or {}
        except seal.Broken as error:
            return str(error)
        except npz.BROKEN as error:
            return f"cannot be read ({error})"
        if (header.get("format"), header.get("version")) != (CHECKPOINT.name, CHECKPOINT.version):
            return f"is {header.get('format')} version {header.get('version')}, not {CHECKPOINT.version}"
        there = header["settings"]
        other = [name for name in sorted({**there, **self.made_of}) if there.get(name) != self.made_of.get(name)]
        return f"is of another training ({', '.join(other)})" if other else ""

    def _other_variables(self, state: State) -> str:
        """Whether the file, which is whole, holds the values of other variables than those of `state`."""
        arrays = CHECKPOINT.map(self.path)
        del arrays["history"]
        there = {name: (value.shape, value.dtype) for name, value in arrays.items()}
        wanted = {name: (value.shape, value.dtype) for name, value in ((n, np.asarray(v)) for n, v in state.items())}
        return "" if there == wanted else "holds other variables"
