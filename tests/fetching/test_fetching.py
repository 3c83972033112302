"""What is fetched comes into the layout that its experiment reads, whole, and once."""

import hashlib
import io
import zipfile

import pytest

import standins
from archives import birds, left, served, sha256, source, tar
from conftest import ROOT, shipped
from wsol.errors import FetchError
from wsol.experiment.config import check
from wsol.fetching import fetching, finishing
from wsol.fetching.fetching import fetch
from wsol.fetching.sources import SOURCES, Counted, Part

# Of a connection that fails `requests` leaves a socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_a_data_set_comes_into_the_layout_that_its_experiment_reads_and_comes_once(server, tmp_path):
    birds_of, _ = birds(server, tmp_path)
    said: list[str] = []
    root = tmp_path / "data"
    fetch("cub", birds_of, root, said.append)
    assert said[-1] == "cub: is there (12 images, 12 segmentations)"
    assert check(shipped("cub200") | {"data": str(root)}).runs
    assert not [path for path in root.iterdir() if path.name != "CUB_200_2011"]
    before, asked = left(root), list(server.asked)
    said.clear()
    fetch("cub", birds_of, root, said.append)
    assert said == ["cub: is there (12 images, 12 segmentations)"]
    assert left(root) == before and server.asked == asked


def test_what_came_whole_does_not_come_again_after_a_failure(server, tmp_path):
    birds_of, _ = birds(server, tmp_path)
    server.cut.add("/b.tgz")
    with pytest.raises(
        FetchError, match=r"^cub: http\S+/b\.tgz: the download was cut; nothing of it is kept, try again\.$"
    ):
        fetch("cub", birds_of, tmp_path / "data", lambda _: None)
    assert not (tmp_path / "data/CUB_200_2011/segmentations").exists()
    server.cut.clear()
    fetch("cub", birds_of, tmp_path / "data", lambda _: None)
    assert server.asked == ["/a.tgz", "/b.tgz", "/b.tgz"]


def test_what_a_killed_fetch_left_is_swept_away(server, tmp_path):
    downloads = tmp_path / "data" / fetching.DOWNLOADS / "x"
    downloads.mkdir(parents=True)
    (tmp_path / "data/.unpacking-x-abc/a").mkdir(parents=True)
    (downloads / "tmpabc").write_text("half a download")
    part = Part(f"{server.url}/nowhere", None, "x")
    with pytest.raises(FetchError, match="404"):
        fetch("x", source(part), tmp_path / "data", lambda _: None)
    assert not list((tmp_path / "data").iterdir())


def test_pets_get_a_table_of_their_species(server, tmp_path):
    standins.pets(tmp_path / "made")
    for side in ("annotations", "images"):
        (tmp_path / "made/pets" / side / "._macos").write_text("beside each file")
    parts = []
    for part in SOURCES["pets"].parts:
        content = tar(tmp_path / "made" / part.into, part.into.removeprefix("pets/"))
        url = server.put(part.url.rpartition("/")[2], content)
        counted = part.counted._replace(number=6)
        parts.append(part._replace(url=url, sum=sha256(content), counted=counted))
    parts[0] = parts[0]._replace(holds=standins.chosen("Abyssinian_{}.jpg", standins.FIFTHS)[0])
    root = tmp_path / "data"
    fetch("pets", source(*parts), root, lambda _: None)
    table = (root / "pets/annotations/labels.csv").read_text().splitlines()
    assert table[0] == "image,class" and table[1].endswith(",cat") and table[2].endswith(",dog") and len(table) == 7
    assert not list(root.rglob("._*"))
    standins.weights(root, real=False)
    assert check(shipped("pets") | {"data": str(root)}).runs
    (root / "pets/annotations/labels.csv").unlink()
    asked, said = list(server.asked), []
    fetch("pets", source(*parts), root, said.append)
    assert (root / "pets/annotations/labels.csv").read_text().splitlines() == table and server.asked == asked
    assert said[0].startswith("pets: made ") and said[-1] == "pets: is there (6 images, 6 trimaps)"


def test_a_list_of_pets_in_another_form_is_one_line_and_makes_no_table(tmp_path):
    (tmp_path / "list.txt").write_text("#Image CLASS-ID SPECIES BREED ID\nAbyssinian_100 1 3 1\n")
    with pytest.raises(FetchError, match=r"^list\.txt: no `image class species breed`: 'Abyssinian_100 1 3 1'\.$"):
        finishing.pets(tmp_path)
    assert left(tmp_path) == ["list.txt"]


@pytest.mark.parametrize(
    "name, experiment", [("voc2012", "voc"), ("imagenetv2", "imagenetv2"), ("wsol_metadata", "published_controls")]
)
def test_a_source_of_the_table_comes_into_the_layout_of_its_experiment(server, tmp_path, name, experiment):
    for write in (standins.voc2012, standins.imagenet):
        write(tmp_path / "made")
    root = tmp_path / "data"
    fetch(name, served(server, name, tmp_path / "made"), root, lambda _: None)
    standins.weights(root, real=False)
    standins.model(root, real=False)
    assert check(shipped(experiment) | {"data": str(root)}).runs


def test_a_zip_and_plain_files_are_brought_into_their_layout(server, tmp_path):
    standins.openimages30k(tmp_path / "made")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for path in (tmp_path / "made/OpenImages").rglob("*.png"):
            archive.write(path, f"anything/{path.relative_to(tmp_path / 'made/OpenImages')}")
    parts = []
    for part in SOURCES["openimages30k"].parts:
        made = stream.getvalue() if part.holds else (tmp_path / "made" / part.into).read_bytes()
        counted = part.counted._replace(number=20) if part.counted else None
        parts.append(part._replace(url=server.put(part.into, made), counted=counted))
    root = tmp_path / "data"
    said: list[str] = []
    fetch("openimages30k", source(*parts), root, said.append)
    assert said[-1] == "openimages30k: is there (20 masks, 8 files)"
    assert check(shipped("openimages30k") | {"data": str(root)}).runs
    lines = (root / "checksums/openimages30k.txt").read_text().splitlines()
    assert lines[-1] == f"{hashlib.sha256(stream.getvalue()).hexdigest()}  {server.url}/OpenImages"
    assert len(lines) == 9 and sum("which nobody publishes" in line for line in said) == 9


def test_something_else_in_a_data_set_s_place_is_left_alone(server, tmp_path):
    (tmp_path / "data/x").mkdir(parents=True)
    (tmp_path / "data/x/mine.txt").write_text("mine")
    part = Part(server.put("x", b"x"), None, "x", "a", Counted("*.jpg", 2, "images"))
    with pytest.raises(FetchError, match=r"^set: '.*data/x' is there and holds 0 of 2 images; move it away"):
        fetch("set", source(part), tmp_path / "data", lambda _: None)
    assert left(tmp_path / "data") == ["x/mine.txt"] and server.asked == []


def test_what_needs_a_login_is_checked_where_it_lies(tmp_path):
    imagenet = SOURCES["imagenet"]
    with pytest.raises(FetchError) as error:
        fetch("imagenet", imagenet, tmp_path, lambda _: None)
    said = str(error.value)
    assert said.startswith(
        f"imagenet: '{tmp_path}/ILSVRC/val' holds 0 of 50,000 images. Log in at https://image-net.org"
    )
    (tmp_path / "ILSVRC/val").mkdir(parents=True)
    for number in (1, 2):
        (tmp_path / f"ILSVRC/val/ILSVRC2012_val_{number:08d}.JPEG").touch()
    with pytest.raises(FetchError, match=r"holds 2 of 50,000 images"):
        fetch("imagenet", imagenet, tmp_path, lambda _: None)
    lines: list[str] = []
    two = imagenet.parts[0]._replace(counted=imagenet.parts[0].counted._replace(number=2))
    fetch("imagenet", imagenet._replace(parts=(two,)), tmp_path, lines.append)
    assert lines == ["imagenet: is there (2 images)"]


def test_weights_of_old_come_in_the_form_that_an_experiment_reads(server, tmp_path):
    import h5py
    import keras
    import numpy as np

    keras.utils.set_random_seed(3)
    model = keras.applications.MobileNet(weights=None, alpha=0.25)
    model.save_weights(tmp_path / "new.weights.h5")
    _as_of_old(model, tmp_path / "old.h5")
    published = next(part for part in SOURCES["weights"].parts if "0.25" in part.into)
    part = published._replace(url=server.put("old.h5", (tmp_path / "old.h5").read_bytes()))
    fetch("weights", source(part), tmp_path / "data", lambda _: None)
    again = keras.applications.MobileNet(weights=str(tmp_path / "data" / part.into), alpha=0.25)
    for mine, theirs in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    with h5py.File(tmp_path / "data" / part.into) as file:
        assert set(file) == {"layers", "vars"}
    wrong = published._replace(url=server.put("wrong.h5", b"no weights"), into="weights/other.weights.h5")
    with pytest.raises(FetchError, match=r"^weights: is no weights of MobileNet: "):
        fetch("weights", source(wrong), tmp_path / "data", lambda _: None)
    assert not (tmp_path / "data/weights/other.weights.h5").exists()


def _as_of_old(model, path) -> None:
    """Weights in the HDF5 that Keras 2 wrote, which is that of whole models."""
    import h5py
    from keras.src.legacy.saving import legacy_h5_format

    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


def test_every_source_is_complete():
    for name, each in SOURCES.items():
        assert each.title and each.licence and each.parts and each.serves, name
        assert len({part.into for part in each.parts}) == len(each.parts)
        for part in each.parts:
            assert not part.into.startswith("/") and ".." not in part.into
            assert (part.url.startswith("http")) != bool(each.by_hand)
            assert part.sum is None or len(part.sum) == {"sha256": 71, "md5": 36}[part.sum.partition(":")[0]]
            assert bool(part.holds) <= bool(part.counted)
        for experiment in each.serves:
            assert (ROOT / f"workflow/experiments/{experiment}.yaml").is_file()
    assert list(fetching.listed(SOURCES))
