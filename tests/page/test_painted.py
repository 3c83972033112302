"""What the gallery paints, read back from its canvases: heat, boxes and masks lie where they are."""

import cv2
import numpy as np
import pytest
from test_gallery_page import drawn

from browser import opened
from galleries import evaluation, images, page, run, smooth
from wsol.files import rle
from wsol.page.gallery import gallery

pytestmark = pytest.mark.browser

PIXELS = """
const canvas = document.querySelectorAll(".gallery-row canvas")[arguments[0]];
return [canvas.width, canvas.height, ...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
"""


def picture(driver, number):
    """RGB [h w 3] of a canvas of the first card."""
    width, height, *data = driver.execute_script(PIXELS, number)
    return np.array(data, np.uint8).reshape(height, width, 4)[..., :3]


@pytest.mark.parametrize(("how", "shift"), [("stretch", (0, 0)), ("border", (0, 0)), ("crop", (1, 2))])
def test_heat_and_boxes_lie_where_they_are(tmp_path, how, shift):
    """A blob in one cell of a map, seen through the page, lies where the transforms put the cell's centre."""
    targets = images(1, seed=4)
    height, width = targets.loc[0, ["height", "width"]]
    heatmap = np.zeros((8, 8), np.float32)
    heatmap[3 + shift[0], 4 + shift[1]] = 1
    shown, stages = run(tmp_path, targets, [heatmap], how=how)
    read = np.load(shown.heatmaps[0])
    sx, sy, tx, ty = read["input_to_image"][0]
    centre = np.array([(4.5 + shift[1]) * 12 * sx + tx, (3.5 + shift[0]) * 12 * sy + ty])
    file = tmp_path / "page.html"
    file.write_text(page(gallery([evaluation(targets, [shown])], 1)))
    with opened(file, fragment="#gallery;colours=jet") as driver:
        drawn(driver)
        seen, region = picture(driver, 2).astype(int), picture(driver, 3)
        colour = driver.execute_script(
            "return getComputedStyle(document.getElementById('gallery')).getPropertyValue('--gallery-found')"
        )
    scale = 320 / max(height, width)
    hottest = (seen[..., 0] - seen[..., 1] - seen[..., 2]) * (seen[..., 0] >= 120)
    ys, xs = np.nonzero(hottest > 0.8 * hottest.max())
    np.testing.assert_allclose([xs.mean() / scale, ys.mean() / scale], centre, atol=3)
    line = np.array([int(colour.strip()[i : i + 2], 16) for i in (1, 3, 5)])
    rows, columns = np.nonzero((np.abs(region.astype(int) - line) < 3).all(axis=2))
    found = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / scale
    np.testing.assert_allclose(found, stages.largest_boxes(0.5)[0], atol=1.5 / scale + 0.5)


def test_a_mask_is_read_as_the_library_wrote_it_and_scored_as_the_metric_does(tmp_path):
    """Masks of any shape, through the page's RLE; mask IoU at a level equals that of the pixel histograms."""
    targets = images(12, seed=9)
    targets["boxes"] = [np.empty(0)] * 12
    targets.loc[3:, "ignore"] = targets["mask"].iloc[0]
    targets = targets.assign(width=90, height=70)
    random = np.random.default_rng(1)
    blob = [cv2.GaussianBlur(random.random((70, 90), np.float32), (0, 0), 6) for _ in range(24)]
    targets["mask"] = [rle.encode(each > np.median(each)) for each in blob[:12]]
    targets["ignore"] = [rle.encode(each > np.quantile(each, 0.8)) for each in blob[12:]]
    entries, expected = [], []
    for protocol, upsampling, how in (("exact", "linear", "crop"), ("wsol2020", "cubic", "stretch")):
        maps = [smooth(random) for _ in range(12)]
        settings = {"protocol": protocol, "upsampling": upsampling, "how": how}
        shown, stages = run(tmp_path / protocol, targets, maps, **settings)
        entries.append(evaluation(targets, [shown], protocol))
        pixels = stages.find_pixels()
        counts = pixels.at(int(np.searchsorted(pixels.edges, 0.4)))
        expected.append(counts.hit / (counts.false + counts.true))
    file = tmp_path / "page.html"
    file.write_text(page(gallery(entries, 12)))
    every = (
        "state.set('evaluation', arguments[0]);"
        "return [...Array(12).keys()].map((i) => gallery.cut(i, 'net/gradcam/sweep', 0.4).maskIou)"
    )
    with opened(file) as driver:
        drawn(driver)
        for entry, own in zip(entries, expected, strict=True):
            np.testing.assert_allclose(driver.execute_script(every, entry.name), own, atol=1e-12)
        assert "true mask" in " ".join(drawn(driver)) and "mask IoU" in " ".join(drawn(driver))
