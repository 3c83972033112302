"""What a run reads off a network in one pass, and what is left where it lies when a cam is added or taken away."""

import copy

import pytest

from small import SMALL

CAMS = {
    "gradcam": {},
    "sure": {"method": "gradcam", "score": "probability"},
    "own": {"method": "gradcam", "explain": "predicted"},
    "early": {"method": "layercam", "layer": "conv_pw_12_relu"},
}


def files(root, pattern: str) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in root.glob(f"results/{pattern}")}


@pytest.mark.slow
def test_cams_share_a_pass_and_one_that_is_added_leaves_the_others_alone(workflow, tmp_path):
    config = copy.deepcopy(SMALL) | {"cams": {**CAMS, "center": {}}}
    config["evaluations"] = {"all": {"report": "b", "metrics": ["maxboxacc@50", "top1_loc"]}}
    config |= {"activations": "keep", "shard_size": 50}
    first = workflow(config)
    assert first.returncode == 0, first.stderr
    before = files(tmp_path, "*/predict/*/*.npz") | files(tmp_path, "*/*@*/*@*/*.heatmaps.npz")
    shards = len(files(tmp_path, "*/predict/*/*.evidence.npz"))
    assert (
        first.said.count("rule predict:")
        == shards
        == len({path.rpartition("/")[2] for path in before if "evid" in path})
    )
    added = copy.deepcopy(config)
    added["cams"]["finer"] = {"method": "finercam"}
    second = workflow(added)
    assert second.returncode == 0 and second.said.count("rule predict:") == shards
    after = files(tmp_path, "*/predict/*/*.npz") | files(tmp_path, "*/*@*/*@*/*.heatmaps.npz")
    assert before.items() < after.items()
    said = [log.read_text() for log in tmp_path.glob("results/logs/predict/*/*/*.log")]
    assert sum("no image is opened" in text for text in said) == shards
    # Nothing is left to do, with it, without it, and without one of those that it came to.
    fewer = copy.deepcopy(config)
    del fewer["cams"]["sure"]
    for each in (added, config, fewer):
        looked = workflow(each, "--dry-run")
        assert looked.returncode == 0 and "rule predict:" not in looked.said and "rule heatmap:" not in looked.said
