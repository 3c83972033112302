"""Maps of several augmentations made one, by hand; and which methods' maps are shares of a score."""

import numpy as np
import pytest

from wsol.affine import Affine
from wsol.maps.averaging import averaged, finest
from wsol.maps.cams import CAMS

rng = np.random.default_rng(0)
COARSE, FINE = np.float32([[[4.0]]]), np.float32([[[1.0, 2.0], [3.0, 4.0]]])
CELLS = [Affine(8, 8, 0, 0), Affine(4, 4, 0, 0)]


def test_the_finest_grid_is_that_of_the_smallest_cells_and_of_the_image_as_it_is():
    assert finest(CELLS) == 1 and finest([Affine(4, 4, 1, 1), Affine(-4, 4, 7, 1)]) == 0


def test_two_scales_by_hand():
    np.testing.assert_array_equal(averaged([COARSE, FINE], CELLS), [[[2.5, 3.0], [3.5, 4.0]]])
    # Of a score that the places share, a map of one place has four times what each of four places has.
    np.testing.assert_array_equal(averaged([COARSE, FINE], CELLS, shared=True), [[[1.0, 1.5], [2.0, 2.5]]])


def test_a_mirrored_map_is_turned_and_moved():
    """Cells of 4 that look 1 to the right of where they lie: in the mirror image they look 1 to the left."""
    plain, mirrored = Affine(4, 4, 1, 0), Affine(-4, 4, 7, 0)
    one, other = np.float32([[[0, 8]]]), np.float32([[[8, 0]]])
    # Its cells have their middles at 5 and 1, the plain one's at 3, which is halfway, and at 7, beyond the border.
    np.testing.assert_allclose(averaged([one, other], [plain, mirrored]), [[[2.0, 8.0]]])


@pytest.mark.parametrize("name", [name for name, cam in CAMS.items() if "gradients" in cam.arrays])
def test_what_is_linear_in_gradients_is_a_share_of_the_score(name):
    cam = CAMS[name]
    activations = rng.random((2, 3, 4, 5), np.float32)
    given = [rng.normal(size=activations.shape).astype(np.float32) for _ in cam.arrays[1:]]
    once, twice = cam(activations, *given), cam(activations, *(2 * each for each in given))
    assert np.allclose(twice, 2 * once, rtol=1e-4, atol=1e-5) == cam.shared


def test_what_takes_no_gradients_is_none():
    assert not any(
        CAMS[name].shared for name in ("eigencam", "fem", "scorecam", "ablationcam", "rise", "mean_activation")
    )
