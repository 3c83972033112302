"""The contact sheet draws the truth where it is."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import yaml

from wsol.files import rle
from wsol.pictures.sheets import LINE, MASK, TRUE, outlined, sheet

ROOT = Path(__file__).parents[2]


def target(**changes):
    plain = {"width": 40, "height": 20, "boxes": [], "mask": "", "ignore": "", "class_name": "cat", "status": "ok"}
    return SimpleNamespace(**plain | changes)


def test_boxes_and_masks_are_drawn_in_the_annotation_s_pixels():
    grey = np.full((10, 20, 3), 90, np.uint8)  # stored at half the annotated size
    drawn = outlined(grey, target(boxes=[10, 5, 30, 15]), side=80)
    assert drawn.shape == (80 + LINE, 80, 3)
    rows, columns = np.nonzero((drawn == TRUE).all(axis=2))
    # Twice the annotation's pixels, in lines two wide.
    found = [columns.min(), rows.min(), columns.max(), rows.max()]
    np.testing.assert_allclose(found, [20, 10, 59, 29], atol=1)

    painted = np.zeros((20, 40), bool)
    painted[4:16, 8:24] = True
    outline = (outlined(grey, target(mask=rle.encode(painted)), side=80) == MASK).all(axis=2)
    rows, columns = np.nonzero(outline)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 31, 16, 47)
    assert not outline[10:30, 18:46].any()
    dark = outlined(grey, target(ignore=rle.encode(painted)), side=80)
    assert (dark[8:32, 16:48] == 30).all() and (dark[:8, :80] == 90).all()


def test_pictures_lie_in_rows():
    pictures = [np.full((10, 8, 3), i, np.uint8) for i in range(5)]
    assert sheet(pictures, 3).shape == (2 * 14, 3 * 12, 3)
    assert sheet(pictures, 9).shape == (14, 5 * 12, 3)


def test_the_script_draws_a_data_set_of_a_config_and_names_one_it_lacks(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(yaml.safe_dump({"datasets": {"few": {"adapter": "shapes", "split": "train", "count": 6}}}))
    command = [sys.executable, str(ROOT / "scripts/contact_sheet.py"), str(config)]
    run = subprocess.run([*command, "few", "--count", "4"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0 and "images      6" in run.stdout
    assert cv2.imread(str(tmp_path / "few.png")).shape[1] == 4 * 244
    run = subprocess.run([*command, "fex"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 1 and "datasets: unknown 'fex'. Did you mean 'few'?" in run.stderr
    assert "Traceback" not in run.stderr
