"""Which images are explained, and where their pictures go: by path alone, nothing is decoded."""

from pathlib import Path

import pytest

from wsol.errors import ConfigError
from wsol.explain import files


@pytest.fixture
def at(tmp_path, monkeypatch):
    """A function that makes files below the folder that the test runs in."""
    monkeypatch.chdir(tmp_path)

    def make(*names: str) -> None:
        for name in names:
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).touch()

    return make


def found(*given: str, written: str | None = None) -> list[str]:
    images, problems = files.sources(given, written)
    assert not problems
    return [str(source.path) for source in images]


def chosen(*given: str, to: str | None = None, ending: str = "-cam") -> list[str]:
    """Where pictures go, as the script asks for it."""
    folder = to is not None and files.into_folder(given, to)
    images, _ = files.sources(given, to if folder else None)
    return [str(path) for path in files.pictures(images, to, folder, ending)]


def test_a_folder_has_its_images_sorted_with_those_of_folders_in_it(at):
    at("in/b.jpg", "in/a.PNG", "in/deep/c.jpeg", "in/note.txt", "in/.hidden.png")
    assert found("in") == ["in/a.PNG", "in/b.jpg", "in/deep/c.jpeg"]


def test_an_image_given_twice_is_one_and_a_file_of_any_name_may_be_one(at):
    at("a.jpg", "scan")
    assert found("a.jpg", "scan", "a.jpg", ".") == ["a.jpg", "scan"]


def test_pictures_of_a_run_before_are_left_out_and_others_like_them_are_not(at):
    at("in/cat.jpg", "in/cat-cam.png", "in/cat-map.png", "in/cat.jpg-cam.png", "in/web-cam.png", "in/out/cat-cam.png")
    assert found("in") == ["in/cat.jpg", "in/out/cat-cam.png", "in/web-cam.png"]
    assert found("in", written="in/out") == ["in/cat.jpg", "in/web-cam.png"]
    assert found("in/cat-cam.png") == ["in/cat-cam.png"]  # said outright
    assert found("in/out", written="in/out") == ["in/out/cat-cam.png"]


def test_what_is_wrong_is_named_beside_what_is_found(at):
    at("a.jpg", "empty/note.txt")
    images, problems = files.sources(["none.jpg", "a.jpg", "empty"])
    assert [source.name for source in images] == ["a.jpg"]
    assert [str(problem) for problem in problems.values()] == [
        "image 'none.jpg' does not exist.",
        "folder 'empty' has no images (.bmp .dcm .gif .jp2 .jpeg .jpg .pgm .png .ppm .tif .tiff .webp).",
    ]


@pytest.mark.parametrize(
    ("to", "pictures"),
    [
        (None, ["in/a-cam.png", "in/deep/b.c-cam.png"]),
        ("out", ["out/a-cam.png", "out/deep/b.c-cam.png"]),
        ("in", ["in/a-cam.png", "in/deep/b.c-cam.png"]),
    ],
)
def test_pictures_go_beside_their_images_or_below_a_folder(at, to, pictures):
    at("in/a.jpg", "in/deep/b.c.jpg")
    assert chosen("in", to=to) == pictures


def test_one_picture_has_the_name_that_is_given(at):
    at("a.jpg", "there/x")
    assert chosen("a.jpg", to="b.webp") == ["b.webp"]
    assert chosen("a.jpg", to="new/") == ["new/a-cam.png"]
    assert chosen("a.jpg", to="there") == ["there/a-cam.png"]
    assert chosen("a.jpg", ending="-map") == ["a-map.png"]


def test_images_that_differ_in_their_suffix_keep_it(at):
    at("in/a.jpg", "in/a.png", "in/b.png")
    assert chosen("in") == ["in/a.jpg-cam.png", "in/a.png-cam.png", "in/b-cam.png"]
    at(*chosen("in"))
    assert found("in") == ["in/a.jpg", "in/a.png", "in/b.png"]


@pytest.mark.parametrize(
    ("given", "to", "line"),
    [
        (
            ["x/a.jpg", "y/a.jpg"],
            "out",
            "--to: two images would have the picture 'out/a.jpg-cam.png'; explain them apart.",
        ),
        (
            ["x/a.jpg", "y/a.jpg"],
            "out.png",
            "--to: must be a folder where there may be several pictures, and 'out.png'",
        ),
        (["x"], "x/a.jpg", "--to: must be a folder where there may be several pictures, and 'x/a.jpg' is none."),
        (["x/a.jpg"], "x/a.jpg", "--to: the picture 'x/a.jpg' would overwrite an image."),
        (["x/a.jpg"], "y/../x/a.jpg", "would overwrite an image."),
        (["x/a.jpg", "x/a-cam.png"], None, "--to: the picture 'x/a-cam.png' would overwrite an image."),
        (["x/a.jpg"], "a", "--to: 'a' is no kind of picture that can be written: .png, .jpg, .webp, .tif, .bmp."),
        (["x/a.jpg"], "a.gift", "--to: 'a.gift' is no kind of picture"),
    ],
)
def test_what_would_lose_a_picture_or_an_image_is_refused(at, given, to, line):
    at("x/a.jpg", "y/a.jpg", "x/a-cam.png")
    with pytest.raises(ConfigError) as error:
        chosen(*given, to=to)
    assert line in str(error.value)


def test_folders_are_made_or_the_reason_is_told(at):
    at("file")
    files.make_folders([Path("new/deep/a.png"), Path("new/b.png")])
    assert Path("new/deep").is_dir()
    with pytest.raises(ConfigError, match=r"--to: cannot make the folder 'file/new' \(Not a directory\)\."):
        files.make_folders([Path("file/new/a.png")])
