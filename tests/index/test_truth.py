"""What makes a box, or a mask, a truth that can be scored."""

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import sources
from conftest import kinds
from sources import save, write
from wsol.boxes import asboxes
from wsol.index.indexing import index
from wsol.index.truth import sound

numbers = st.one_of(st.floats(-50, 150), st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 40.0]))


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), max_size=6))
def test_sound_boxes_lie_in_the_image_and_every_other_is_reported(boxes):
    kept, complaints = sound(np.ravel(boxes).tolist(), 40, 30)
    left = asboxes(kept)
    assert np.isfinite(left).all()
    assert (left[:, 2:] > left[:, :2]).all()
    assert (left >= 0).all()
    assert (left <= [40, 30, 40, 30]).all()
    assert len(left) + sum(kind == "bad_box" for kind, _ in complaints) == len(boxes)


def test_overshoot_of_up_to_a_pixel_is_cut_without_a_word():
    assert sound([-1, 0, 41, 30.5], 40, 30) == ([0, 0, 40, 30], [])
    kept, ((kind, words),) = sound([-1.5, 0, 40, 30], 40, 30)
    assert (kept, kind, words) == ([0, 0, 40, 30], "clipped", "[-1.5 0 40 30) reaches over 40x30")


def test_without_a_size_boxes_stay(wsol):
    assert sound([5, 5, 9999, 9999], 0, 0) == ([5, 5, 9999, 9999], [])


def test_a_target_whose_boxes_all_drop_is_no_ground_truth(wsol):
    write(Path(wsol["annotations"]) / "localization.txt", "a.png,9,9,2,2\nb.png,0,0,4,4\n")
    assert index(wsol).targets["status"].tolist() == ["no_ground_truth", "ok"]
    assert kinds(wsol) == ["bad_box"]


def test_an_empty_mask_is_no_truth(tmp_path):
    settings = sources.mask_folder(tmp_path)
    save(tmp_path / "masks/a.png", np.zeros((30, 40), np.uint8))
    found = index(settings)
    assert found.targets["status"].tolist() == ["no_ground_truth", "ok"]
    assert found.problems["kind"].tolist() == ["empty_mask"]
