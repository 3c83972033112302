"""A hospital's folder of DICOM files is a data set: by folders, by a table and by masks; and a run over one."""

import sys

import numpy as np
import pandas as pd
import pytest

import sources
from dicoms import dicom
from wsol.errors import ConfigError
from wsol.index.indexing import index, opener

WINDOW = {"WindowCenter": 40, "WindowWidth": 400, "RescaleSlope": 1, "RescaleIntercept": -1024}
FINDINGS = ("nodule", "effusion")


def patient(random: np.random.Generator, kind: str) -> tuple[np.ndarray, list[int]]:
    """A slice of noise around water with one bright finding, long or round: stored values, and its box."""
    stored = random.normal(1024, 60, (48, 56))
    width, height = (14, 14) if kind == "nodule" else (28, 8)
    x, y = random.integers(0, 56 - width), random.integers(0, 48 - height)
    stored[y : y + height, x : x + width] += 400
    return stored.clip(0, 4095).astype(np.uint16), [int(x), int(y), int(x + width), int(y + height)]


def hospital(root, count=12, per_patient=2):
    """`count` slices of patients in `root`, and the table of their findings."""
    random = np.random.default_rng(3)
    rows = []
    for i in range(count):
        kind = FINDINGS[i % 2]
        stored, box = patient(random, kind)
        name = f"p{i // per_patient}/{kind}/{i:02d}.dcm"
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(dicom(stored, 12, **WINDOW))
        rows.append([name, kind, *box, f"p{i // per_patient}"])
    return pd.DataFrame(rows, columns=["image", "class", "x0", "y0", "x1", "y1", "group"])


def test_a_table_of_findings(tmp_path):
    table = hospital(tmp_path / "scans")
    table.to_csv(tmp_path / "findings.csv", index=False)
    settings = {"adapter": "table", "images": str(tmp_path / "scans"), "annotations": str(tmp_path / "findings.csv")}
    found = index(settings)
    assert found.problems.empty and set(found.targets["status"]) == {"ok"}
    assert set(zip(found.targets["width"], found.targets["height"], strict=True)) == {(56, 48)}
    assert found.targets["group"].nunique() == 6 and "range " not in found.summary
    image = opener(settings)(table["image"][0])
    x0, y0, x1, y1 = table.loc[0, ["x0", "y0", "x1", "y1"]]
    assert image.shape == (48, 56, 3) and (image[y0:y1, x0:x1] > 200).all()  # 400 units, over the window's 240
    ranged = settings | {"range": [-1000, 3000]}
    assert "range       [-1000, 3000], for 12 images of more than 8 bits" in index(ranged).summary
    darker = opener(ranged)(table["image"][0])
    assert 80 < darker[y0:y1, x0:x1].mean() < 100  # (400 + 1000) / 4000 of white


def test_a_range_is_of_the_modality_s_values_in_files_of_8_bits_too(tmp_path):
    stored = np.random.default_rng(0).integers(0, 256, (24, 30), np.uint8)
    (tmp_path / "scans").mkdir()
    for name, bits in {"a.dcm": 8, "b.dcm": 12}.items():
        values = stored if bits == 8 else stored.astype(np.uint16)
        (tmp_path / "scans" / name).write_bytes(dicom(values, bits, RescaleSlope=8, RescaleIntercept=-1000))
    (tmp_path / "t.csv").write_text("image,class,x0,y0,x1,y1\na.dcm,one,1,1,9,9\n")
    settings = {"adapter": "table", "images": str(tmp_path / "scans"), "annotations": str(tmp_path / "t.csv")}
    ranged = settings | {"range": [-500, 500]}
    assert set(index(ranged).targets["status"]) == {"ok"}  # alone it is no range without effect
    shown = [opener(ranged)(name) for name in ("a.dcm", "b.dcm")]
    assert np.array_equal(*shown) and not np.array_equal(shown[0], opener(settings)("a.dcm"))


def test_folders_of_classes_and_masks_of_the_same_names(tmp_path):
    for name, (width, height) in sources.SIZES.items():
        folder = tmp_path / "images" / sources.CLASSES[name]
        folder.mkdir(parents=True)
        stored = sources.painted(name).astype(np.uint16) * 900 + 500
        (folder / name.replace(".png", ".dcm")).write_bytes(dicom(stored, 12, **WINDOW))
        sources.save(tmp_path / "masks" / sources.CLASSES[name] / name, sources.painted(name).astype(np.uint8))
        assert stored.shape == (height, width)
    folders = index({"adapter": "imagefolder", "images": str(tmp_path / "images")}).targets
    assert folders["image"].tolist() == ["cat/a.dcm", "dog/b.dcm"] and folders["width"].tolist() == [40, 20]
    masks = index({"adapter": "masks", "images": str(tmp_path / "images"), "masks": str(tmp_path / "masks")})
    assert masks.problems.empty and masks.targets["status"].tolist() == ["ok", "ok"]


def test_a_scan_of_frames_and_one_that_is_cut_are_said(tmp_path):
    settings = sources.imagefolder(tmp_path)
    frames = np.zeros((20, 10), np.uint16)
    (tmp_path / "images/cat/many.dcm").write_bytes(dicom(frames, 12, Rows=10, NumberOfFrames=2))
    (tmp_path / "images/cat/cut.dcm").write_bytes(dicom(frames, 12)[:200])
    found = index(settings)
    problems = dict(zip(found.problems["image"], found.problems["detail"], strict=True))
    assert problems["cat/many.dcm"] == "holds 2 frames; a picture is one"
    assert problems["cat/cut.dcm"] == "a DICOM file without a picture"
    assert found.targets["status"].tolist().count("unreadable") == 2


def test_a_folder_without_pydicom_is_one_line(tmp_path, monkeypatch):
    hospital(tmp_path / "scans", 2)
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(
        ConfigError, match=r"\.dcm is a DICOM file, and pydicom is not installed: pip install \.\[dicom\]"
    ):
        index({"adapter": "imagefolder", "images": str(tmp_path / "scans")})


@pytest.mark.slow
def test_a_hospital_s_folder_runs_through_the_chain(workflow, tmp_path):
    table = hospital(tmp_path / "scans", 16)
    table.to_csv(tmp_path / "findings.csv", index=False)
    common = {"adapter": "table", "images": "scans", "annotations": "findings.csv", "class_map": "labels"}
    config = {
        "data": str(tmp_path),
        "resamples": 100,
        "overlays": 2,
        "datasets": {"scans": common},
        "backbones": {"net": {"architecture": "MobileNet", "alpha": 0.25, "input": 32, "weights": "random"}},
        "cams": {"gradcam": {}, "center": {}},
        "thresholds": {"sweep": {}},
        "evaluations": {"ct": {"report": "scans", "metrics": ["maxboxacc@50", "pointing_game"]}},
    }
    done = workflow(config)
    assert done.returncode == 0, done.said
    scores = pd.read_csv(tmp_path / "results/scores.csv")
    assert set(scores["n"]) == {16} and set(scores["groups"]) == {8} and scores["value"].between(0, 100).all()
    assert "data:image/webp" in (tmp_path / "results/report.html").read_text()
