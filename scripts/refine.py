"""refine: plain maps and the images they are of -> maps on a finer grid that keep to the images' edges."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from wsol.affine import UNSAID
from wsol.experiment import plugins
from wsol.files.augmentations import SETTINGS
from wsol.files.containers import header
from wsol.files.heatmap import HEATMAPS
from wsol.files.index import TARGETS
from wsol.files.npz import pack, unpack
from wsol.index import indexing
from wsol.index.splits import rows
from wsol.job import job
from wsol.maps.refining import refined

if TYPE_CHECKING:
    from snakemake.iocontainers import snakemake

files, params = snakemake.input, snakemake.params

with job(snakemake.log, "refine") as log:
    targets = rows(TARGETS.read(files.targets), snakemake.wildcards.shard)
    plain, said = HEATMAPS.read(files.heatmaps), header(Path(files.heatmaps))["settings"]
    open_image = indexing.opener(plugins.joined(params.dataset))
    became: Counter[str] = Counter()
    found = refined(unpack(plain), plain, targets, open_image, plugins.joined(params.cam["refine"]), became)
    maps, status = zip(*log.progress(found, len(targets), "targets"), strict=True)
    speak = log.tell if became["unreadable"] else log.say
    speak(
        f"{became['refined']} of {len(targets)} maps are refined; {became['plain']} had nothing to go by and stay "
        f"plain, {became['unreadable']} are of images that do not decode"
    )
    HEATMAPS.write(
        snakemake.output.heatmaps,
        **pack(maps),
        status=np.array(status, "U16"),
        input_to_image=plain["input_to_image"],
        input_size=plain["input_size"],
        cell_to_input=UNSAID.array(),
        settings=params.cam | {key: said[key] for key in ("explain", *SETTINGS) if key in said},
        made_from={"targets": files.targets, "heatmaps": files.heatmaps},
    )
