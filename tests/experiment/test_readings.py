"""Which explanations share a pass over the images, and what is left where it lies when one is added."""

import copy

import numpy as np
import pytest

from modelfiles import keras_file
from wsol.experiment.config import check
from wsol.experiment.readings import note, noted, readings
from wsol.files.predict import PREDICTIONS

NET = {"architecture": "MobileNet", "alpha": 0.25, "weights": "random", "input": 32}
CONFIG = {
    "datasets": {
        "a": {"adapter": "shapes", "split": "report", "count": 12, "class_map": "labels"},
        "b": {"adapter": "shapes", "split": "select", "count": 12, "class_map": "labels"},
    },
    "backbones": {"net": {**NET, "classes": 3}},
    "cams": {
        "gradcam": {},
        "layercam": {"layer": "conv_pw_12_relu"},
        "sure": {"method": "gradcam", "score": "probability"},
    },
    "thresholds": {"sweep": {}},
    "evaluations": {"all": {"report": "a", "select": "b", "metrics": ["maxboxacc_v2"]}},
}


def experiment(**cams):
    config = copy.deepcopy(CONFIG)
    config["cams"] |= cams
    return check(config)


def written(root, found):
    """As a run leaves them: the predictions of every reading, which say what they are of."""
    nothing = {name: np.empty(0) for name in PREDICTIONS.fields}
    for (dataset, _), reading in found.items():
        folder = root / dataset / "predict" / reading.id
        folder.mkdir(parents=True, exist_ok=True)
        PREDICTIONS.write(folder / "0-9.predictions.npz", settings={"reading": reading.settings}, **nothing)


def test_all_that_a_network_is_asked_shares_one_reading_of_a_data_set(tmp_path):
    found = readings(experiment(), tmp_path)
    assert len(found) == 6 and len({reading.id for reading in found.values()}) == 1
    (reading,) = {reading.id: reading for reading in found.values()}.values()
    assert set(reading.settings["explanations"]) == {backbone for _, backbone in found}
    assert "layer" not in reading.settings["network"] and reading.name == "net"


def test_masked_inputs_have_a_reading_to_themselves(tmp_path):
    found = readings(
        experiment(scorecam={}, scorecam_logits={}, rise={"evidence": {"masks": 8}}, ablationcam={}), tmp_path
    )
    methods = [
        {each["evidence"]["method"] for each in reading.settings["explanations"].values()}
        for reading in {reading.id: reading for reading in found.values()}.values()
    ]
    assert sorted(map(sorted, methods)) == [["ablation", "gradient"], ["rise"], ["scorecam"]]


def test_one_added_later_is_read_alone_and_the_others_stay(tmp_path):
    first = readings(experiment(), tmp_path)
    written(tmp_path, first)
    more = experiment(finer={"method": "finercam"})
    second = readings(more, tmp_path)
    assert all(second[key].id == first[key].id for key in first)
    (added,) = {second[key].id for key in second if key not in first}
    assert added not in {reading.id for reading in first.values()}
    written(tmp_path, second)
    assert {key: reading.id for key, reading in readings(more, tmp_path).items()} == {
        k: r.id for k, r in second.items()
    }
    # Without what was added all is as it was; in an empty folder all is read together.
    assert {k: r.id for k, r in readings(experiment(), tmp_path).items()} == {k: r.id for k, r in first.items()}
    assert len({reading.id for reading in readings(more, tmp_path / "new").values()}) == 1


def test_jobs_are_told_what_was_planned_while_files_are_made_anew(tmp_path):
    """A job that begins while others have deleted what they make: what lies there then would say something else."""
    written(tmp_path, readings(experiment(), tmp_path))
    more = experiment(finer={"method": "finercam"}, rise={"evidence": {"masks": 8}})
    written(tmp_path, planned := readings(more, tmp_path))
    note(tmp_path / "readings.txt", planned)
    for file in tmp_path.rglob("*.npz"):
        file.unlink()
    assert noted(more, tmp_path / "readings.txt") == planned != readings(more, tmp_path)


def test_one_taken_away_leaves_the_reading_that_has_the_others(tmp_path):
    first = readings(experiment(), tmp_path)
    written(tmp_path, first)
    fewer = copy.deepcopy(CONFIG)
    del fewer["cams"]["sure"]
    found = readings(check(fewer), tmp_path)
    assert len(found) == 4 and {reading.id for reading in found.values()} == {reading.id for reading in first.values()}


def test_a_reading_that_is_found_is_word_for_word_the_one_that_is_made(tmp_path):
    """Snakemake compares a job's parameters as text; and a file has paths as they are written, not as they lie."""
    (tmp_path / "data").mkdir()
    keras_file(tmp_path / "data/mine.keras")
    mine = {"model": "mine.keras", "preprocessing": {"std": 2.0, "mean": 0.5}}
    config = {**CONFIG, "data": str(tmp_path / "data"), "backbones": {"net": mine}, "cams": {"hirescam": {}, "cam": {}}}
    made = readings(check(config), tmp_path)
    written(tmp_path, made)
    found = readings(check(config), tmp_path)
    assert {key: repr(reading) for key, reading in found.items()} == {k: repr(r) for k, r in made.items()}
    assert {reading.settings["network"]["model"] for reading in found.values()} == {str(tmp_path / "data/mine.keras")}


@pytest.mark.parametrize("damage", [b"", b"PK", None])
def test_a_folder_that_does_not_say_what_it_is_of_is_no_reading(tmp_path, damage):
    first = readings(experiment(), tmp_path)
    written(tmp_path, first)
    for file in tmp_path.rglob("*.npz"):
        other = file.with_name("1-2.predictions.npz")
        if damage is None:
            nothing = {name: np.empty(0) for name in PREDICTIONS.fields}
            PREDICTIONS.write(file, settings={"reading": {"network": {}, "explanations": {}}}, **nothing)
        else:
            file.write_bytes(damage)
        assert not other.exists()
    more = readings(experiment(finer={"method": "finercam"}), tmp_path)
    assert len({reading.id for reading in more.values()}) == 1


def test_another_network_is_another_reading(tmp_path):
    config = copy.deepcopy(CONFIG)
    config["backbones"]["other"] = {**NET, "classes": 3, "seed": 1}
    found = readings(check(config), tmp_path)
    assert len({reading.id for reading in found.values()}) == 2
