"""A data set whose truth is a table of boxes: what a run exported becomes pseudo-boxes of a select split."""

from dataclasses import fields

import numpy as np
import pytest

from wsol.adapters import ADAPTERS
from wsol.errors import DataError
from wsol.experiment.questions import adapters, sources
from wsol.exports.csv_table import write_csv
from wsol.index.indexing import Common, index, split
from wsol.index.targets import part_of
from wsol.settings import parameters

SHAPES = {"adapter": "shapes", "split": "select", "count": 6}


def written(path, rows):
    path.write_text("".join(f"{line}\n" for line in ["image,label,x0,y0,x1,y1", *rows]))
    return str(path)


def test_what_a_run_exported_is_the_truth_and_nothing_else_changes(tmp_path):
    """Through the export's own writer: two boxes of one target, none of another, a float one."""
    plain = index(SHAPES).targets
    boxes = [
        np.array(b, float).reshape(-1, 4)
        for b in ([1, 2, 30, 40, 50, 5, 60, 70], [], [0.25, 0, 9.5, 9], *[[1, 1, 5, 5]] * 3)
    ]
    write_csv(tmp_path / "boxes.csv", plain, boxes, [np.ones(len(b)) for b in boxes])
    found = index(SHAPES | {"boxes_from": str(tmp_path / "boxes.csv")})
    assert [list(b) for b in found.targets["boxes"]] == [b.ravel().tolist() for b in boxes]
    assert found.targets["status"].tolist() == ["ok", "no_ground_truth", "ok", "ok", "ok", "ok"]
    assert not found.targets["mask"].any() and plain["mask"].all() and found.problems.empty
    same = ["image", "label", "class_name", "width", "height", "group"]
    assert found.targets[same].equals(plain[same])
    assert [list(b) for b in found.targets["outputs"]] == [list(b) for b in plain["outputs"]]


def test_a_part_takes_its_own_rows_of_the_whole_table(tmp_path):
    rows = [f"select/{i:06d}.png,{i % 6},{i},{i},{i + 9},{i + 9}" for i in range(6)]
    settings = SHAPES | {"boxes_from": written(tmp_path / "all.csv", rows)}
    halves = [index(settings | {"part": {"of": 2, "take": take}}) for take in (0, 1)]
    assert sum(len(half.targets) for half in halves) == 6 and all(half.problems.empty for half in halves)
    for half in halves:
        for name, boxes in zip(half.targets["image"], half.targets["boxes"], strict=True):
            assert boxes[0] == int(name[-10:-4])


def test_rows_of_no_target_are_problems(tmp_path):
    rows = ["select/000001.png,1,3,4,20,30", "select/000001.png,2,3,4,20,30", "select/000077.png,5,3,4,20,30"]
    found = index(SHAPES | {"boxes_from": written(tmp_path / "b.csv", rows)})
    assert found.problems["kind"].tolist() == ["unknown_image"] * 2
    assert found.problems["image"].tolist() == ["select/000001.png", "select/000077.png"]
    with pytest.raises(DataError, match="strict"):
        index(SHAPES | {"boxes_from": str(tmp_path / "b.csv"), "strict": True})


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["report/000001.png,1,3,4,20,30"], r"bad\.csv: no box of it is of a target of this data set\.$"),
        (
            ["select/000001.png,dotted,3,4,20,30"],
            r"labels must be whole numbers, the data set's own; its first is 'dotted'",
        ),
        (["select/000001.png,1,,,,"], r"no box of it is of a target"),
        ([], r"bad\.csv has no rows"),
    ],
)
def test_a_table_that_cannot_be_meant_is_a_line(tmp_path, rows, said):
    with pytest.raises(DataError, match=said) as error:
        index(SHAPES | {"boxes_from": written(tmp_path / "bad.csv", rows)})
    assert "\n" not in str(error.value)


def test_a_change_of_the_table_or_of_what_reads_it_is_noticed(tmp_path):
    path = written(tmp_path / "b.csv", ["select/000001.png,1,3,4,20,30"])
    _, own, common = split(SHAPES | {"boxes_from": path})
    settings = SHAPES | own | vars(common)
    assert path in sources(settings) and adapters([settings]) == ["adapters/shapes", "adapters/table"]
    assert adapters([settings | {"boxes_from": None}]) == ["adapters/shapes"]
    assert adapters([settings], drawn=True) == ["adapters/shapes"]


def test_an_adapter_shares_no_other_setting_with_every_data_set_than_those_that_mean_the_same():
    common = {field.name for field in fields(Common)} - {"images", "rescale"}
    assert {name for name, read in ADAPTERS.items() if common & parameters(read).keys()} == set()


def test_a_part_without_a_box_of_its_own_is_refused(tmp_path):
    path = written(tmp_path / "b.csv", ["select/000000.png,0,1,1,9,9"])
    own = part_of("select/000000.png", 2)
    found = index(SHAPES | {"boxes_from": path, "part": {"of": 2, "take": own}}).targets
    assert sorted(found["boxes"].map(len))[-2:] == [0, 4]
    with pytest.raises(DataError, match="has no box of this part"):
        index(SHAPES | {"boxes_from": path, "part": {"of": 2, "take": 1 - own}})
