"""Which layers of an earlier reading serve a new one: of the same network, all that it needs, newer than its inputs."""

import os

import numpy as np
import pytest

from wsol.experiment.kept import kept
from wsol.files.predict import EVIDENCE, PREDICTIONS

NETWORK = {"architecture": "MobileNet", "alpha": 0.25}
SHARD = "0-2.predictions.npz"


def reading(method="gradient", **network) -> dict:
    return {"network": NETWORK | network, "explanations": {"net@0": {"evidence": {"method": method}}}}


@pytest.fixture
def earlier(tmp_path):
    """An input, and behind it a reading with the layers `late` and `early`, of which the second was not kept."""
    source = tmp_path / "targets.parquet"
    source.write_bytes(b"")
    os.utime(source, ns=(1, 1))
    folder = tmp_path / "predict/net@00000001"
    folder.mkdir(parents=True)
    settings = {"reading": reading(), "layer": ["late", "early"]}
    predictions = {name: np.zeros(3) for name in PREDICTIONS.fields}
    PREDICTIONS.write(folder / SHARD, settings=settings, **predictions)
    with EVIDENCE.stream(folder / "0-2.evidence.npz", settings=settings) as sink:
        sink.append("activations.0", np.arange(12, dtype=np.float32).reshape(3, 2, 2, 1), 3)
        sink.append("image_of", np.arange(3), 3)
        sink.append("views", np.frombuffer(b"{}", np.uint8), 2)
    return tmp_path / "predict/net@00000002" / SHARD, source


def test_layers_of_the_same_network_serve(earlier):
    mine, source = earlier
    found = kept(mine, reading(), ["late"], [source])
    assert list(found.layers) == [0] and found.layers[0].ravel().tolist() == list(range(12))
    assert set(found.predictions) == set(PREDICTIONS.fields)
    assert kept(mine, reading("ablation"), ["late"], [source]) is not None


@pytest.mark.parametrize(
    ("asked", "layers"),
    [
        (reading(alpha=0.5), ["late"]),
        (reading(), ["early"]),
        (reading(), ["late", "other"]),
        (reading("rise"), ["late"]),
    ],
    ids=["another network", "a layer that was not kept", "a layer it does not have", "masked inputs"],
)
def test_others_do_not(earlier, asked, layers):
    mine, source = earlier
    assert kept(mine, asked, layers, [source]) is None


def test_what_is_older_than_an_input_or_damaged_does_not_serve(earlier):
    mine, source = earlier
    evidence = mine.parent.parent / "net@00000001/0-2.evidence.npz"
    os.utime(source)
    os.utime(evidence, ns=(1, 1))
    assert kept(mine, reading(), ["late"], [source]) is None
    os.utime(source, ns=(1, 1))
    os.utime(evidence)
    whole = evidence.read_bytes()
    evidence.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert kept(mine, reading(), ["late"], [source]) is None
    evidence.unlink()
    assert kept(mine, reading(), ["late"], [source]) is None
