"""What several results folders have together: each run once, of data sets that are the same wherever they lie."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from wsol.errors import DataError
from wsol.files import containers
from wsol.files.index import TARGETS
from wsol.merging.carried import SCORED, Carried, CarriedRun, index
from wsol.merging.sameness import difference, digests


def distinct(runs: Iterable[CarriedRun]) -> list[CarriedRun]:
    """Each run once; a DataError where two folders have one run, and its files do not say the same.

    Of files that do, and are other bytes, the least digests, so that it is the same whatever the order of the folders.
    """
    found: dict[str, CarriedRun] = {}
    for run in runs:
        first = found.setdefault(run.place, run)
        if why := difference(first, run):
            raise DataError(f"merge: run {run.place} is not the same in '{first.root}' and '{run.root}': {why}.")
        found[run.place] = min(first, run, key=digests)
    return list(found.values())


def contents(folders: Iterable[Carried]) -> dict[str, str]:
    """By id, the digest of each data set's targets; a DataError where they are others in another folder.

    The file's own digest does not tell: it covers the versions of what wrote it.
    """
    found: dict[str, tuple[str, Path]] = {}
    for folder in folders:
        for dataset in folder.record["datasets"]:
            path = index(folder.root, dataset) / "targets.parquet"
            digest = content(TARGETS.read(path))
            known, root = found.setdefault(dataset, (digest, folder.root))
            if digest != known:
                raise DataError(
                    f"merge: data set {dataset} has other targets in '{root}' than in '{folder.root}': its files are "
                    "not the same there; call one of the two otherwise, or make both of the same files."
                )
    return {dataset: digest for dataset, (digest, _) in found.items()}


def content(targets: pd.DataFrame) -> str:
    """A digest of what a table of targets says, of every row and column of TARGETS.

    >>> table = pd.DataFrame({name: [name] for name in TARGETS.fields})
    >>> content(table) == content(table.assign(extra=1)), content(table) == content(table.assign(group="b"))
    (True, False)
    """
    rows = targets[list(TARGETS.fields)].to_dict("list")
    text = json.dumps(rows, default=lambda value: value.tolist(), separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def versions(runs: Iterable[CarriedRun]) -> list[str]:
    """What computed the runs' scores: a line for each set of versions that there is."""
    found = {json.dumps(containers.header(run.file(SCORED[0]))["versions"], sort_keys=True) for run in runs}
    return [", ".join(f"{name} {version}" for name, version in json.loads(text).items()) for text in sorted(found)]


def summaries(folders: Sequence[Carried]) -> dict[str, tuple[str, Path]]:
    """By id, what the index says of each data set in words, and the folder that it lies in.

    Of several the least, so that it is the same whatever the order of the folders.
    """
    found: dict[str, tuple[str, str, Path]] = {}
    for folder in folders:
        for dataset in folder.record["datasets"]:
            place = index(folder.root, dataset)
            said = ((place / "summary.txt").read_text(), (place / "problems.csv").read_text(), place)
            found[dataset] = min(found.get(dataset, said), said)
    return {dataset: (text, place) for dataset, (text, _, place) in sorted(found.items())}
