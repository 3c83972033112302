"""The same bytes on other processors, as far as one machine can pretend to be several."""

import hashlib
from pathlib import Path

import pytest

from small import SMALL
from wsol import processor

# What users' environments may say, each as another processor would have libraries choose.
OLD = {
    **{"TF_ENABLE_ONEDNN_OPTS": "0", "ONEDNN_MAX_CPU_ISA": "SSE41", "OPENBLAS_CORETYPE": "Prescott"},
    **{"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR", "OPENCV_IPP": "sse42"},
    "NUMBA_CPU_NAME": "generic",
}
CAPS = {"as it is": {}, "old": OLD, "avx": {"ONEDNN_MAX_CPU_ISA": "AVX", "OPENBLAS_CORETYPE": "Sandybridge"}}
MADE = (".h5", ".npz", ".parquet", ".csv", ".html", ".json")
TINY = SMALL | {
    "cams": {"gradcam": {}, "eigencam": {}},
    "thresholds": {"sweep": {}},
    "datasets": SMALL["datasets"] | {"b": {"adapter": "shapes", "split": "report", "count": 20, "size": 64}},
    "evaluations": {"shapes": {"report": "b", "metrics": ["maxboxacc_v2"]}},
}


def digests(results: Path) -> dict[str, str]:
    """The sha256 of everything that a run has made, by its path, but what it says of time."""
    files = [path for path in results.rglob("*") if path.stem != "costs"]
    found = {path.relative_to(results): path for path in files if path.suffix in MADE}
    return {str(name): hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(found.items())}


def run(workflow, tmp_path, monkeypatch, cap: str, instructions: str) -> dict[str, str]:
    for name in {**processor.ARRAYS, **processor.OPENBLAS, **processor.NETWORKS}:
        monkeypatch.delenv(name, raising=False)
    for name, value in CAPS[cap].items():
        monkeypatch.setenv(name, value)
    results = tmp_path / f"{instructions} {cap}".replace(" ", "_")
    done = workflow(TINY | {"instructions": instructions, "results": str(results)})
    assert done.returncode == 0, done.said
    return digests(results)


@pytest.mark.slow
def test_portable_makes_the_same_bytes_under_every_cap_and_native_does_not(workflow, tmp_path, monkeypatch):
    given = (workflow, tmp_path, monkeypatch)
    usual, *others = [run(*given, cap, "portable") for cap in CAPS]
    assert any(name.endswith(".h5") for name in usual) and "scores.csv" in usual
    for other in others:
        assert other == usual
    # The test would not fail otherwise: left alone, the libraries make something else under the same caps.
    native, old = (run(*given, cap, "native") for cap in ("as it is", "old"))
    assert native.keys() == old.keys()
    differ = {Path(name).name.partition(".")[2] for name in native if native[name] != old[name]}
    assert differ >= {"weights.h5", "predictions.npz", "evidence.npz", "heatmaps.npz", "regions.npz"}
    assert usual.keys() != native.keys()  # folders of their own
