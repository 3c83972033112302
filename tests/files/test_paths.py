"""Names in annotation files never leave their folder."""

import shutil
from pathlib import Path

import pytest

from conftest import kinds
from sources import write
from wsol.errors import DataError
from wsol.files import paths
from wsol.index.indexing import index, opener


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
