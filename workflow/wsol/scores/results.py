"""A run's results at one level, as `wsol.exports` writes them.

The level is the one of highest accuracy at IoU .5 with boxes of all regions, or of highest mean IoU where the truth has
masks only: chosen on the select split where there is one, else on the reported one; each map's own where the threshold
gives one. `boxscores` says what a box scores.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsol.errors import DataError
from wsol.files.npz import unpack
from wsol.regions.localize import mask
from wsol.regions.published import check_stretched
from wsol.regions.thresholds import levels_of
from wsol.scores.boxscores import chances, scored, scored_boxes
from wsol.scores.outcome import Unavailable
from wsol.scores.seedmaps import BACKGROUND, DRAWN, by_image, seed, stacked
from wsol.scores.stages import Stages
from wsol.scores.views import Level, View


class RunResult:
    """See `exports.exported.Exported`."""

    def __init__(self, view: View, stages: Stages, predictions: Sequence[str | Path] = ()):
        self.view = view
        self.stages = stages
        self.targets = stages.targets
        self.preparation = {key: stages.settings[key] for key in ("upsampling", "normalization")}
        self.chances = chances(self.targets, predictions, view.outcome.explain)
        self.scored = scored(predictions)

    @cached_property
    def level(self) -> Level:
        """None where each map has its own; a DataError where the split that levels are chosen on lacks the truth."""
        try:
            return self.view.exported_level()
        except Unavailable as lacking:
            raise DataError(f"exports: no level can be chosen on the select split, for lack of {lacking}.") from lacking

    @property
    def levels(self) -> float | dict[str, float] | None:
        """That level, or that of each class by its name, as what is exported says it."""
        if not isinstance(self.level, np.ndarray):
            return self.level
        return dict(zip(self.targets["class_name"], self.level.tolist(), strict=True))

    @property
    def boxes(self) -> list[NDArray[np.float64]]:
        return [boxes for boxes, _ in self._scored]

    @property
    def scores(self) -> list[NDArray[np.float64]]:
        return [scores for _, scores in self._scored]

    @cached_property
    def _scored(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        return [found for (found,) in scored_boxes(self.stages, self.chances, [self.level])]

    @cached_property
    def masks(self) -> list[bytes]:
        threshold = self.stages.settings["threshold"]
        protocol = self.stages.protocol
        found = []
        for t, (drawn, size) in enumerate(zip(self.stages.maps(), self.stages.sizes, strict=True)):
            prepared = protocol.as_cut(drawn.values)
            if not prepared.any():
                found.append(b"")
                continue
            # Where each map has its own level, it is chosen on what is cut, as the regions were.
            own = self.level[t] if isinstance(self.level, np.ndarray) else self.level
            level = levels_of(threshold, prepared)[0] if own is None else own
            found.append(mask(protocol.foreground(prepared, level), drawn.canvas_to_image, size))
        return found

    @cached_property
    def seed_level(self) -> tuple[float, str]:
        """The background level that tables show voc_miou at first, and where it is from; a DataError without any."""
        threshold = self.stages.settings["threshold"]
        if threshold["method"] == "fixed":
            return threshold["level"], "fixed"
        lacking = ""
        for outcome, level_from in ((self.view.chooser, self.view.level_from), (self.view.outcome, "oracle")):
            try:
                return outcome.seeds.best_level(), level_from
            except Unavailable as reason:
                lacking = str(reason)
        raise DataError(f"export of seeds: no split to choose the background level on, for lack of {lacking}.")

    def seeds(self) -> Iterator[tuple[str, NDArray[np.int64]]]:
        """Each image of known size and its seed [h w]: the label of each pixel, BACKGROUND where it is of none."""
        if self.view.outcome.explain == "predicted":
            raise DataError("export of seeds: needs maps of the labelled classes, these are of the predicted.")
        level, _ = self.seed_level
        for _, own, drawn in by_image(self.targets, self.stages.maps(**DRAWN)):
            if own[0].height and own[0].width:
                labels = np.array([BACKGROUND, *(row.label for row in own)])
                yield own[0].image, labels[seed(stacked(own, drawn), level)]

    def maps(self) -> Iterator[NDArray[np.floating]]:
        """A DataError where one does not cover its image: score maps have no place for a crop or a border."""
        for rows, shard in self.stages.shards(self.stages.heatmaps):
            ok = shard["status"] == "ok"
            where = (shard["input_to_image"][ok], shard["input_size"], self.stages.sizes[rows][ok])
            check_stretched(*where, "export of score maps")
            yield from unpack(shard)
