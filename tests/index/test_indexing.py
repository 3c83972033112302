"""The index: what it keeps, what it reports, and the files it looks at."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sources
from conftest import problems
from sources import SOURCES, save, write
from wsol.adapters import ADAPTERS
from wsol.datasets.annotations import Annotations
from wsol.errors import ConfigError, DataError
from wsol.files import headers
from wsol.files.index import TARGETS
from wsol.index.indexing import index, opener, split
from wsol.index.targets import part_of

# the table


@pytest.mark.parametrize("form", SOURCES)
def test_targets_go_through_their_file_unchanged(form, tmp_path):
    targets = index(SOURCES[form](tmp_path)).targets
    TARGETS.write(tmp_path / "targets.parquet", targets)
    back = TARGETS.read(tmp_path / "targets.parquet")
    for column in TARGETS.fields:
        assert [list(v) if np.ndim(v) else v for v in back[column]] == targets[column].tolist(), column


@pytest.mark.parametrize("form", SOURCES)
def test_the_same_input_gives_the_same_bytes(form, tmp_path):
    settings = SOURCES[form](tmp_path)
    for name in ("one", "two"):
        TARGETS.write(tmp_path / f"{name}.parquet", index(settings).targets)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_groups_are_the_images_where_nothing_else_is_said(wsol):
    targets = index(wsol).targets
    assert targets["group"].tolist() == targets["image"].tolist()


def test_the_same_image_and_class_twice_is_counted_once_and_reported(wsol, monkeypatch):
    rows = pd.DataFrame({"image": ["a", "a", "b"], "label": [0, 0, 0], "boxes": [[0, 0, 1, 1], [1, 1, 2, 2], []]})
    monkeypatch.setitem(ADAPTERS, "wsol", lambda: Annotations(rows))
    found = index({"adapter": "wsol"})
    assert found.targets["boxes"].tolist() == [[0, 0, 1, 1], []]
    assert found.problems["kind"].tolist() == ["duplicate_id"]


def test_settings_are_split_between_the_adapter_and_what_all_share(wsol):
    _, own, common = split(wsol | {"boxes": "half-open", "rescale": True})
    assert own == {
        "annotations": wsol["annotations"],
        "masks": None,
        "boxes": "half-open",
        "classes": None,
        "rescale": True,
    }
    assert (common.images, common.rescale, common.strict) == (wsol["images"], True, False)
    again = split({"adapter": "wsol", **own, **vars(common)})
    assert (again[1], again[2]) == (own, common)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"adapter": "wsoll"}, "dataset.adapter: unknown 'wsoll'. Did you mean 'wsol'?"),
        ({"adapter": None}, "dataset: 'adapter' is required"),
        ({"rescal": True}, "dataset: unknown 'rescal'. Did you mean 'rescale'?"),
        ({"boxes": "xyxy"}, "dataset.boxes: unknown 'xyxy'. Known: half-open, inclusive."),
        ({"part": {"of": 2}}, "dataset.part: must be {of: n, take: 0 … n - 1}, got {'of': 2}."),
        ({"part": {"of": 2, "take": 2}}, "dataset.part: must be {of: n, take: 0 … n - 1}"),
        ({"part": {"of": True, "take": 0}}, "dataset.part: must be {of: n, take: 0 … n - 1}"),
        ({"strict": ["mising"]}, "dataset.strict: unknown 'mising'. Did you mean 'missing'?"),
        ({"pixel_limit": 0}, "dataset.pixel_limit: must lie in [1, "),
        ({"images": "/nowhere/at/all"}, "dataset.images: no such file or folder: '/nowhere/at/all'."),
        ({"rescale": 1}, "dataset.rescale: must be true or false, got 1."),
    ],
)
def test_settings_that_are_wrong(wsol, change, words):
    with pytest.raises(ConfigError) as caught:
        index(wsol | change)
    assert str(caught.value).startswith(words)


# parts


def test_parts_are_disjoint_and_complete(wsol):
    ids = [f"{i}.png" for i in range(200)]
    write(Path(wsol["annotations"]) / "image_ids.txt", "\n".join(ids))
    write(Path(wsol["annotations"]) / "class_labels.txt", "\n".join(f"{i},0" for i in ids))
    for name in ("image_sizes", "localization"):
        (Path(wsol["annotations"]) / f"{name}.txt").unlink()
    wsol["images"] = None
    parts = [index(wsol | {"part": {"of": 3, "take": take}}).targets["image"].tolist() for take in range(3)]
    assert sorted(name for part in parts for name in part) == sorted(ids)
    assert min(map(len, parts)) > 40
    assert all(part == [i for i in ids if i in part] for part in parts)


def test_a_part_is_the_hash_of_the_name():
    # printf a.png | sha256sum
    assert part_of("a.png", 7) == 0x7F071235805FBF58A2524F77BFF76E1391D0D1CFE2F4C190D73054495E05B460 % 7


def test_a_group_is_never_torn(tmp_path):
    lines = "".join(f"{i}.png,x,p{i % 9}\n" for i in range(90))
    path = write(tmp_path / "t.csv", "image,class,group\n" + lines)
    settings = {"adapter": "table", "annotations": str(path)}
    parts = [set(index(settings | {"part": {"of": 2, "take": take}}).targets["group"]) for take in (0, 1)]
    assert parts[0].isdisjoint(parts[1])
    assert len(parts[0] | parts[1]) == 9


def test_a_part_without_targets_is_an_error(tmp_path):
    path = write(tmp_path / "t.csv", "image,class\na.png,x\n")
    settings = {"adapter": "table", "annotations": str(path), "part": {"of": 2, "take": 1 - part_of("a.png", 2)}}
    with pytest.raises(DataError, match="no targets in this part"):
        index(settings)


def test_a_part_reports_its_own_problems_only(wsol):
    for name in ("a.png", "b.png"):
        write(Path(wsol["images"]) / name, "not a picture")
    of = next(n for n in range(2, 99) if part_of("a.png", n) != part_of("b.png", n))
    for name in ("a.png", "b.png"):
        found = problems(wsol | {"part": {"of": of, "take": part_of(name, of)}})
        assert found == [("unreadable", name, "is no readable image")]


# files


def test_missing_images_stay_in_the_table(wsol):
    (Path(wsol["images"]) / "a.png").unlink()
    found = index(wsol)
    assert found.targets["status"].tolist() == ["missing", "ok"]
    assert problems(wsol) == [("missing", "a.png", "no such file")]
    assert "1 images that are not there" in found.summary


def test_files_nobody_refers_to(wsol):
    save(Path(wsol["images"]) / "sub/c.png", np.zeros((4, 4), np.uint8))
    write(Path(wsol["images"]) / "notes.txt", "not an image")
    write(Path(wsol["images"]) / ".hidden.png", "not one to count")
    assert problems(wsol) == [("unreferenced", "sub/c.png", "in the folder, not in the annotations")]


def test_equal_files_are_found_by_content(wsol):
    root = Path(wsol["images"])
    for name in ("c.png", "d.png"):
        shutil.copy(root / "a.png", root / name)
    other = bytearray((root / "a.png").read_bytes())
    write(Path(wsol["annotations"]) / "image_ids.txt", "a.png\nb.png\nc.png\nd.png\n")
    write(Path(wsol["annotations"]) / "class_labels.txt", "a.png,0\nb.png,1\nc.png,0\nd.png,1\n")
    expected = [("duplicate", name, "same content as a.png") for name in ("c.png", "d.png")]
    assert problems(wsol) == expected
    other[-20] ^= 1  # same length, other content
    (root / "c.png").write_bytes(other)
    assert problems(wsol) == expected[1:]


def test_a_stored_size_that_differs_is_a_problem_unless_meant(wsol):
    save(Path(wsol["images"]) / "a.png", np.zeros((10, 10), np.uint8))
    (found,) = problems(wsol)
    assert found[:2] == ("size", "a.png")
    assert found[2].startswith("declared 40x30, stored 10x10")
    meant = index(wsol | {"rescale": True})
    assert meant.problems.empty
    assert meant.targets.loc[0, ["width", "height"]].tolist() == [40, 30]
    assert meant.targets["boxes"][0] == [2, 3, 12, 13]  # everything counts in declared pixels


def test_exif_rotation_is_reported(wsol):
    from PIL import Image

    picture = Image.new("RGB", (40, 30))
    exif = Image.Exif()
    exif[headers.ORIENTATION] = 6
    picture.save(Path(wsol["images"]) / "a.png", "JPEG", exif=exif)
    assert problems(wsol) == [("rotated", "a.png", "EXIF orientation 6; pixels count as stored")]


def test_images_over_the_limit_are_refused_by_their_header(wsol):
    found = index(wsol | {"pixel_limit": 500})
    assert found.targets["status"].tolist() == ["unreadable", "ok"]
    assert found.problems["kind"].tolist() == ["too_large"]
    with pytest.raises(DataError, match="40x30 is over the limit of 500 pixels"):
        opener(wsol | {"pixel_limit": 500})("a.png")


# opening


def test_the_opener_gives_rgb_as_stored(wsol):
    pytest.importorskip("wsol.datasets.images")
    blue = np.zeros((30, 40, 3), np.uint8)
    blue[..., 0] = 255  # OpenCV writes blue first
    save(Path(wsol["images"]) / "a.png", blue)
    image = opener(wsol)("a.png")
    assert (image.dtype, image.shape) == (np.uint8, (30, 40, 3))
    assert image[0, 0].tolist() == [0, 0, 255]


def test_the_opener_needs_a_folder(wsol):
    with pytest.raises(ConfigError, match="'images' is required"):
        opener(wsol | {"images": None})


def test_data_sets_that_are_drawn_have_their_own_opener():
    settings = {"adapter": "shapes", "split": "train", "count": 2, "size": 48}
    row = index(settings).targets.iloc[0]
    assert opener(settings)(row["image"]).shape == (row["height"], row["width"], 3)


# strict


def test_strict_turns_problems_into_an_error(wsol):
    (Path(wsol["images"]) / "a.png").unlink()
    with pytest.raises(DataError) as caught:
        index(wsol | {"strict": True}, where="datasets.birds")
    assert str(caught.value) == "datasets.birds: 1 problems (strict); the first: missing a.png: no such file"
    assert len(index(wsol | {"strict": ["size", "bad_box"]}).problems) == 1
    with pytest.raises(DataError):
        index(wsol | {"strict": ["missing"]})


def test_strict_lets_pass_what_a_setting_sets_aside(tmp_path):
    settings = sources.voc(tmp_path) | {"strict": True, "target": "single"}
    two = sources.OBJECT.format(1, 1, 5, 5, name="cat") + sources.OBJECT.format(1, 1, 5, 5, name="dog")
    write(tmp_path / "xml/a.xml", sources.PAGE.format(name="a.png", width=40, height=30, objects=two))
    assert index(settings).problems["kind"].tolist() == ["set_aside"]
