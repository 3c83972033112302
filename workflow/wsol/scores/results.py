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

from wsol.files.npz import unpack
from wsol.regions.localize import mask
from wsol.regions.published import check_stretched
from wsol.regions.thresholds import levels_of
from wsol.scores.boxscores import chances, scored, scored_boxes
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
        """None where each map has its own."""
        return self.view.exported_level()

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

    def maps(self) -> Iterator[NDArray[np.floating]]:
        """A DataError where one does not cover its image: score maps have no place for a crop or a border."""
        for rows, shard in self.stages.shards(self.stages.heatmaps):
            ok = shard["status"] == "ok"
            where = (shard["input_to_image"][ok], shard["input_size"], self.stages.sizes[rows][ok])
            check_stretched(*where, "export of score maps")
            yield from unpack(shard)
