"""Maps and logits of a network that was run elsewhere: classified and localised as by hand, in whatever shards."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sources import write
from wsol.errors import DataError
from wsol.files.predict import PREDICTIONS
from wsol.merging.merge import merge

COUNT, CLASSES, SIDE = 30, 8, 80
ABSENT, NAN = 3, 5  # images without logits, and with logits that are none
NAMES = [f"val/{place}.png" for place in range(COUNT)]
LABELS = np.arange(COUNT) * 3 % CLASSES
HIT = np.arange(COUNT) % 3 > 0  # whether the map is of the box, or lies beside it
METRICS = ["top1_acc", "top5_acc", "top1_loc", "top5_loc", "gtknown_loc", "ece"]


def said(seed: int = 0) -> np.ndarray:
    """Logits of all images: often of the right class, with ties."""
    random = np.random.default_rng(seed)
    values = random.integers(0, 6, (COUNT, CLASSES)).astype(np.float32)
    values[np.arange(COUNT), LABELS] += random.integers(0, 4, COUNT)
    values[NAN, 2] = np.nan
    return values


def save(root: Path, values: np.ndarray) -> None:
    there = np.arange(COUNT) != ABSENT
    mixed = np.random.default_rng(1).permutation(np.flatnonzero(there))  # the file's own order, and strangers in it
    names = [NAMES[place] for place in mixed] + ["stranger.png"]
    np.savez(root / "logits.npz", image=names, logits=np.vstack([values[mixed], np.zeros(CLASSES, np.float32)]))


def experiment(root: Path, **backbone) -> dict:
    rows, maps = ["image,class,x0,y0,x1,y1,width,height"], {}
    for place, name in enumerate(NAMES):
        x, y = 10 * (place % 4), 10 * (place % 3)
        rows.append(f"{name},{LABELS[place]},{x},{y},{x + 40},{y + 40},{SIDE},{SIDE}")
        cells = np.zeros((SIDE, SIDE), np.float32)
        if HIT[place]:
            cells[y : y + 40, x : x + 40] = 1
        else:
            cells[70:, 74:] = 1
        maps[name] = cells
    write(root / "boxes.csv", "\n".join(rows) + "\n")
    np.savez(root / "maps.npz", **maps)
    save(root, said())
    return {
        "shard_size": 15,
        "resamples": 100,
        "overlays": 0,
        "data": ".",
        "datasets": {"d": {"adapter": "table", "annotations": "boxes.csv", "class_map": "labels"}},
        "backbones": {"theirs": {"imported": "maps.npz", "logits": "logits.npz", **backbone}},
        "thresholds": {"half": {"method": "fixed", "level": 0.5}},
        "evaluations": {"e": {"report": "d", "metrics": METRICS}},
    }


def by_hand(values: np.ndarray) -> dict[str, float]:
    """In percent, image by image."""
    hits: dict[str, list[bool]] = {name: [] for name in METRICS[:-1]}
    for place in range(COUNT):
        order = sorted(range(CLASSES), key=lambda output, row=values[place]: (-row[output], output))
        rank = CLASSES if place in (ABSENT, NAN) else order.index(LABELS[place])
        for k in (1, 5):
            hits[f"top{k}_acc"].append(rank < k)
            hits[f"top{k}_loc"].append(rank < k and HIT[place])
        hits["gtknown_loc"].append(HIT[place])
    return {name: 100 * float(np.mean(each)) for name, each in hits.items()}


def calibration_error(values: np.ndarray) -> float:
    """Of the highest probability, in 15 bins; an image without logits is sure of a wrong answer."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for place in range(COUNT):
        known = place not in (ABSENT, NAN)
        raised = np.exp(values[place].astype(float))
        sure = float(raised.max() / raised.sum()) if known else 1.0
        right = known and int(values[place].argmax()) == LABELS[place]
        bins.setdefault(max(int(np.ceil(sure * 15)), 1), []).append((sure, right))
    return sum(abs(sum(right - sure for sure, right in each)) for each in bins.values()) / COUNT


def scores(root: Path, backbone: str = "theirs", folder: str = "results") -> dict[str, float]:
    frame = pd.read_csv(root / folder / "scores.csv")
    return {row.metric: row.value for row in frame.itertuples() if row.backbone == backbone}


def test_a_network_from_elsewhere_is_scored_as_by_hand_and_an_edit_of_its_logits_is_seen(workflow, tmp_path):
    config = experiment(tmp_path)
    config["backbones"]["more"] = config["backbones"]["theirs"] | {"input": 80}
    assert (run := workflow(config)).returncode == 0, run.stderr
    for backbone in ("theirs", "more"):
        assert scores(tmp_path, backbone) == pytest.approx(by_hand(said()), abs=1e-4), (
            "and no ece, which needs probabilities"
        )
    files = sorted(tmp_path.glob("results/d@*/predict/logits@*/*.predictions.npz"))
    assert len(files) == 2, "shared by both"
    found = [PREDICTIONS.read(path) for path in files]
    readable = np.concatenate([each["readable"] for each in found])
    assert np.flatnonzero(~readable).tolist() == [ABSENT]
    assert "1 of 15 images have no logits val/3.png" in run.stderr and "not finite" in run.stderr

    assert (run := workflow(config)).returncode == 0 and "Nothing to be done" in run.stderr
    save(tmp_path, said(seed=4))
    run = workflow(config)
    assert run.returncode == 0 and "rule logits:" in run.said, run.stderr
    assert "rule imported:" not in run.said and "rule localize:" not in run.said
    assert scores(tmp_path) == pytest.approx(by_hand(said(seed=4)), abs=1e-4)
    whole = workflow(config | {"shard_size": 40, "results": "whole"})
    assert whole.returncode == 0, whole.stderr
    assert (tmp_path / "whole/scores.csv").read_bytes() == (tmp_path / "results/scores.csv").read_bytes()
    merge(tmp_path / "merged", [tmp_path / "whole", tmp_path / "results"])  # of other shards the same

    first = files[0]
    before = first.read_bytes()
    damaged = bytearray(before)
    damaged[len(damaged) // 2] ^= 1
    first.write_bytes(damaged)
    with pytest.raises(DataError, match=rf"predict/logits@\w+/{first.name} is not what was written"):
        merge(tmp_path / "refused", [tmp_path / "results"])
    first.write_bytes(files[1].read_bytes())  # whole, and not what was scored
    with pytest.raises(DataError, match=f"was made from another {first.name}"):
        merge(tmp_path / "refused", [tmp_path / "results"])
    first.write_bytes(before)
    merge(tmp_path / "merged", [tmp_path / "results"])


@pytest.mark.slow
def test_what_does_not_fit_is_said_before_any_map_is_read_and_a_table_does(workflow, tmp_path):
    config = experiment(tmp_path, activation="softmax")
    there = [name for place, name in enumerate(NAMES) if place != ABSENT]
    values = np.delete(said(), ABSENT, axis=0)
    np.savez(tmp_path / "logits.npz", image=there, logits=values[:, :6])
    run = workflow(config)
    assert run.returncode and "datasets.d: a class is output 7, and theirs has 0 to 5." in run.stderr
    assert not list(tmp_path.rglob("*.heatmaps.npz"))
    frame = pd.DataFrame(values, columns=[str(output) for output in range(CLASSES)]).assign(image=there)
    frame.to_csv(tmp_path / "logits.csv", index=False, na_rep="nan")
    config["backbones"]["theirs"]["logits"] = {"d": "logits.csv"}
    assert (run := workflow(config)).returncode == 0, run.stderr
    found = scores(tmp_path)
    assert found.pop("ece") == pytest.approx(100 * calibration_error(said()), abs=1e-4)
    assert found == pytest.approx(by_hand(said()), abs=1e-4)
