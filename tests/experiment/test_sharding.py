"""`shard_size: auto`: the rule of its description, image by image; what enters it, and what does not."""

import copy
import math

import numpy as np
import pandas as pd
import pytest

from configs import FOLDER, GOOD
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.experiment.questions import elsewhere, plan
from wsol.experiment.sharding import HOLDS, OF_A_TARGET, Sharding, shard_size
from wsol.experiment.weighing import weighed
from wsol.index.splits import shards

NETWORK = {"network": {"architecture": "MobileNetV2", "weights": "random"}}
COUNTS = [1, 7, 999, 1000, 1999, 2000, 4000, 5000, 12_345, 50_000, 1_281_167]


def naive(images, targets, shown, map_bytes):
    """One image more at a time, for as long as the description lets the job have it."""
    size = 1
    each = max(targets / images, 1) * (OF_A_TARGET + 4 * map_bytes)
    while size < 10_000 and (size + 1) * each <= 400e6 and (not shown or (size + 1) * shown <= 2000 * 224 * 224):
        size += 1
    if shown:
        return size
    jobs = 1
    while jobs * size < images:
        jobs += 1
    while jobs < 4 and images / (jobs + 1) >= 1000:
        jobs += 1
    return -(-images // jobs)


@pytest.mark.parametrize("images", COUNTS)
@pytest.mark.parametrize("per_image", [1, 1.5, 7])
@pytest.mark.parametrize("shown", [0, 32**2, 224**2, 384**2, 1024**2])
@pytest.mark.parametrize("map_bytes", [0, 196, 224**2 * 4, 2**26 * 8])
def test_the_rule_is_the_described_one(images, per_image, shown, map_bytes):
    targets = math.ceil(images * per_image)
    size = shard_size(images, targets, shown=shown, map_bytes=map_bytes)
    assert size == naive(images, targets, shown, map_bytes)
    held = size * targets / images * (OF_A_TARGET + 4 * map_bytes)
    assert held <= HOLDS or size == 1


def test_two_thousand_photographs_a_network_as_ever_and_few_jobs_for_what_is_only_annotated():
    assert shards(5000, shard_size(5000, 5000, shown=224**2))[0] == "000000-001999"
    assert len(shards(50_000, shard_size(50_000, 50_000, shown=448**2))) == 100
    assert [len(shards(n, shard_size(n, n))) for n in (300, 1999, 2000, 5000, 10_000)] == [1, 1, 2, 4, 4]
    assert 5 <= len(shards(50_000, shard_size(50_000, 50_000))) <= 12
    assert shard_size(0, 0) >= 1 and shards(0, shard_size(0, 0)) == []


def experiment(**changes):
    config = copy.deepcopy(GOOD)
    config["backbones"] = NETWORK | {"maps": {"imported": FOLDER}}
    config["cams"] = {"gradcam": {}, "center": {}, "random": {"size": 224}}
    return check(config | changes)


def planned(found, *, images=50_000, side=224, map_bytes=196):
    """What the plan's file says of an experiment whose data sets are all alike."""
    ids = {run.backbone.id for run in found.runs if run.backbone}
    datasets = {run.report.id for run in found.runs} | {run.select.id for run in found.runs if run.select}
    return {
        "images": dict.fromkeys(datasets, images),
        "targets": dict.fromkeys(datasets, images),
        "networks": {id: {"input": [side, side]} for id in ids},
        "maps": {id: dict.fromkeys(ids, map_bytes) for id in datasets},
    }


def cut(found, plan):
    """Name of a run's backbone and cam -> how many images its shards have."""
    sharding = Sharding(found)
    return {
        (run.backbone.name if run.backbone else "none", run.cam.name): sharding.size(
            plan, *run.folder(run.report, "backbone", "cam").split("/")
        )
        for run in found.runs
    }


def test_networks_imported_maps_and_controls_have_shards_of_their_own():
    found = experiment()
    sizes = cut(found, planned(found, side=448))
    assert sizes[("network", "gradcam")] == 500
    assert sizes[("none", "center")] > sizes[("maps", "imported")] > 5 * sizes[("none", "random")]
    assert cut(found, planned(found, map_bytes=224**2 * 4))[("maps", "imported")] < 500
    plain = {"cams": {"center": {}, "gradcam": {}}}
    fewer = experiment(**plain)
    assert cut(fewer, planned(fewer, side=448)).items() <= sizes.items()  # one more cam cuts nothing of the others anew


def test_a_refined_map_is_counted_at_its_own_size():
    found = experiment(cams={"fine": {"method": "center", "refine": {"method": "superpixels", "side": 512}}})
    assert cut(found, planned(found))[("none", "fine")] < 400


def test_a_number_stands_whatever_the_plan_says():
    found = experiment(shard_size=500)
    assert set(cut(found, {}).values()) == {500}


@pytest.mark.parametrize("first", [0, 1], ids=["all are there", "the first is missing"])
def test_the_largest_of_some_maps_tells_what_all_weigh(tmp_path, first):
    names = [f"{i}.png" for i in range(100)]
    for i in range(first, 100):
        np.save(tmp_path / f"{names[i]}.npy", np.zeros((5, 7 + (i == 99)), np.float32))
    targets = {"d@0": pd.DataFrame({"image": names, "label": 0}), "e@0": pd.DataFrame({"image": [], "label": []})}
    pairs = [{"dataset": dataset, "backbone": "m@0", "maps": str(tmp_path)} for dataset in targets]
    assert weighed(pairs, targets) == {"d@0": {"m@0": 5 * 8 * 4}, "e@0": {"m@0": 0}}


@pytest.mark.parametrize(("cam", "size"), [("center", 6250), ("full", 6250), ("random", 461), ("mine", 461)])
def test_a_control_of_which_nothing_is_known_may_have_a_map_for_each_target(cam, size):
    settings = {"method": cam, "size": 224} if cam != "mine" else {"method": cam}
    sharding = Sharding(experiment())
    sharding.settings = {"cam@0": settings}
    plan = {"images": {"d@0": 50_000}, "targets": {"d@0": 50_000}, "maps": {"d@0": {}}}
    assert 0.95 * size < sharding.size(plan, "d@0", "none", "cam@0") <= size


def test_plans_of_other_imported_maps_have_another_name_and_a_control_more_has_not():
    found = experiment()
    assert {pair["backbone"].split("@")[0] for pair in elsewhere(found)} == {"maps"}
    assert plan(found) != plan(experiment(backbones=NETWORK))
    assert plan(found) == plan(experiment(cams={"gradcam": {}, "full": {}}, shard_size=7))


def test_auto_is_the_only_word():
    with pytest.raises(ConfigError, match="shard_size: unknown 'automatic'"):
        experiment(shard_size="automatic")
