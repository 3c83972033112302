"""Refined maps of targets: where they lie in an asymmetric image, what became of each, and what is refused."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from wsol.affine import UNSAID, Affine
from wsol.datasets.images import fit, rescaled
from wsol.errors import ConfigError, DataError
from wsol.maps.refiners import REFINERS
from wsol.maps.refining import refined, settings
from wsol.regions.drawing import drawing

HEIGHT, WIDTH = 100, 260
INPUT = (64, 64)
OBJECT = (slice(35, 90), slice(150, 215))  # below and right of the middle, so that no mirror or turn is it
EXACT = {"protocol": "exact", "upsampling": "linear", "normalization": "minmax", "canvas": "image"}


def picture() -> np.ndarray:
    """A green object on grey in an image that is no square."""
    image = np.full((HEIGHT, WIDTH, 3), 120)
    image[OBJECT] = [40, 190, 60]
    return (image + np.random.default_rng(0).normal(0, 4, image.shape)).clip(0, 255).astype(np.uint8)


def truth() -> np.ndarray:
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[OBJECT] = True
    return mask


def plain(resize: str, scale: int = 1, size: tuple[int, int] = INPUT) -> dict[str, np.ndarray]:
    """What a heatmaps file has of two targets of `picture`: maps of 7 x 7 cells, each cell its share of the object."""
    small, input_to_stored = fit(np.float32(truth()), size, resize, "area")
    input_to_image = rescaled(input_to_stored, (HEIGHT, WIDTH), (HEIGHT * scale, WIDTH * scale))
    cells = np.array([[cell.mean() for cell in np.array_split(row, 7, 1)] for row in np.array_split(small, 7)])
    return {
        "maps": [cells.astype(np.float32), np.float32(1 - cells)],
        "status": np.array(["ok", "ok"]),
        "input_to_image": np.tile(input_to_image.array(), (2, 1)),
        "input_size": np.array(size),
        "cell_to_input": Affine.stretch((7, 7), size).array(),
    }


def targets(scale: int = 1, **columns: list) -> pd.DataFrame:
    size = {"height": [HEIGHT * scale] * 2, "width": [WIDTH * scale] * 2}
    return pd.DataFrame({"image": ["a.png", "a.png"], **size, **columns})


def made(given: dict, table: pd.DataFrame, chosen: str | dict, open_image=lambda name: picture()):
    became: Counter[str] = Counter()
    found = list(refined(given["maps"], given, table, open_image, settings("refine", chosen), became))
    return [heatmap for heatmap, _ in found], [status for _, status in found], became


def on_image(heatmap: np.ndarray, given: dict, alignment: str = "stretch") -> np.ndarray:
    """The map on the image's own pixels, as any evaluation of canvas image draws it."""
    size = np.array([[HEIGHT, WIDTH]])
    told = EXACT | {"alignment": alignment}
    how = drawing([heatmap], given["input_to_image"][:1], given["input_size"], size, UNSAID.array(), told)
    return how.draw(0).values


def best_iou(values: np.ndarray, mask: np.ndarray) -> float:
    cuts = [values >= level for level in np.linspace(0.01, 1, 100)]
    return max(float((cut & mask).sum() / (cut | mask).sum()) for cut in cuts)


@pytest.mark.parametrize("name", REFINERS)
@pytest.mark.parametrize("resize", ["stretch", "crop", "pad"])
def test_the_object_is_found_where_it_is_however_the_image_became_the_input(resize, name):
    given = plain(resize)
    maps, status, became = made(given, targets(), {"method": name, "side": 128})
    seen = truth()
    if resize == "crop":  # what the input does not show is found by nobody
        left = round(float(given["input_to_image"][0, 2]))
        seen[:, :left] = seen[:, left + HEIGHT :] = False
    assert status == ["ok", "ok"] and became == {"refined": 2}
    before, after = (best_iou(on_image(heatmap, given), seen) for heatmap in (given["maps"][0], maps[0]))
    assert after > 0.97 and after > before + 0.05
    # The other target's map is the background's: what is refined of it lies where the object does not.
    assert best_iou(on_image(maps[1], given), ~seen) > 0.9 if resize == "stretch" else maps[1].shape == maps[0].shape


@pytest.mark.parametrize("scale", [1, 3])
def test_a_map_lies_in_the_annotations_pixels_whatever_the_size_of_the_file(scale):
    one, three = (made(plain("crop", k), targets(k), "superpixels")[0][0] for k in (1, scale))
    np.testing.assert_array_equal(one, three)


def test_a_map_keeps_its_own_scale_and_zero(monkeypatch):
    """What reads maps as computed, as the energy on an object does, sees what the refiner changed and nothing else."""
    monkeypatch.setitem(REFINERS, "as_it_is", lambda heatmap, image: heatmap.copy())
    monkeypatch.setitem(REFINERS, "by_nothing", lambda heatmap, image: heatmap)
    given = plain("stretch")
    given["maps"] = [4 * heatmap - 3 for heatmap in given["maps"]]
    for side in (64, 100):
        (copied, _), _, became = made(given, targets(), {"method": "as_it_is", "side": side})
        (same, _), _, kept = made(given, targets(), {"method": "by_nothing", "side": side})
        assert became["refined"] == kept["plain"] == 2
        np.testing.assert_allclose(copied, same, atol=1e-5)
        assert same.min() == pytest.approx(-3, abs=0.01) and 0 < same.max() <= 1


def test_padding_repeats_its_neighbours_and_is_shown_to_no_refiner(monkeypatch):
    shapes = []

    def looked(heatmap, image):
        shapes.append((heatmap.shape, image.shape, heatmap.min(), heatmap.max()))
        return heatmap

    monkeypatch.setitem(REFINERS, "looked", looked)
    (found, _), _, became = made(plain("pad", size=(104, 104)), targets(), {"method": "looked", "side": 104})
    # 260 x 100 on a side of 104 is 40 rows, with 32 above and as many below.
    assert found.shape == (104, 104) and shapes[0] == ((40, 104), (40, 104, 3), 0, 1)
    assert np.array_equal(found[:32], np.tile(found[32], (32, 1)))
    assert np.array_equal(found[72:], np.tile(found[71], (32, 1)))
    assert len(np.unique(found[32:72], axis=0)) > 20
    assert became == {"plain": 2}


def test_a_layer_that_is_not_amid_its_cells_is_put_there_where_asked():
    """The map of a layer whose cells see half a cell further right and down than a stretch has them."""
    given = plain("stretch")
    cell = 64 / 7
    given["cell_to_input"] = Affine(cell, cell, cell / 2, cell / 2).array()
    stretched, moved = (
        made(given, targets(), {"method": "superpixels", "segments": 2000, "alignment": how})[0][0]
        for how in ("stretch", "receptive_field")
    )
    weights = [values - values.min() for values in (stretched, moved)]
    places = [np.array([(w * axis).sum() / w.sum() for axis in np.mgrid[: w.shape[0], : w.shape[1]]]) for w in weights]
    half = np.array(stretched.shape) / 7 / 2
    np.testing.assert_allclose(places[1] - places[0], half, rtol=0.2)


def test_every_target_keeps_its_status_or_has_one_of_its_image():
    given = plain("stretch")
    good, flat = given["maps"][0], np.ones((7, 7), np.float32)
    many = ["ok", "degenerate", "no_ground_truth", "missing", "ok", "ok"]
    given |= {"maps": [good, flat, good, good, good, flat.astype(np.float64)], "status": np.array(many)}
    given["input_to_image"] = np.repeat(given["input_to_image"][:1], 6, axis=0)
    table = pd.DataFrame({"image": ["a", "a", "a", "b", "c", "d"], "height": HEIGHT, "width": WIDTH})
    opened = []

    def open_image(name: str) -> np.ndarray:
        opened.append(name)
        if name == "c":
            raise DataError("c: does not decode.")
        return picture()

    maps, status, became = made(given, table, "superpixels", open_image)
    assert status == ["ok", "degenerate", "no_ground_truth", "missing", "unreadable", "ok"]
    assert became == {"refined": 2, "unreadable": 1} and opened == ["a", "c"]
    assert maps[0] is maps[2], "one map of one image is refined once"
    assert all(heatmap.dtype == np.float32 for heatmap in maps)
    assert [np.shape(heatmap) for heatmap in maps[3:]] == [(7, 7)] * 3


def test_what_a_refiner_makes_constant_is_degenerate(monkeypatch):
    monkeypatch.setitem(REFINERS, "flat", lambda heatmap, image: np.full_like(heatmap, 0.5))
    _, status, _ = made(plain("stretch"), targets(), "flat")
    assert status == ["degenerate", "degenerate"]


@pytest.mark.parametrize("found", [np.zeros((2, 2)), np.full((43, 112), np.nan)], ids=["shape", "nan"])
def test_what_is_no_map_is_a_line(monkeypatch, found):
    monkeypatch.setitem(REFINERS, "mine", lambda heatmap, image: found)
    with pytest.raises(ConfigError, match=r"^refine: 'mine' must give finite values \[43, 112\], got \["):
        made(plain("stretch"), targets(), "mine")
