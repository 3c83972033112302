"""Panels: boxes, words and pictures side by side, pixel by pixel; and what cannot be written."""

import cv2
import numpy as np
import pytest

from wsol.errors import DataError
from wsol.pictures import panels

GREY = np.full((20, 30, 3), 90, np.uint8)


def white(picture):
    """The first and last row and column of the white line."""
    rows, columns = np.nonzero((picture == panels.BOX).all(axis=2))
    return [columns.min(), rows.min(), columns.max(), rows.max()]


@pytest.mark.parametrize(
    ("box", "line"),
    [
        ([5, 4, 15, 12], [5, 4, 14, 11]),
        ([5.2, 4.9, 14.1, 11.5], [5, 4, 14, 11]),  # every pixel that the box reaches into
        ([0, 0, 30, 20], [0, 0, 29, 19]),  # all of the image: the line is still there
        ([7, 7, 8, 8], [7, 7, 7, 7]),
    ],
)
def test_a_box_s_line_is_its_outermost_pixels(box, line):
    drawn = panels.boxed(GREY, box)
    assert white(drawn) == line
    assert (GREY == 90).all()


def test_the_line_has_a_dark_edge_on_both_sides_and_the_inside_is_free():
    drawn = panels.boxed(GREY, [5, 4, 15, 12])
    assert drawn[8, 4:7].tolist() == [[0, 0, 0], [255, 255, 255], [0, 0, 0]]
    assert (drawn[6:10, 7:13] == 90).all() and (drawn[:, :4] == 90).all()


def test_words_stand_below_the_picture_and_leave_it_as_it_is():
    found = panels.captioned(GREY, "gradcam: é")
    assert found.shape == (20 + panels.LEAST, 30, 3) and (found[:20] == 90).all()
    assert found[20:].min() < 128 < found[20:].max()
    assert panels.captioned(np.zeros((10, 960, 3), np.uint8), "x").shape[0] == 10 + 40


def test_pictures_lie_in_rows_with_white_between_them():
    values = [[np.full((4, 5, 3), value, np.uint8) for value in row] for row in ((1, 2, 3), (4, 5, 6))]
    found = panels.arranged(values)
    assert found.shape == (8, 3 * 5 + 2 * 2, 3)
    assert found[0, :, 0].tolist() == [1] * 5 + [255] * 2 + [2] * 5 + [255] * 2 + [3] * 5
    np.testing.assert_array_equal(panels.arranged([[GREY]]), GREY)


def test_a_picture_is_written_in_its_colours_and_what_cannot_be_is_named(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (8, 9, 3), np.uint8)
    panels.write(tmp_path / "a.png", picture)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "a.png"))[..., ::-1], picture)
    with pytest.raises(DataError, match=r"cannot write '.*none/a\.png' \(No such file or directory\)\."):
        panels.write(tmp_path / "none/a.png", picture)
    for name, wide in (("a.doc", 9), ("a.webp", 20_000)):  # WebP ends at 16,383 pixels
        with pytest.raises(
            DataError, match=rf"cannot write '.*{name}': no such kind of picture, or none of {wide} x 8\."
        ):
            panels.write(tmp_path / name, np.zeros((8, wide, 3), np.uint8))
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_a_webp_may_lose_what_a_page_can_do_without(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    panels.write(tmp_path / "whole.webp", picture)
    panels.write(tmp_path / "small.webp", picture, quality=50)
    np.testing.assert_array_equal(cv2.imread(str(tmp_path / "whole.webp"))[..., ::-1], picture)
    assert (tmp_path / "small.webp").stat().st_size < (tmp_path / "whole.webp").stat().st_size / 2
