"""One evaluation on its way into the gallery: its lists, and their targets packed until the bytes are used up."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.affine import Affine
from wsol.errors import DataError
from wsol.files.score import SCORES
from wsol.page.lists import Facts, TargetList, lists
from wsol.page.packing import MapFiles, Shelf, numbers, photograph, size_of
from wsol.page.pictured import PicturedRun, Ranked, SeenTargets, chosen_runs, in_table, own_level, ranked, seen_targets
from wsol.regions.parting import SPLIT

SIBLINGS = 6  # classes of one image side by side
UNSEEN = ("unreadable", "missing")  # statuses of targets without a picture
PREPARED = ("protocol", "upsampling", "normalization", "canvas", "alignment")
CLASS = "class:"  # what the keys of lists of classes begin with


class PicturedEvaluation(NamedTuple):
    """An evaluation's reported targets, how an image of them is opened, and the runs that could be shown."""

    name: str
    dataset: str  # as the user calls it
    targets: pd.DataFrame  # files.TARGETS
    open_image: Callable[[str], NDArray[np.uint8]]
    runs: Sequence[PicturedRun]
    scores: pd.DataFrame  # its rows of scores.csv


class Showing:
    """What is shown of one evaluation; `shelves` hold what targets share: images, maps and places."""

    def __init__(self, evaluation: PicturedEvaluation, shelves: Mapping[str, Shelf], seed: int):
        self.evaluation = evaluation
        self.targets = evaluation.targets
        self.shelves = shelves
        masks = not (self.targets["boxes"].map(len) > 0).any() and bool((self.targets["mask"] != "").any())
        found = [ranked(SCORES.read(run.scores), run.settings, masks) for run in evaluation.runs]
        pairs = zip(evaluation.runs, found, strict=True)
        places = chosen_runs(evaluation.runs, [in_table(*pair, evaluation.scores) for pair in pairs])
        self.runs = [evaluation.runs[i] for i in places]
        self.ranked = [found[i] for i in places]
        self.seen = [seen_targets(run.outcomes) for run in self.runs]
        self.files = [MapFiles(run.heatmaps, shard_starts(self.targets, run.heatmaps)) for run in self.runs]
        self.facts = _facts(self.targets, self.runs, self.seen, "mask IoU" if masks else "IoU", seed)
        self.siblings = self.targets.groupby("image", sort=False).indices
        self.ends = [[0.0, 1.0] for _ in self.runs]  # of the levels that the slider offers
        self.packed: dict[int, dict[str, Any] | None] = {}  # by row; None of an image that does not open
        self.full = False  # whether a photograph did not fit any more

    def show(self, count: int, budget: int) -> tuple[dict[str, Any], int]:
        """The evaluation as the page has it, with at most `count` targets a list, and the bytes that it takes."""
        wanted = lists(self.facts) if count and self.runs else []
        kept, spent = self._fill(wanted, count, budget)
        order = sorted(row for row, entry in self.packed.items() if entry is not None)
        place = {row: i for i, row in enumerate(order)}
        filled = [(each, [place[row] for row in rows]) for each, rows in zip(wanted, kept, strict=True) if rows]
        runs = zip(self.runs, self.seen, self.ranked, self.ends, strict=True)
        return {
            "name": self.evaluation.name,
            "dataset": self.evaluation.dataset,
            "measure": self.facts.measure,
            "count": len(self.targets),
            "runs": [_run(*each) for each in runs],
            "others": [run.name for run in self.evaluation.runs if run not in self.runs],
            "targets": [self.packed[row] for row in order],
            "lists": [_entry(each, rows) for each, rows in filled],
        }, spent

    def _fill(self, wanted: Sequence[TargetList], count: int, budget: int) -> tuple[list[list[int]], int]:
        """The rows that each list keeps: the first of every list, then the second, until the bytes are used up.

        Lists of classes, of which there may be a thousand, follow when all others have had theirs.
        """
        kept: list[list[int]] = [[] for _ in wanted]
        spent = 0
        ordered = sorted(range(len(wanted)), key=lambda i: wanted[i].key.startswith(CLASS))
        general = [i for i in ordered if not wanted[i].key.startswith(CLASS)]
        for members in (general, ordered[len(general) :]):
            for position in range(count):
                for i in members:
                    if position >= len(wanted[i].rows):
                        continue
                    row = int(wanted[i].rows[position])
                    spent += self._add(row, budget - spent)
                    if self.packed.get(row) is not None:
                        kept[i].append(row)
        return kept, spent

    def _add(self, row: int, left: int) -> int:
        """Pack a target, and the other classes of its image with it, if its photograph fits: the bytes that took."""
        if row in self.packed or self.full:
            return 0
        name = str(self.targets["image"].iat[row])
        try:
            photo = photograph(self.evaluation.open_image(name))
        except DataError:
            self.packed[row] = None
            return 0
        image = {"name": name, **photo}
        self.full = size_of(image) > left
        if self.full:
            return 0
        spent = self.shelves["images"].put(image)[1]
        others = [int(other) for other in self.siblings[name] if other != row and other not in self.packed]
        for each in [row, *others][:SIBLINGS]:
            self.packed[each], more = self._pack(each, image)
            spent += more
        return spent

    def _pack(self, row: int, image: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        """A target as the page has it, and the bytes that it and its maps take."""
        target = self.targets.iloc[row]
        # Boxes count in the annotation's pixels; where it says none, in those of the photograph's file.
        width, height = int(target["width"]) or image["own"][0], int(target["height"]) or image["own"][1]
        maps, spent = [], 0
        for number in range(len(self.runs)):
            entry, more = self._map(number, row, (height, width))
            maps.append(entry)
            spent += more
        found = {
            "image": self.shelves["images"].put(image)[0],
            "class_name": target["class_name"],
            "size": [height, width],
            "boxes": np.asarray(target["boxes"], float).reshape(-1, 4).tolist(),
            "mask": target["mask"],
            "ignore": target["ignore"],
            "maps": maps,
        }
        return found, spent + size_of(found)

    def _map(self, number: int, row: int, size: tuple[int, int]) -> tuple[dict[str, Any], int]:
        """A run's map of a target, what its score says of it, and the level of its own where maps have one."""
        run, seen = self.runs[number], self.seen[number]
        values, lies = self.files[number].read(row)
        if lies["input_to_image"] is None:  # an image that was never read: the stretch, as `drawing` takes it
            lies["input_to_image"] = Affine.stretch(lies["input_size"], size).array().tolist()
        map_place, one = self.shelves["maps"].put(numbers(values))
        place, other = self.shelves["places"].put(lies)
        score = float(seen.score[row])
        found: dict[str, Any] = {
            "map": map_place,
            "place": place,
            "status": str(seen.status[row]),
            "iou": None if np.isnan(score) else round(score, 6),
            "box": np.asarray(seen.box[row], float).tolist(),
            "kinds": {rule: str(kinds[row]) for rule, kinds in seen.kinds.items() if kinds[row]},
        }
        if run.settings["threshold"]["method"] != "sweep":
            found["level"] = own_level(values, lies, run.settings, size)
        elif seen.chosen is None:
            found["level"] = float(seen.levels[row])  # its class'
        if run.settings["normalization"] == "none" and np.isfinite(values).all():
            low, high = self.ends[number]
            self.ends[number] = [min(low, float(values.min())), max(high, float(values.max()))]
        return found, one + other


def shard_starts(targets: pd.DataFrame, paths: Sequence[str]) -> NDArray[np.int64]:
    """The first target of each shard, whose files are named by their first and last image, and the end of all."""
    number, _ = pd.factorize(targets["image"])
    firsts = [int(Path(path).name.split("-")[0]) for path in paths]
    return np.append(np.searchsorted(number, firsts), len(targets))


def _facts(
    targets: pd.DataFrame, runs: Sequence[PicturedRun], seen: Sequence[SeenTargets], measure: str, seed: int
) -> Facts:
    """What the rules of lists look at."""
    there = np.ones(len(targets), bool)
    for each in seen:
        there &= ~np.isin(each.status, UNSEEN)
    rules = seen[0].kinds if seen else {}
    return Facts(
        names=[run.name for run in runs],
        control=[run.control for run in runs],
        score=np.array([each.score for each in seen]).reshape(len(seen), len(targets)),
        measure=measure,
        kinds={rule: np.array([each.kinds[rule] for each in seen]) for rule in rules},
        classes=targets["class_name"].to_numpy(np.str_),
        images=targets["image"].to_numpy(np.str_),
        shown=there,
        seed=seed,
    )


def _run(run: PicturedRun, seen: SeenTargets, ranked: Ranked, ends: list[float]) -> dict[str, Any]:
    about = {"name": run.name, "control": run.control, "training": run.training, "folder": run.maps}
    about |= {"explain": run.explain, "ends": ends, "parted": SPLIT in run.settings["threshold"]} | {
        key: run.settings[key] for key in PREPARED
    }
    return about | {"chosen": seen.chosen, "choice": seen.choice, "oracle": ranked.oracle}


def _entry(each: TargetList, targets: list[int]) -> dict[str, Any]:
    about = {"key": each.key, "run": each.run, "title": each.title, "rule": each.rule}
    return about | {"targets": targets, "total": len(each.rows)}
