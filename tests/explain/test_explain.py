"""scripts/explain.py: run as it is, on a small model of one's own."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import systems
from models import MODELS, SIDE, linear, picture, plain, seeded
from wsol.pictures.panels import LEAST
from wsol.pictures.presets import SYSTEMS

SCRIPT = Path(__file__).parents[2] / "scripts/explain.py"
OWN = ("--preprocessing", '{"scale": 0.00392156862745098}')


def run(monkeypatch, *arguments: object) -> int:
    """The exit status; a text that the script ends with is raised as it comes."""
    monkeypatch.setattr(sys, "argv", ["explain.py", *map(str, arguments)])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    if isinstance(stopped.value.code, str):
        raise stopped.value
    return stopped.value.code


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.keras"
    seeded(MODELS["nested_twice"]).save(path)
    return path


@pytest.fixture
def image(tmp_path) -> Path:
    return drawn(tmp_path / "image.png", "1")


def drawn(path: Path, name: str, size=(30, 40)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), picture(name, size))
    return path


def test_one_picture_beside_the_image(monkeypatch, capsys, model, image):
    assert run(monkeypatch, image, "--model", model, *OWN) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{image}: layer middle_model/deepest/late, gradcam, picture ")
    assert [line.endswith("<- explained") for line in said[1:]] == [True, False, False]
    assert cv2.imread(str(image.with_name("image-cam.png"))).shape == (30, 40, 3)


def test_a_panel_for_each_class_and_method(monkeypatch, capsys, model, image):
    more = ("--classes", 0, 2, "--cam", "gradcam", "layercam", "--system", "histology")
    assert run(monkeypatch, image, "--model", model, *OWN, *more) == 0
    said = capsys.readouterr().out
    assert "late, gradcam, layercam," in said and said.count("<- explained") == 2
    assert cv2.imread(str(image.with_name("image-cam.png"))).shape == (2 * (30 + LEAST), 40 + 2 + 40, 3)


@pytest.mark.parametrize("method", ["layercam", "finercam", "ablationcam", "scorecam", "occlusion"])
def test_any_method(monkeypatch, model, image, method, tmp_path):
    run(monkeypatch, image, "--model", model, *OWN, "--cam", method, "--to", tmp_path / "out.png")
    found = cv2.imread(str(tmp_path / "out.png"))
    assert found.shape == (30, 40, 3) and np.unique(found).size > 10


def test_a_savedmodel_that_is_trusted(monkeypatch, model, image, tmp_path):
    seeded(MODELS["nested_twice"]).export(tmp_path / "saved", verbose=False)
    run(monkeypatch, image, "--model", model, *OWN)
    first = cv2.imread(str(image.with_name("image-cam.png"))).astype(int)
    run(monkeypatch, image, "--model", tmp_path / "saved", *OWN, "--unsafe")
    assert np.abs(cv2.imread(str(image.with_name("image-cam.png"))) - first).max() <= 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_s_picture_is_its_own_from_the_file_on(monkeypatch, tmp_path, name):
    """Its tape, its map, its picture; a map that differs in its seventh digit may have another colour here or there."""
    network, layer = seeded(plain), systems.LAYER[name]
    network.save(tmp_path / "model.keras")
    compared = 0
    for number in range(4):
        image = drawn(tmp_path / f"{number}.png", str(number))
        asked = ("--model", tmp_path / "model.keras", *OWN, "--layer", layer, "--system", name)
        assert run(monkeypatch, image, *asked, "--to", tmp_path / "found.png") == 0
        found = cv2.imread(str(tmp_path / "found.png"))[..., ::-1].astype(float)
        pixels = cv2.imread(str(image))[..., ::-1]
        x = cv2.resize(pixels, (SIDE, SIDE)).astype(np.float32) / 255
        explained = linear(network) if name in systems.LINEAR else network
        a, g, scores = systems.gradient(explained, layer, x)
        expected = systems.drawn(name, pixels, systems.heatmap(name, a, g), float(scores.max()))
        assert (np.abs(found - expected) > 1).any(axis=2).mean() < 0.005
        compared += np.ptp(systems.heatmap(name, a, g)) > 0
    assert compared >= 2


def many(folder: Path) -> Path:
    """Ten good images, among them one with a folder of its own, and two that do not decode."""
    for number in range(9):
        drawn(folder / f"{number}.png", str(number), (20 + number, 40))
    drawn(folder / "deep/9.png", "9")
    (folder / "bad.jpg").write_bytes(b"no image")
    (folder / "empty.png").write_bytes(b"")
    return folder


def test_a_bad_image_does_not_stop_the_rest_and_each_image_gets_what_it_gets_alone(monkeypatch, capfd, model, tmp_path):
    folder = many(tmp_path / "many")
    asked = ("--model", model, *OWN, "--classes", "top2", "--box", "otsu", "--json")
    with pytest.raises(SystemExit, match=r"^3 of 13 images failed\.$"):
        run(monkeypatch, folder, tmp_path / "none.png", *asked, "--to", tmp_path / "out")
    said = capfd.readouterr()
    assert sorted(said.err.splitlines()) == [
        f"{folder}/bad.jpg: is no image that OpenCV decodes.",
        f"{folder}/empty.png: is empty.",
        f"image '{tmp_path}/none.png' does not exist.",
    ]
    rows = {row["image"]: row for row in map(json.loads, said.out.splitlines())}
    assert len(rows) == 13 and sum("error" in row for row in rows.values()) == 3
    for name in ("0", "8", "deep/9"):
        together = rows[f"{folder}/{name}.png"]
        assert run(monkeypatch, folder / f"{name}.png", *asked, "--to", tmp_path / "alone.png") == 0
        alone = json.loads(capfd.readouterr().out)
        assert together["picture"] == str(tmp_path / "out" / f"{name}-cam.png")
        for key in ("classes", "cam", "layer", "box", "flat"):
            assert alone[key] == together[key]
        np.testing.assert_allclose(alone["probabilities"], together["probabilities"], rtol=1e-5)
        both = [cv2.imread(path).astype(int) for path in (together["picture"], str(tmp_path / "alone.png"))]
        assert (np.abs(both[0] - both[1]) > 1).mean() < 0.001


def test_pictures_of_a_run_before_are_no_images_of_the_next(monkeypatch, capsys, model, tmp_path):
    drawn(tmp_path / "many/1.png", "1")
    for _ in range(2):
        assert run(monkeypatch, tmp_path / "many", "--model", model, *OWN) == 0
        assert capsys.readouterr().out.count("picture ") == 1


def test_the_box_is_drawn_and_told_in_image_pixels(monkeypatch, capsys, model, image):
    run(monkeypatch, image, "--model", model, *OWN, "--only", "map")
    bare = cv2.imread(str(image.with_name("image-map.png"))).astype(int)
    capsys.readouterr()
    run(monkeypatch, image, "--model", model, *OWN, "--only", "map", "--box", "fixed:0.5")
    x0, y0, x1, y1 = (float(word) for word in capsys.readouterr().out.split("box ")[1].split()[:4])
    changed = (cv2.imread(str(image.with_name("image-map.png"))) != bare).any(axis=2)
    rows, columns = np.nonzero(changed)
    # A line of one pixel, with a pixel of its edge on each side, as far as the image reaches.
    assert columns.min() == max(0, int(x0) - 1) and columns.max() == min(39, int(np.ceil(x1)))
    assert rows.min() == max(0, int(y0) - 1) and rows.max() == min(29, int(np.ceil(y1)))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--classes", "7"], "classes: unknown '7'. Known: 0..2."),
        (["--classes", "-1"], "classes: unknown '-1'. Known: 0..2."),
        (["--classes", "top4"], "classes: 'top4', and the model has 3 outputs."),
        (["--classes", "cat"], "classes: nothing says which output is called 'cat'; give its number, or --names FILE."),
        (["--classes", "gat", "--names", "names.txt"], "classes: unknown 'gat'. Did you mean 'goat' (1) or 'cat' (0)?"),
        (["--names", "none.txt"], "none.txt cannot be read: No such file or directory."),
        (["--layer", "lat"], "layer: unknown 'lat'"),
        (["--to", "nowhere/a.png"], "cannot write 'nowhere/a.png' (No such file or directory)."),
        (["--to", "a.doc"], "--to: 'a.doc' is no kind of picture that can be written"),
        (["--to", "image.png"], "--to: the picture 'image.png' would overwrite an image."),
        (["--box", "otus"], "--box: unknown 'otus'. Did you mean 'otsu'? Known: fixed, otsu, percentile."),
        (["--box", "fixed:2"], "--box fixed.level: must lie in [0, 1], got 2.0."),
        (["--box", "otsu:2"], "--box: 'otsu' takes no number, got '2'."),
    ],
)
def test_what_is_wrong_is_said_in_one_line(monkeypatch, tmp_path, model, image, arguments, said):
    monkeypatch.chdir(tmp_path)
    Path("names.txt").write_text("cat\ngoat\nzebra\n")
    with pytest.raises(SystemExit) as stopped:
        run(monkeypatch, image, "--model", model, *OWN, *arguments)
    assert said in str(stopped.value) and "\n" not in str(stopped.value)


def test_without_images_no_network_is_opened(monkeypatch, tmp_path):
    (tmp_path / "note.txt").write_text("no image")
    with pytest.raises(SystemExit, match=r"folder '.*' has no images \(\.bmp "):
        run(monkeypatch, tmp_path, "--model", tmp_path / "none.keras", *OWN)
    with pytest.raises(SystemExit, match=r"image '.*none\.jpg' does not exist\."):
        run(monkeypatch, tmp_path / "none.jpg", "--model", tmp_path / "none.keras", *OWN)


def test_a_model_needs_its_preprocessing(monkeypatch, model, image):
    with pytest.raises(SystemExit, match="needs its `preprocessing`"):
        run(monkeypatch, image, "--model", model)


def test_names_stand_beside_the_classes(monkeypatch, capsys, model, image, tmp_path):
    (tmp_path / "names.txt").write_text("tabby, tabby cat\nzebra\nold goat\n")
    names = ("--names", tmp_path / "names.txt", "--classes", "tabby, tabby cat", "zebra", 2)
    run(monkeypatch, image, "--model", model, *OWN, *names)
    lines = sorted(line for line in capsys.readouterr().out.splitlines() if line.startswith("class"))
    assert [line.split("%")[1].strip() for line in lines] == [
        "tabby, tabby cat  <- explained",
        "zebra  <- explained",
        "old goat  <- explained",
    ]


def test_a_name_that_is_no_text_is_printed_as_what_it_is(monkeypatch, capfd, model, tmp_path):
    names = ["\udcff\x1b[2J.png", "<script>alert(1)</script>.png", "sp ace.png"]
    images = [tmp_path / name.replace("/", "_") for name in names]
    good = drawn(tmp_path / "good.png", "1").read_bytes()
    for image in images:
        image.write_bytes(good)
    with pytest.raises(SystemExit, match=r"^1 of 4 images failed\.$"):
        run(monkeypatch, *images, tmp_path / "none\udcff.png", "--model", model, *OWN)
    said = capfd.readouterr()
    assert said.out.count("picture ") == 3 and "\\udcff\\x1b[2J.png: layer" in said.out
    assert said.err.splitlines() == [f"image '{tmp_path}/none\\udcff.png' does not exist."]
    assert all(image.with_name(f"{image.stem}-cam.png").is_file() for image in images)


@pytest.mark.parametrize(("wrong", "said"), [((), ""), (("--output", "none"), "output: unknown 'none'. Known: ")])
def test_of_what_goes_to_standard_error_only_the_error_is_there(model, image, wrong, said):
    """TensorFlow's lines are C++'s: only a process of its own shows whether they, and the progress, are gone."""
    done = subprocess.run(
        [sys.executable, SCRIPT, image, "--model", model, *OWN, *wrong], capture_output=True, text=True
    )
    assert done.stderr.startswith(said) and len(done.stderr.splitlines()) == bool(said) == done.returncode
    assert bool(done.stdout) == (not said)


def test_whoever_has_read_enough_ends_it_without_a_word(model, image):
    command = [sys.executable, str(SCRIPT), str(image), "--model", str(model), *OWN, "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1
