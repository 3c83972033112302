"""Paths are what a user means by them, and results lie where nothing of the user's does."""

import pytest

from configs import GOOD, changed
from wsol.errors import ConfigError
from wsol.experiment.config import check
from wsol.places import expanded, results, stored


@pytest.mark.parametrize(
    "path, found",
    [
        ("~/x", "/home/me/x"),
        ("~", "/home/me"),
        ("$DATA/x", "/data/x"),
        ("${DATA}x/$SET", "/datax/train"),
        ("x~/a~b", "x~/a~b"),
        ("price$/1$", "price$/1$"),
        ("../x", "../x"),
    ],
)
def test_home_and_variables_are_what_the_user_means(monkeypatch, path, found):
    for name, value in (("HOME", "/home/me"), ("DATA", "/data"), ("SET", "train")):
        monkeypatch.setenv(name, value)
    assert expanded("x", path) == found
    assert expanded("x", found) == found


def test_every_path_of_a_config_is_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAPS", str(tmp_path / "maps"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "maps").mkdir()
    config = changed(("backbones", {"other": {"imported": {"a": "$MAPS", "b": "${MAPS}/"}}}), ("results", "~/runs"))
    config["cams"] = {}
    found = check(config)
    assert found.settings["results"] == str(tmp_path / "runs")
    assert found.runs[0].backbone.settings["imported"] == {"a": f"{tmp_path}/maps", "b": f"{tmp_path}/maps"}
    (tmp_path / "names.txt").write_text("a")
    named = check(changed(("datasets.b.output_names", "~/names.txt"), ("datasets.b.images", "~/maps")))
    assert named.runs[0].report.settings["output_names"] == str(tmp_path / "names.txt")
    assert named.runs[0].report.settings["images"] == str(tmp_path / "maps")
    assert not list(tmp_path.glob("~*")) and not list(tmp_path.glob("$*"))


@pytest.mark.parametrize("given, found", [("results/", "results"), ("./a//b", "a/b"), ("../a", "../a"), (".", ".")])
def test_results_are_said_as_short_as_they_can_be(given, found):
    """Snakemake warns of `./` and fails on `//`."""
    assert results(given, {}) == found


def test_results_among_the_images_are_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "link").symlink_to("pictures")
    for place in ("pictures", "pictures/runs", str(tmp_path / "pictures/a/b"), "link/runs"):
        with pytest.raises(ConfigError) as error:
            check(changed(("datasets.a.images", "pictures"), ("results", place), ("data", ".")))
        said = f"results: '{place}' lies in 'pictures', the images of 'a'; name one beside it."
        assert str(error.value) == said
    assert check(changed(("datasets.a.images", "pictures"), ("results", "pictures2"), ("data", "."))).runs


def test_a_link_to_itself_is_one_line(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ConfigError, match=r"^results: .*loop/x' cannot be a folder: ") as error:
        results(str(tmp_path / "loop/x"), {})
    assert "\n" not in str(error.value)


def test_a_default_is_where_it_was():
    assert check(GOOD).settings["results"] == "results"


@pytest.mark.parametrize("given", ["s3://bucket/results", "http://127.0.0.1/results", "fs://results"])
def test_results_at_an_address_are_refused_and_no_folder_of_that_name_is_made(given, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"^results: '{given}' is an address; results lie in a folder"):
        results(given, {})
    assert not list(tmp_path.iterdir())
    assert results("a:b/c", {}) == "a:b/c"


def test_results_that_snakemake_would_keep_in_a_storage_are_refused():
    stored(None)
    with pytest.raises(ConfigError, match=r"^results: --default-storage-provider fs keeps them elsewhere"):
        stored("fs")
