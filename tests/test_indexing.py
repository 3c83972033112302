"""The index: what it keeps, what it reports, and the files it looks at."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import sources
from conftest import run_stage
from sources import SOURCES, save, write
from wsol import files
from wsol.boxes import asboxes
from wsol.datasets import ADAPTERS, classmap, headers, paths
from wsol.datasets.annotations import KINDS, Annotations
from wsol.datasets.summary import told
from wsol.datasets.targets import part_of
from wsol.datasets.truth import sound
from wsol.errors import ConfigError, DataError
from wsol.indexing import index, opener, split


@pytest.fixture
def wsol(tmp_path):
    return sources.wsol(tmp_path)


def problems(settings) -> list[tuple]:
    return [tuple(row) for row in index(settings).problems.itertuples(index=False)]


def kinds(settings) -> list[str]:
    return sorted(kind for kind, *_ in problems(settings))


# the table


@pytest.mark.parametrize("form", SOURCES)
def test_targets_go_through_their_file_unchanged(form, tmp_path):
    targets = index(SOURCES[form](tmp_path)).targets
    files.TARGETS.write(tmp_path / "targets.parquet", targets)
    back = files.TARGETS.read(tmp_path / "targets.parquet")
    for column in files.TARGETS.fields:
        assert [list(v) if np.ndim(v) else v for v in back[column]] == targets[column].tolist(), column


@pytest.mark.parametrize("form", SOURCES)
def test_the_same_input_gives_the_same_bytes(form, tmp_path):
    settings = SOURCES[form](tmp_path)
    for name in ("one", "two"):
        files.TARGETS.write(tmp_path / f"{name}.parquet", index(settings).targets)
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


# leaving the root


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "x/../../a.png", "", "a\0b", ".", ".."])
def test_names_may_not_leave_the_root(name, tmp_path):
    with pytest.raises(DataError, match="leaves its folder"):
        paths.inside(tmp_path, name)


@pytest.mark.parametrize("name", ["a b.png", "ä/ü.png", "100%.png", "a'\"`$(x).png", "..a.png", "a\nb.png", "-rf"])
def test_odd_names_are_names(name, tmp_path):
    assert paths.inside(tmp_path, name) == tmp_path / name


def test_links_out_of_the_root_are_refused_and_links_inside_are_not(wsol, tmp_path):
    root = Path(wsol["images"])
    shutil.move(root / "a.png", tmp_path / "secret.png")
    (root / "a.png").symlink_to(tmp_path / "secret.png")
    found = index(wsol)
    assert found.targets["status"].tolist() == ["unreadable", "ok"]
    assert found.problems["kind"].tolist() == ["outside"]
    with pytest.raises(DataError, match="link that leaves"):
        opener(wsol)("a.png")
    (root / "a.png").unlink()
    (root / "a.png").symlink_to("b.png")
    assert "outside" not in kinds(wsol)


def test_the_root_itself_may_be_a_link(wsol, tmp_path):
    (tmp_path / "elsewhere").symlink_to(wsol["images"])
    assert kinds(wsol | {"images": str(tmp_path / "elsewhere")}) == []


def test_a_sibling_with_the_roots_name_as_prefix_is_outside(tmp_path):
    (tmp_path / "root").mkdir()
    write(tmp_path / "rootlike/a.png", "x")
    (tmp_path / "root/a.png").symlink_to(tmp_path / "rootlike/a.png")
    with pytest.raises(DataError, match="link that leaves"):
        paths.inside(tmp_path / "root", "a.png")


# opening


def test_the_opener_gives_rgb_as_stored(wsol):
    pytest.importorskip("wsol.images")
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


# boxes

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


def test_a_target_whose_boxes_all_drop_is_unlabelled(wsol):
    write(Path(wsol["annotations"]) / "localization.txt", "a.png,9,9,2,2\nb.png,0,0,4,4\n")
    assert index(wsol).targets["status"].tolist() == ["unlabelled", "ok"]
    assert kinds(wsol) == ["bad_box"]


def test_an_empty_mask_is_no_truth(tmp_path):
    settings = sources.mask_folder(tmp_path)
    save(tmp_path / "masks/a.png", np.zeros((30, 40), np.uint8))
    found = index(settings)
    assert found.targets["status"].tolist() == ["unlabelled", "ok"]
    assert found.problems["kind"].tolist() == ["empty_mask"]


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


# model outputs


def outputs(wsol, **settings) -> list:
    return (
        index(wsol | {"classes": str(Path(wsol["annotations"]).parent / "classes.txt")} | settings)
        .targets["outputs"]
        .tolist()
    )


@pytest.fixture
def mapped(wsol, tmp_path):
    write(tmp_path / "classes.txt", "n02 grey fox\nn07 kite\n")
    write(tmp_path / "outputs.txt", "n01 kite\nn02 grey fox, Urocyon\nn05 crane\nn07 toy kite, kite toy\nn09 crane\n")
    return wsol | {"output_names": str(tmp_path / "outputs.txt")}


def test_a_published_class_number_is_its_own_output_by_default(wsol, tmp_path):
    write(tmp_path / "classes.txt", "x\ny\n")
    assert outputs(wsol) == [[0], [1]]


def test_with_output_names_classes_find_their_synset(mapped):
    assert outputs(mapped) == [[1], [3]]


@pytest.mark.parametrize(
    "given",
    [
        {0: 4, 1: [2, 0]},
        {"0": 4, "1": [2, 0]},
        {"n02": "n09", "n07": ["n05", "n01"]},
        {"n02 grey fox": 4, "n07 kite": [2, "kite"]},
        {"n02": {"imagenet_indices": [4]}, "n07": {"outputs": ["2", 0, 0]}},
    ],
)
def test_maps_by_index_synset_and_name(mapped, given, tmp_path):
    assert outputs(mapped, class_map=given) == [[4], [2, 0]]
    path = write(tmp_path / "map.json", json.dumps({str(k): v for k, v in given.items()}))
    assert outputs(mapped, class_map=str(path)) == [[4], [2, 0]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.csv", "class,outputs\nn02,4\nn07,2 0\n"),
        ("m.csv", "outputs,class,why\n4,n02,\n2;0,n07,because\n"),
        ("m.csv", "class,outputs\nn02,4\nn07,2\nn07,0\n"),
        ("m.yaml", "n02: 4\nn07: [2, n01]\n"),
    ],
)
def test_maps_in_files(mapped, name, text, tmp_path):
    assert outputs(mapped, class_map=str(write(tmp_path / name, text))) == [[4], [2, 0]]


def test_keras_class_index_names_outputs(wsol, tmp_path):
    path = write(tmp_path / "index.json", json.dumps({"0": ["n07", "kite"], "1": ["n02", "grey_fox"]}))
    write(tmp_path / "classes.txt", "n02\nn07\n")
    assert outputs(wsol, output_names=str(path)) == [[1], [0]]


def test_unmapped_classes_are_counted_and_kept(mapped):
    found = index(mapped | {"class_map": {0: 1}})
    assert found.targets["outputs"].tolist() == [[1], []]
    assert found.targets["status"].tolist() == ["ok", "ok"]
    assert found.problems.to_numpy().tolist() == [["unmapped", "", "class 1 (1): 1 targets"]]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({0: "crane"}, "'crane' names outputs [2, 4]; use the index or the synset id."),
        ({0: "n99"}, "class_map: 0: 'n99' is no known output; give `output_names` or an index."),
        ({0: -1}, "class_map: 0: an output must be a whole number from 0"),
        ({0: 1.5}, "class_map: 0: an output must be a whole number from 0"),
        ({0: None}, "class_map: 0: an output must be a whole number from 0"),
        ({0: {"index": 3}}, "class_map: 0: an output must be a whole number from 0"),
        ({0: [[1]]}, "class_map: 0: an output must be a whole number from 0"),
    ],
)
def test_maps_that_are_wrong(mapped, given, words):
    with pytest.raises(DataError) as caught:
        index(mapped | {"class_map": given})
    assert words in str(caught.value)


def test_map_without_names_needs_indices():
    with pytest.raises(DataError, match="give `output_names` or an index"):
        classmap.outputs({0: "cat"}, {"cat": "n01"}, None)


def test_labels_beyond_the_names_are_reported(wsol, tmp_path):
    write(tmp_path / "classes.txt", "cat\n")
    found = index(wsol | {"classes": str(tmp_path / "classes.txt")})
    assert found.targets["class_name"].tolist() == ["cat", "1"]
    assert found.problems["kind"].tolist() == ["unknown_class"]


# the report


def test_the_summary_fits_a_screen_and_counts(wsol):
    summary = index(wsol).summary.splitlines()
    assert summary == [
        "images      2",
        "targets     2 (2 ok)",
        "classes     2",
        "groups      2",
        "boxes       3, 1.50 a target, most 2; none in 0",
        "masks       0, with ignored pixels 0",
        "sizes       20-40 (median 30) x 20-30 (median 25)",
        "outputs     by number: 2 of 2 classes",
        "problems    none",
    ]


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ({}, ""),
        ({"set_aside": 9}, ""),
        ({"size": 1}, "1 problem (1 size), see P"),
        ({"size": 99}, "99 problems (99 size), see P"),
        ({"size": 2, "set_aside": 9}, "11 problems (9 set_aside, 2 size), see P"),
        (
            {"size": 2, "rotated": 3, "bad_box": 3, "missing": 1, "clipped": 2},
            "11 problems (3 bad_box, 3 rotated, 2 clipped, 2 size, …), see P",
        ),
    ],
)
def test_what_is_wrong_in_one_line(kinds, words):
    rows = [(kind, "", "") for kind, count in kinds.items() for _ in range(count)]
    assert told(pd.DataFrame(rows, columns=["kind", "image", "detail"]), "P") == words


def test_the_terminal_is_told_of_problems(wsol, tmp_path, capfd):
    (Path(wsol["images"]) / "a.png").unlink()
    output = {name: str(tmp_path / f"out/{name}") for name in ("targets", "problems", "summary", "size")}
    for settings in (wsol, wsol | {"part": {"of": 2, "take": part_of("b.png", 2)}}):
        run_stage(
            "index",
            params={"settings": settings},
            output=output,
            wildcards={"dataset": "birds@01234567"},
            log=[str(tmp_path / "log")],
        )
    assert capfd.readouterr().err == f"index birds: 1 problem (1 missing), see {output['problems']}\n"


def test_every_kind_of_problem_has_words():
    source = "".join(path.read_text() for path in Path(headers.__file__).parent.glob("*.py"))
    source += (Path(headers.__file__).parents[1] / "indexing.py").read_text()
    unused = [kind for kind in KINDS if source.count(f'"{kind}"') < 2]
    assert unused == []


def test_what_the_readme_says_of_data_sets_is_taken(monkeypatch):
    readme = (Path(__file__).parents[1] / "README.md").read_text()
    section = readme.split("## Your own data")[1].split("\n## ")[0]
    blocks = [yaml.safe_load(text.split("```")[0]) for text in section.split("```yaml")[1:]]
    monkeypatch.setattr(Path, "exists", lambda self: True)
    adapters = [split(entry)[0].__module__ for block in blocks for entry in block["datasets"].values()]
    assert adapters == [f"wsol.datasets.{name}" for name in ("voc", "coco", "masks", "table")]
