"""What a run writes below its results, by name: nothing else there is ever judged, listed or deleted."""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

DECISION = r"[^/]+@[0-9a-f]{8}"
STAGES = rf"{DECISION}/(?:none|{DECISION})"  # dataset and backbone; a cam, a threshold and an evaluation may follow
SHARD = r"\d+-\d+"
SEALED = re.compile(
    rf"plans/plan@[0-9a-f]{{8}}/plan\.json|{DECISION}/index/(?:targets|labels)\.parquet"
    rf"|weights/{DECISION}/(?:model\.weights\.h5|history\.parquet)"
    rf"|{DECISION}/predict/{DECISION}/{SHARD}\.(?:predictions|evidence)\.npz|{STAGES}/{DECISION}/{SHARD}\.heatmaps\.npz"
    rf"|{STAGES}(?:/{DECISION}){{2}}/{SHARD}\.(?:regions|measures)\.npz"
    rf"|{STAGES}(?:/{DECISION}){{3}}/(?:(?:scores|outcomes|curves|strata)\.parquet|draws\.npz|export/[^/]+/about\.json)"
)
EXPORT = re.compile(rf"({STAGES}(?:/{DECISION}){{3}}/export/[^/]+)/.+", re.DOTALL)
PLAIN = re.compile(
    rf"(?:scores|strata|failures|curves|comparisons|reproduction)\.csv|report\.html|{DECISION}/index/(?:problems\.csv|summary\.txt)"
    rf"|weights/{DECISION}/history\.csv|{EXPORT.pattern}",
    re.DOTALL,
)
NOTES = re.compile(
    r"SHA256SUMS|costs\.(?:csv|html)|inputs/.+\.txt(\.before)?|inputs/experiment\.json"
    rf"|weights/{DECISION}/checkpoint\.npz"  # which its own job judges, and deletes
)
# What `formats.atomic` writes to before it moves it: .NAME.RANDOM and NAME's suffixes again.
TEMPORARY = re.compile(r"\.([^.]+((?:\.[^.]+)*))\.[a-z0-9_]{8}\2", re.DOTALL)

Mine = Callable[[str], bool]  # whether a file, by its name below the results, belongs to an experiment


def every(name: str) -> bool:
    """Files of whatever experiment."""
    return True


def of(decisions: set[str]) -> Mine:
    """Whether a file is one that an experiment of these decisions (`name@digest`), its plan among them, makes."""

    def mine(name: str) -> bool:
        return decisions.issuperset(re.findall(rf"(?:^|/)({DECISION})(?=/)", name))

    return mine


def files(root: str | Path, mine: Mine = every) -> Iterator[str]:
    """The names of the files of `mine` that runs have written below `root`, folder by folder, in their order."""
    top = str(root)
    for folder, folders, names in os.walk(top):
        folders.sort()
        below = os.path.relpath(folder, top)
        for file in sorted(names):
            name = file if below == "." else f"{below}/{file}"
            if (SEALED.fullmatch(name) or PLAIN.fullmatch(name)) and mine(name):
                yield name


def leftovers(root: str | Path) -> Iterator[Path]:
    """What killed jobs had begun to write below `root`. Only while no job is at work are such files nobody's."""
    for folder, _, names in os.walk(root):
        for file in names:
            begun = TEMPORARY.fullmatch(file)
            if begun:
                name = os.path.relpath(Path(folder, begun[1]), root)
                if any(kind.fullmatch(name) for kind in (SEALED, PLAIN, NOTES)):
                    yield Path(folder, file)


def sealed(name: str) -> bool:
    """Whether a file of this name carries its digest; the others stand in the list (`sums`)."""
    return bool(SEALED.fullmatch(name))


def unit(name: str) -> str:
    """What a file is made and deleted with: an export's whole folder, or the file by itself."""
    export = EXPORT.fullmatch(name)
    return export[1] if export else name
