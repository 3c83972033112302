"""scripts/shots.py: the README's pictures from a results folder, or one line that says why not."""

import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from small import CONTROLS

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts/shots.py"


def run(where: Path, *arguments: object) -> subprocess.CompletedProcess:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, cwd=where, capture_output=True, text=True)


def test_the_readme_s_pictures_are_there_are_described_and_are_small():
    shown = re.findall(r"!\[(.*?)\]\((.+?)\)", (ROOT / "README.md").read_text())
    assert shown and all(len(words) > 20 for words, _ in shown)
    assert sum((ROOT / path).stat().st_size for _, path in shown) < 300_000


def test_without_a_report_one_line_says_so(tmp_path):
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(CONTROLS))
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == ["shots: 'results' has no report.html; run the experiment first."]


@pytest.mark.slow
def test_both_pictures_of_a_small_run(once, tmp_path):
    assert once(CONTROLS, tmp_path).returncode == 0
    done = run(tmp_path, "experiment.yaml")
    assert done.returncode == 0, done.stderr
    strip = cv2.imread(str(tmp_path / "docs/strip.webp"))
    assert strip.shape[1] > 3 * strip.shape[0]
    first = (tmp_path / "docs/strip.webp").read_bytes()
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"docs/strip.webp: {strip.shape[1]} x {strip.shape[0]}, ")
    if "no chromium" not in lines[1]:
        assert cv2.imread(str(tmp_path / "docs/report.webp")).shape == (800, 1280, 3)
        assert np.unique(cv2.imread(str(tmp_path / "docs/report.webp"))).size > 50
    run(tmp_path, "experiment.yaml")
    assert (tmp_path / "docs/strip.webp").read_bytes() == first
