"""Measuring: what scores need of a shard's maps and pixels, taken while the maps are drawn to be cut.

`localize` has each distinct map drawn and hands it to `Measuring.see` with the targets that share it. So maps are drawn
in as many jobs as there are shards, and `score` only adds up. Pointing is of the maps' own values, seeds are drawn by a
rule of their own.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from wsol.files.npz import unpack
from wsol.regions.canvases import Drawn
from wsol.regions.drawing import NOTHING, Drawing, drawing
from wsol.regions.protocols import PROTOCOLS
from wsol.regions.thresholds import swept_levels
from wsol.scores import masks, pointing, seedmaps
from wsol.scores.histograms import pack


class Measuring:
    """What is measured of one shard: of its targets (a part of files.TARGETS), given the status [t] of their maps.

    `settings` are those of the regions, `sources` some of files.measures.SOURCES; without masks none are measured.
    """

    def __init__(
        self, targets: pd.DataFrame, status: NDArray, settings: Mapping[str, Any], sources: Collection[str]
    ) -> None:
        self.targets = targets
        self.sources = sorted({*sources} - {"" if settings["masks"] else "masks"})
        self.settings = settings
        self.protocol = PROTOCOLS[settings["protocol"]]
        self.edges = masks.edges_of(swept_levels(settings["threshold"], self.protocol.step))
        self.rows: list[Any] = list(targets.itertuples())
        self.ok = (targets["status"].to_numpy(np.str_) == "ok") & (np.asarray(status, np.str_) == "ok")
        self.pointing = np.full((len(targets) if "pointing" in sources else 0, 3), np.nan)
        self.pixels: list[tuple[float, tuple[bytes, bytes]] | None] = [None] * len(targets)
        self.masks: list[tuple[int, ...] | None] = [None] * len(targets)

    def see(self, maps: Drawing, group: NDArray[np.int64], drawn: Drawn, shown: bool, cut: NDArray) -> None:
        """The map of some targets, drawn as it is cut; `shown`: whether there was anything to cut.

        `cut` are the masks that were cut, as RLE counts.
        """
        self.ok[group] &= shown
        own = maps.unnormalized(int(group[0]), drawn) if len(self.pointing) and self.ok[group].any() else drawn
        for target, mask in zip(group.tolist(), cut, strict=True):
            row, ok = self.rows[target], self.ok[target]
            if len(self.pointing):
                self.pointing[target] = pointing.point(row, maps.placed(own, target) if ok else NOTHING)
            if "pixels" in self.sources and row.mask:
                prepared = maps.placed(drawn, target) if ok else NOTHING
                inside, outside, ap = masks.count(row, prepared, self.protocol, self.edges)
                self.pixels[target] = ap, (pack(inside), pack(outside))
            if "masks" in self.sources and row.mask:
                self.masks[target] = masks.count_mask(row, mask if ok else b"")

    def arrays(self, heatmaps: Mapping[str, NDArray]) -> dict[str, NDArray]:
        """The arrays of files.MEASURES, once every map was seen; `heatmaps` are those of files.HEATMAPS."""
        found = {"sources": np.array(self.sources, np.str_), "ok": self.ok, "pointing": self.pointing}
        found["masks"] = narrow(np.array([each for each in self.masks if each is not None], np.int64).reshape(-1, 4))
        return found | self._pixels() | self._seeds(heatmaps)

    def _pixels(self) -> dict[str, NDArray]:
        counted = [each for each in self.pixels if each is not None]
        found: dict[str, NDArray] = {"ap": np.array([ap for ap, _ in counted], np.float64)}
        for place, name in enumerate(("inside", "outside")):
            packed = [histograms[place] for _, histograms in counted]
            found[name] = np.frombuffer(b"".join(packed), np.uint8)
            found[f"{name}_ends"] = np.cumsum([len(each) for each in packed], dtype=np.int64)
        return found

    def _seeds(self, heatmaps: Mapping[str, NDArray]) -> dict[str, NDArray]:
        levels = seedmaps.levels_of(self.settings["threshold"])
        if "seeds" not in self.sources or levels is None:
            found, counted = seedmaps.joined([], 0), np.zeros(0, bool)
        else:
            maps = drawn_as(heatmaps, self.targets, {**self.settings, **seedmaps.DRAWN}).maps(self.ok)
            found, counted = seedmaps.rows_of_images(self.targets, maps, levels)
        found = found._replace(hit=narrow(found.hit), predicted=narrow(found.predicted))
        return {f"seed_{name}": values for name, values in found._asdict().items()} | {"seed_counted": counted}


def drawn_as(heatmaps: Mapping[str, NDArray], targets: pd.DataFrame, settings: Mapping[str, Any]) -> Drawing:
    """How the maps of files.HEATMAPS are drawn for their targets."""
    sizes = targets[["height", "width"]].to_numpy(np.int64)
    place = (heatmaps["input_to_image"], heatmaps["input_size"], sizes, heatmaps["cell_to_input"])
    return drawing(unpack(heatmaps), *place, settings)


def narrow(counts: NDArray[np.integer]) -> NDArray[np.integer]:
    """Counts of pixels in two bytes each, or in four where one of them needs them.

    >>> narrow(np.array([65535])).dtype, narrow(np.array([65536])).dtype
    (dtype('uint16'), dtype('uint32'))
    """
    return counts.astype(np.uint16 if counts.max(initial=0) < 1 << 16 else np.uint32)
