"""Libraries are told which instructions to use, whatever the user's environment said; what cannot be kept is told."""

import platform
from pathlib import Path
from types import SimpleNamespace

import pytest

from wsol import processor

THEIRS = dict.fromkeys({**processor.ARRAYS, **processor.OPENBLAS, **processor.NETWORKS, **processor.TORCH}, "theirs")


@pytest.fixture
def environment(monkeypatch):
    """The environment of a user who has said something of every library; afterwards as it was."""
    found = dict(THEIRS)
    monkeypatch.setattr(processor, "os", SimpleNamespace(environ=found))
    return found


def test_portable_wins_over_what_the_environment_says(environment, monkeypatch):
    monkeypatch.setattr(processor, "seen", lambda: ["avx2", "fma", "avx512f"])
    processor.settle("portable")
    assert environment == processor.ARRAYS | processor.OPENBLAS | processor.NETWORKS | processor.TORCH
    assert "theirs" not in environment.values()
    assert environment["ONEDNN_MAX_CPU_ISA"] == "AVX2" and environment["TF_ENABLE_ONEDNN_OPTS"] == "1"


def test_native_leaves_the_networks_alone_and_holds_the_arrays(environment, monkeypatch):
    monkeypatch.setattr(processor, "seen", lambda: ["avx2", "fma"])
    processor.settle("native")
    assert {name: environment[name] for name in processor.NETWORKS} == dict.fromkeys(processor.NETWORKS, "theirs")
    assert environment.items() >= processor.ARRAYS.items()


def test_without_avx2_no_library_is_told_to_use_it(environment, monkeypatch):
    monkeypatch.setattr(processor, "seen", lambda: [])
    processor.settle("portable")
    assert environment["OPENBLAS_CORETYPE"] == "theirs"  # it would crash
    assert environment["TF_ENABLE_ONEDNN_OPTS"] == "1"


def test_a_processor_that_cannot_keep_it_is_named_in_one_line(monkeypatch):
    monkeypatch.setattr(processor, "seen", lambda: ["avx2"])
    line = "processor: no fma here: weights, maps and scores differ from those made elsewhere."
    assert processor.warning("portable") == line
    assert processor.warning("native") == ""
    monkeypatch.setattr(processor, "seen", lambda: ["avx2", "fma"])
    assert processor.warning("portable") == ""


@pytest.mark.skipif(platform.machine() != "x86_64" or not Path("/proc/cpuinfo").exists(), reason="asks Linux")
def test_what_is_seen_is_what_the_system_says():
    flags = next(line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("flags")).split()
    theirs = {"avx512vnni": "avx512_vnni", "avx512bf16": "avx512_bf16", "amx-tile": "amx_tile"}
    expected = [name for name in processor.KNOWN if theirs.get(name, name) in flags]
    assert processor.seen() == expected
    assert all(name in processor.described() for name in expected)
