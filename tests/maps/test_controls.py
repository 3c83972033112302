"""Controls: what they draw, by hand; one map for all images where the image does not matter."""

import numpy as np
import pytest

from wsol.errors import ConfigError
from wsol.maps.controls import CONTROLS, center, center_box, drawn, full, random
from wsol.maps.heatmaps import is_degenerate

NAMES = ["a.jpg", "b.jpg", "c.jpg"]


@pytest.mark.parametrize("name", CONTROLS)
def test_every_control_gives_one_usable_map_an_image(name):
    maps = CONTROLS[name](NAMES)
    assert len(maps) == 3
    assert all(m.dtype == np.float32 and m.ndim == 2 and not is_degenerate(m) for m in maps)


def test_center_is_a_gaussian_at_the_middle():
    found = center(NAMES, size=5, sigma=0.4)[0]
    assert found[2, 2] == 1 and found[2, 4] == pytest.approx(np.exp(-0.5))
    assert np.array_equal(found, found.T) and np.array_equal(found, found[::-1])


def test_center_box_has_square_levels():
    edge, middle = [0.25] * 4, [0.25, 0.75, 0.75, 0.25]
    assert center_box(NAMES, size=4)[0].tolist() == [edge, middle, middle, edge]


def test_full_fills_the_image_at_every_level():
    found = full(NAMES, size=8)[0]
    ys, xs = np.nonzero(found >= 0.999)
    assert (ys.min(), xs.min(), ys.max(), xs.max()) == (0, 0, 7, 7)


def test_maps_that_do_not_depend_on_the_image_are_one_object_and_noise_is_the_images_own():
    assert len({id(m) for m in center(NAMES)}) == 1
    one, two = random(NAMES), random(NAMES[1:])
    assert np.array_equal(one[1], two[0]) and not np.array_equal(one[0], one[1])
    assert not np.array_equal(random(NAMES, seed=1)[0], one[0])


WRONG = {"array": np.zeros((2, 4, 4)), "few": [np.zeros((4, 4))], "colour": [np.zeros((4, 4, 3))] * 2}


@pytest.mark.parametrize("maps", WRONG.values(), ids=WRONG)
def test_what_are_no_maps_is_a_line(maps, monkeypatch):
    monkeypatch.setitem(CONTROLS, "mine", lambda names: maps)
    with pytest.raises(ConfigError, match=r"^cams: 'mine' must give a list of 2 maps \[h w\], got "):
        drawn("mine", ["a", "b"], {})
