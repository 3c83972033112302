"""Rows of one image that lie apart in a list become targets that stand together: shards are slices of images."""

from wsol.index.indexing import index
from wsol.index.splits import rows, shards


def test_shards_hold_the_targets_in_their_order_wherever_a_list_has_them(tmp_path):
    lines = ["a.jpg,cat,1,1,9,9", "b.jpg,cat,1,1,9,9", "a.jpg,dog,2,2,8,8", "c.jpg,dog,1,1,9,9", "b.jpg,dog,3,3,7,7"]
    (tmp_path / "t.csv").write_text("\n".join(["image,class,x0,y0,x1,y1", *lines]) + "\n")
    found = index({"adapter": "table", "annotations": str(tmp_path / "t.csv")}).targets
    assert found[["image", "class_name"]].agg("".join, axis=1).tolist() == [
        "a.jpgcat",
        "a.jpgdog",
        "b.jpgcat",
        "b.jpgdog",
        "c.jpgdog",
    ]
    parts = [rows(found, shard) for shard in shards(3, 1)]
    assert [name for part in parts for name in part["image"]] == found["image"].tolist()
